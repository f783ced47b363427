import FoundationEssentials
import Postgres

/// When an index is trained again, as a person asked for it.
public struct IndexPolicy: Sendable, Hashable {
    /// Recall@10 that an index is kept above when nobody says otherwise.
    public static let defaultMinRecall = 0.95

    /// Age after which a generation with new rows is trained anew; nil: its age does not matter.
    public var retrainEvery: Duration?
    /// Share of the ten nearest that is to be found, above 0 to 1; nil: ``defaultMinRecall``.
    public var minRecall: Double?

    /// Describes a policy; what is left out has its default.
    public init(retrainEvery: Duration? = nil, minRecall: Double? = nil) {
        self.retrainEvery = retrainEvery
        self.minRecall = minRecall
    }

    /// Reads what the catalog holds; keys that this version does not know are let pass.
    ///
    /// - Throws: ``CatalogError/unreadablePolicy(_:)`` for a policy that somebody wrote by hand and that means nothing.
    public init(_ json: JSON) throws(CatalogError) {
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(json.text.utf8)) else {
            throw .unreadablePolicy(json.text)
        }
        if let text = stored.retrainEvery {
            guard let duration = Duration(words: text) else { throw .unreadablePolicy(json.text) }
            retrainEvery = duration
        }
        if let recall = stored.minRecall {
            guard Self.isUsable(minRecall: recall) else { throw .unreadablePolicy(json.text) }
            minRecall = recall
        }
    }

    /// The object that the catalog holds: `{"min_recall":0.9,"retrain_every":"7 days"}`.
    public var json: JSON {
        var parts: [String] = []
        if let minRecall { parts.append("\"min_recall\":\(minRecall)") }
        if let retrainEvery { parts.append("\"retrain_every\":\"\(retrainEvery.words)\"") }
        return JSON("{\(parts.joined(separator: ","))}")
    }

    /// Whether a recall can be asked for: above 0, and no more than all.
    public static func isUsable(minRecall: Double) -> Bool { minRecall > 0 && minRecall <= 1 }

    private struct Stored: Decodable {
        let retrainEvery: String?
        let minRecall: Double?

        enum CodingKeys: String, CodingKey {
            case retrainEvery = "retrain_every", minRecall = "min_recall"
        }
    }
}

extension Duration {
    /// A time as people write it: a whole number from 1 on and a unit, `7d`, `12h`, `7 days`, `1 week`; nil for anything
    /// else, and for more than a thousand years.
    ///
    /// Months are no unit: they have no length.
    public init?(words text: String) {
        let text = text.lowercased()
        let digits = text.prefix { ("0"..."9").contains($0) }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }
        if unit.count > 2, unit.hasSuffix("s") { unit.removeLast() }
        let seconds: Int64? =
            switch unit {
            case "s", "second": 1
            case "m", "minute": 60
            case "h", "hour": 3600
            case "d", "day": 86_400
            case "w", "week": 604_800
            default: nil
            }
        guard let seconds, let count = Int64(digits), count >= 1 else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: seconds)
        guard !overflow, product <= 1000 * 366 * 86_400 else { return nil }
        self = .seconds(product)
    }

    /// The whole seconds in words that PostgreSQL takes for an interval, in the largest unit that fits: `7 days`.
    public var words: String {
        let seconds = components.seconds
        for (unit, size) in [("day", Int64(86_400)), ("hour", 3600), ("minute", 60)]
        where seconds != 0 && seconds.isMultiple(of: size) {
            return "\(seconds / size) \(unit)\(seconds == size ? "" : "s")"
        }
        return "\(seconds) second\(seconds == 1 ? "" : "s")"
    }
}
