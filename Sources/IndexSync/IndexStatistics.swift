public import Catalog
public import VectorIndexes

/// What is known of an index in a store when it is decided what becomes of it.
public struct IndexStatistics: Sendable, Equatable {
    /// A share that was measured on sampled queries, with its 95 % confidence interval: low ≤ value ≤ high, 0 to 1.
    public struct Interval: Sendable, Equatable {
        /// What was measured.
        public var value: Double
        /// Lower end.
        public var low: Double
        /// Upper end.
        public var high: Double

        /// Describes a measurement.
        public init(_ value: Double, low: Double, high: Double) {
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// How well the inverted lists fit the rows.
    public struct Lists: Sendable, Equatable {
        /// Lists that there are, 1 or more.
        public var nlist: Int
        /// Lists that a query reads.
        public var nprobe: Int
        /// Lists that the present rows would be given; as many as there are when a person chose their number.
        public var wantedNlist: Int
        /// nlist · Σ n² / (Σ n)², over the lengths n of the lists: 1 when all are as long.
        public var imbalance: Double
        /// The same when the generation was built.
        public var imbalanceAtTraining: Double
        /// Mean squared distance of the rows since training to their centroid, divided by that of the training rows; nil
        /// while there are none.
        public var residualRatio: Double?
        /// Whether nprobe was raised since the generation was built.
        public var wasNprobeRaised: Bool

        /// Describes lists.
        public init(
            nlist: Int, nprobe: Int, wantedNlist: Int? = nil, imbalance: Double = 1, imbalanceAtTraining: Double = 1,
            residualRatio: Double? = nil, wasNprobeRaised: Bool = false
        ) {
            self.nlist = nlist
            self.nprobe = nprobe
            self.wantedNlist = wantedNlist ?? nlist
            self.imbalance = imbalance
            self.imbalanceAtTraining = imbalanceAtTraining
            self.residualRatio = residualRatio
            self.wasNprobeRaised = wasNprobeRaised
        }
    }

    /// What the sketch of a flat index leaves to be compared exactly.
    public struct Sketch: Sendable, Equatable {
        /// Share of the rows that survive it in a query, 0 to 1; nil while not measured.
        public var survivorShare: Double?
        /// The same when it was trained.
        public var survivorShareAtTraining: Double?

        /// Describes a sketch.
        public init(survivorShare: Double? = nil, survivorShareAtTraining: Double? = nil) {
            self.survivorShare = survivorShare
            self.survivorShareAtTraining = survivorShareAtTraining
        }
    }

    /// The last work on the index that came to nothing, if it is newer than the generation.
    public struct Setback: Sendable, Equatable {
        /// `failed` or `cancelled`, for people.
        public var outcome: String
        /// Time since it ended.
        public var age: Duration

        /// Describes a try. One that ended because the daemon was told to end is none.
        public init(_ outcome: String, age: Duration) {
            self.outcome = outcome
            self.age = age
        }
    }

    /// What people call it.
    public var name: String
    /// How it searches.
    public var type: IndexType
    /// Rows of the store that a search can find.
    public var rows: Int
    /// Rows of the store that are deleted but still take up space.
    public var deadRows: Int
    /// Rows that the generation, or the sketch of a flat index, was trained with; nil before the first training.
    public var trainedRows: Int?
    /// Rows added since.
    public var rowsSinceTraining: Int
    /// Time since.
    public var age: Duration
    /// When a person wants it trained again.
    public var policy: IndexPolicy
    /// Time since a person asked for a new generation; nil unless that was after the present one was begun.
    public var rebuildRequested: Duration?
    /// Share of the ten nearest that it finds; nil when not measured.
    public var recall: Interval?
    /// nil for types without lists.
    public var lists: Lists?
    /// nil for types other than flat.
    public var sketch: Sketch?
    /// nil when nothing went wrong since the generation was begun.
    public var setback: Setback?

    /// Describes an index.
    public init(
        name: String, type: IndexType, rows: Int, deadRows: Int = 0, trainedRows: Int?, rowsSinceTraining: Int = 0,
        age: Duration = .zero, policy: IndexPolicy = IndexPolicy(), rebuildRequested: Duration? = nil,
        recall: Interval? = nil, lists: Lists? = nil, sketch: Sketch? = nil, setback: Setback? = nil
    ) {
        self.name = name
        self.type = type
        self.rows = rows
        self.deadRows = deadRows
        self.trainedRows = trainedRows
        self.rowsSinceTraining = rowsSinceTraining
        self.age = age
        self.policy = policy
        self.rebuildRequested = rebuildRequested
        self.recall = recall
        self.lists = lists
        self.sketch = sketch
        self.setback = setback
    }
}
