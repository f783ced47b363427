import FoundationEssentials
import Postgres

/// What was measured at an index in a store at one time, and what was decided from it.
public struct IndexHealthRecord: Sendable, Hashable {
    /// A share that was measured on a sample, with its 95 % confidence interval: low ≤ value ≤ high, each 0 to 1.
    public struct Interval: Sendable, Hashable {
        /// What was measured.
        public var value: Double
        /// Lower end.
        public var low: Double
        /// Upper end.
        public var high: Double

        /// Describes a measurement; the database refuses one that is not in order.
        public init(_ value: Double, low: Double, high: Double) {
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// What was decided, in a word, and why, in words.
    public struct Decision: Sendable, Hashable {
        /// `keep`, `recenter`, `compact` and so on.
        public var word: String
        /// Why, with the numbers.
        public var reason: String

        /// Describes a decision.
        public init(_ word: String, reason: String) {
            self.word = word
            self.reason = reason
        }
    }

    /// The index.
    public var index: IndexID
    /// The store.
    public var store: UUID
    /// The generation that was measured; 0 when there is none yet.
    public var generation: Int64
    /// Live rows.
    public var rows: Int
    /// Rows that were deleted and not yet compacted away.
    public var deadRows: Int
    /// Rows added since the generation was trained; nil for types without training.
    public var rowsSinceTraining: Int?
    /// Size of its files without the vectors that all indexes share.
    public var bytes: Int64?
    /// 1 when all lists are as long, 2 when a query reads twice as many rows; nil without lists.
    public var imbalance: Double?
    /// Mean squared distance of new rows to their centroid, divided by that of the training rows; nil without lists.
    public var residualRatio: Double?
    /// Share of the rows whose exact distance a flat query had to compute, 0 to 1; nil for other types.
    public var survivorShare: Double?
    /// Share of the ten nearest that it found for sampled queries; nil when not measured.
    public var recallAt10: Interval?
    /// nil when nothing was to be decided.
    public var decision: Decision?

    /// Describes a measurement.
    public init(
        index: IndexID, store: UUID, generation: Int64, rows: Int, deadRows: Int = 0, rowsSinceTraining: Int? = nil,
        bytes: Int64? = nil, imbalance: Double? = nil, residualRatio: Double? = nil, survivorShare: Double? = nil,
        recallAt10: Interval? = nil, decision: Decision? = nil
    ) {
        self.index = index
        self.store = store
        self.generation = generation
        self.rows = rows
        self.deadRows = deadRows
        self.rowsSinceTraining = rowsSinceTraining
        self.bytes = bytes
        self.imbalance = imbalance
        self.residualRatio = residualRatio
        self.survivorShare = survivorShare
        self.recallAt10 = recallAt10
        self.decision = decision
    }
}

/// A measurement as the catalog remembers it.
public struct StoredIndexHealth: Sendable, Hashable {
    /// What was measured.
    public let record: IndexHealthRecord
    /// When.
    public let measuredAt: Timestamp
}

extension Catalog {
    /// Appends a measurement to the time series.
    public func record(_ health: IndexHealthRecord) throws {
        try connection.execute(
            """
            insert into likeness.index_health (index, store, generation, measured_at, rows, dead_rows,
                rows_since_training, bytes, imbalance, residual_ratio, survivor_share, recall_at_10, recall_at_10_low,
                recall_at_10_high, decision, reason)
            values (\(health.index), \(health.store), \(health.generation), clock_timestamp(), \(health.rows),
                \(health.deadRows), \(health.rowsSinceTraining), \(health.bytes), \(health.imbalance),
                \(health.residualRatio), \(health.survivorShare), \(health.recallAt10?.value),
                \(health.recallAt10?.low), \(health.recallAt10?.high), \(health.decision?.word),
                \(health.decision?.reason))
            """)
    }

    /// The last measurements of an index in a store, the newest first.
    public func health(of index: IndexID, store: UUID, limit: Int) throws -> [StoredIndexHealth] {
        try connection.rows(
            """
            select * from likeness.index_health where index = \(index) and store = \(store)
            order by measured_at desc, id desc limit \(limit)
            """
        ).map(Self.health)
    }
}

extension Catalog {
    /// The last time that something was decided about an index in a store; nil when it never was.
    ///
    /// - Parameter decision: in a word.
    public func lastHealth(of index: IndexID, store: UUID, decision: String) throws -> StoredIndexHealth? {
        try connection.firstRow(
            """
            select * from likeness.index_health
            where index = \(index) and store = \(store) and decision = \(decision)
            order by measured_at desc, id desc limit 1
            """
        ).map(Self.health)
    }

    /// How uneven the lists of a generation were when they were measured first; nil when they never were.
    public func firstImbalance(of index: IndexID, store: UUID, generation: Int64) throws -> Double? {
        try connection.firstRow(
            """
            select imbalance from likeness.index_health
            where index = \(index) and store = \(store) and generation = \(generation) and imbalance is not null
            order by measured_at, id limit 1
            """)?["imbalance"]
    }

    private static func health(_ row: Row) throws -> StoredIndexHealth {
        var health = IndexHealthRecord(
            index: try row["index"], store: try row["store"], generation: try row["generation"],
            rows: try row["rows"], deadRows: try row["dead_rows"],
            rowsSinceTraining: try row["rows_since_training"], bytes: try row["bytes"],
            imbalance: try row["imbalance"], residualRatio: try row["residual_ratio"],
            survivorShare: try row["survivor_share"])
        if let recall: Double = try row["recall_at_10"] {
            let (low, high): (Double?, Double?) = (try row["recall_at_10_low"], try row["recall_at_10_high"])
            health.recallAt10 = .init(recall, low: low ?? recall, high: high ?? recall)
        }
        if let word: String = try row["decision"] { health.decision = .init(word, reason: try row["reason"]) }
        return StoredIndexHealth(record: health, measuredAt: try row["measured_at"])
    }
}
