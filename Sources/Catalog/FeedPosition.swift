/// How far a reader of the feed has come: the snapshot of the database whose changes it has applied.
///
/// A snapshot says of every transaction whether it was over. The changes that are still to be applied are those of transactions
/// that were not: the few that were running then, and all that began since. So a change that commits late is not missed,
/// none comes twice, and a transaction that runs for hours delays nothing but its own changes; the position stays small
/// however many changes went by meanwhile.
///
/// As text, which a manifest keeps: `7710970107452548132/16384 1207:1290:1207,1214@1214/88123`: the catalog; the horizon, the first
/// transaction that had not begun, those that were running; and, only when a step had to stop within a transaction, how
/// far it came there.
public struct FeedPosition: Sendable, Hashable {
    /// The database that the position belongs to; in any other it means nothing.
    public let catalog: CatalogIdentity
    /// Every transaction from here on is still to be applied.
    let end: UInt64
    /// The transactions before `end` that are still to be applied, in ascending order.
    let unseen: [UInt64]
    /// The last change that was applied of each of these transactions that was applied in part; one as a rule, ascending.
    let reached: [Reached]

    /// A change within its transaction.
    struct Reached: Sendable, Hashable {
        let transaction: UInt64
        let sequence: Int64
    }

    /// The changes of all transactions before this one are applied.
    public var horizon: UInt64 { unseen.first ?? end }

    /// The position as PostgreSQL writes a snapshot (`pg_snapshot`): `1207:1290:1207,1214`.
    public var snapshot: String { "\(horizon):\(end):" + unseen.map(String.init).joined(separator: ",") }

    init(catalog: CatalogIdentity, end: UInt64, unseen: [UInt64], reached: [Reached] = []) {
        self.catalog = catalog
        self.end = end
        self.unseen = unseen
        self.reached = reached
    }

    /// The position of one who has applied all that a snapshot sees; nil when the text is not `xmin:xmax:xip,…`.
    init?(catalog: CatalogIdentity, snapshot: some StringProtocol) {
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let horizon = UInt64(parts[0]), let end = UInt64(parts[1]) else { return nil }
        let running =
            parts[2].isEmpty ? [] : parts[2].split(separator: ",", omittingEmptySubsequences: false).map { UInt64($0) }
        let unseen = running.compactMap { $0 }
        guard unseen.count == running.count, unseen == unseen.sorted(), unseen.allSatisfy({ $0 < end }),
            horizon <= unseen.first ?? end
        else { return nil }
        self.init(catalog: catalog, end: end, unseen: unseen)
    }

    /// The position after a step that saw this snapshot and stopped after the given change.
    ///
    /// Changes come in the order of transaction and sequence, so that of those that were to be applied, all before that one
    /// are, and none after it.
    func advanced(to snapshot: FeedPosition, stoppingAfter last: Reached) -> FeedPosition {
        // A transaction that was applied in part may now come after one that committed late.
        let reached = [last] + reached.filter { $0.transaction > last.transaction }
        if last.transaction < end {
            let unseen = unseen.filter { $0 >= last.transaction || snapshot.unseen.contains($0) }
            return FeedPosition(catalog: catalog, end: end, unseen: unseen, reached: reached)
        }
        // What was running at this position is over by now or is running at the snapshot as well.
        let unseen = snapshot.unseen.filter { $0 < last.transaction }
        return FeedPosition(catalog: catalog, end: last.transaction, unseen: unseen, reached: reached)
    }
}

extension FeedPosition: LosslessStringConvertible, Codable {
    /// The position as text, from which it can be made again.
    public var description: String {
        let parts = reached.map { "\($0.transaction)/\($0.sequence)" }
        return "\(catalog.rawValue) \(snapshot)" + (parts.isEmpty ? "" : "@" + parts.joined(separator: ","))
    }

    /// Reads a position; nil when the text is none.
    public init?(_ description: String) {
        let words = description.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2 else { return nil }
        let parts = words[1].split(separator: "@", omittingEmptySubsequences: false)
        let catalog = CatalogIdentity(rawValue: String(words[0]))
        guard parts.count <= 2, let whole = FeedPosition(catalog: catalog, snapshot: parts[0]) else { return nil }
        let texts = parts.count == 1 ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let reached = texts.compactMap { Reached($0) }
        guard reached.count == texts.count,
            reached.allSatisfy({ $0.transaction >= whole.end || whole.unseen.contains($0.transaction) })
        else { return nil }
        self.init(catalog: catalog, end: whole.end, unseen: whole.unseen, reached: reached)
    }

    /// Decodes the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let position = FeedPosition(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no feed position")
        }
        self = position
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension FeedPosition.Reached {
    /// Reads `transaction/sequence`; nil when the text is anything else.
    fileprivate init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, let transaction = UInt64(numbers[0]), let sequence = Int64(numbers[1]) else {
            return nil
        }
        self.init(transaction: transaction, sequence: sequence)
    }
}

/// Which database a catalog is in: the server's identity and the database's number in it, `7710970107452548132/16384`.
///
/// A restored dump is another catalog, for its transactions are numbered anew.
public struct CatalogIdentity: RawRepresentable, Sendable, Hashable, Codable {
    /// The two numbers with a slash between them.
    public let rawValue: String
    /// Takes an identity as it was read.
    public init(rawValue: String) { self.rawValue = rawValue }
}
