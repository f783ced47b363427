import ArgumentParser
import Catalog

/// When an index is trained again.
struct IndexPolicyOptions: ParsableArguments {
    @Option(help: "Train anew after this time, if rows came: 7d, 12h, '2 weeks'. (default: only when it helps)")
    var retrainEvery: String?

    @Option(help: "Recall@10 to keep above, over 0 to 1. (default: 0.95)")
    var minRecall: Double?

    func validate() throws {
        if let retrainEvery, Duration(words: retrainEvery) == nil {
            throw ValidationError("--retrain-every is a time such as 7d, 12h or '2 weeks', not \(retrainEvery)")
        }
        if let minRecall, !IndexPolicy.isUsable(minRecall: minRecall) {
            throw ValidationError("--min-recall must be above 0 and at most 1, not \(minRecall)")
        }
    }

    /// What was typed.
    var policy: IndexPolicy {
        IndexPolicy(retrainEvery: retrainEvery.flatMap { Duration(words: $0) }, minRecall: minRecall)
    }
}
