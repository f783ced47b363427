import Faults
import Search

/// What people read of an answer beside its results, a line each.
struct QueryWords {
    let answer: QueryAnswer

    /// What was asked with.
    var subject: String {
        answer.queryPath.map { printableName($0) } ?? answer.queryID.map { "image \($0)" } ?? ""
    }

    /// What answered, and how long it took.
    var facts: String {
        let times = answer.timings
        return """
            index \(answer.index) (\(answer.model), generation \(answer.generation)), \(answer.pending) changes pending; \
            decode \(fixed(times.decode, 1)), embed \(fixed(times.embed, 1)), search \(fixed(times.search, 1)), \
            join \(fixed(times.join, 1)), total \(fixed(times.total, 1)) ms
            """
    }

    /// What is known of the origin; nil when that was not asked.
    var origin: String? { answer.origin.map(sentence) }

    private func sentence(_ finding: OriginFinding) -> String {
        switch finding {
        case .nothingNear(let nearest?, let probability):
            return "no original is near enough: the nearest picture is at \(fixed(Double(nearest), 5))"
                + (probability.map { ", \(percentage($0)) the same" } ?? "")
        case .nothingNear(nil, _): return "no original is near enough: there is no picture to compare with"
        case .origin(let origin):
            let name = "image \(origin.imageID), " + (origin.pathBytes.map { printableName($0) } ?? "(vanished)")
            let distance = origin.distance.map { ", at \(fixed(Double($0), 5))" } ?? ""
            let made = origin.recipe.flatMap { RecipeWords($0).names }
            switch origin.evidence {
            case .content: return "this is \(name)"
            case .lineage: return "this was made from \(name)\(made.map { " by \($0)" } ?? "")\(distance)"
            case .likeness:
                let certainty = origin.probability.map { ", \(percentage($0)) the same" } ?? ""
                let copy =
                    origin.nearestID == origin.imageID
                    ? ""
                    : "; most like its copy, image \(origin.nearestID)\(made.map { ", made by \($0)" } ?? ""), "
                        + "at \(fixed(Double(origin.nearestDistance), 5))"
                return "this is \(name), or an augmented copy of it\(distance)\(certainty)\(copy)"
            }
        }
    }
}
