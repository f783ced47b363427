public import VectorIndexes

/// What is to become of an index, and why, in words with the numbers that decided it.
public enum RetrainDecision: Sendable, Equatable {
    /// Nothing is to be done.
    case keep(reason: String)
    /// Queries read more lists from now on; nothing is built.
    case raiseNprobe(to: Int, reason: String)
    /// A new generation is built.
    case build(GenerationJob.Remedy, reason: String)
    /// The sketch of a flat index is trained.
    case trainSketch(reason: String)
    /// The store is written anew without its dead rows, and every index over it with it.
    case compact(reason: String)
    /// Something is to be done, but not yet.
    case wait(reason: String)

    /// Why.
    public var reason: String {
        switch self {
        case .keep(let reason), .raiseNprobe(_, let reason), .build(_, let reason), .trainSketch(let reason),
            .compact(let reason), .wait(let reason):
            reason
        }
    }

    /// The decision in a word, as the catalog records it.
    public var word: String {
        switch self {
        case .keep: "keep"
        case .raiseNprobe: "raise_nprobe"
        case .build(let remedy, _): remedy == .full ? "retrain" : remedy.rawValue
        case .trainSketch: "train_sketch"
        case .compact: "compact"
        case .wait: "wait"
        }
    }
}
