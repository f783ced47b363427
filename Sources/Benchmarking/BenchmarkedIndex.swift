/// A way to search that the benchmark compares.
public enum BenchmarkedIndex: String, Sendable, Codable, CaseIterable {
    /// The plain comparison with every row, in Swift.
    case bruteforce
    /// Every row by its sketch, the survivors exactly.
    case flat
    /// Lists of rows around centroids.
    case ivfflat
    /// Lists of codes around centroids, re-ranked exactly.
    case ivfpq
    /// A graph over the rows.
    case hnsw

    /// What it is good at, in a phrase.
    public var merits: String {
        switch self {
        case .bruteforce: "exact, needs no file"
        case .flat: "exact, nothing to train, a new row is an append"
        case .ivfflat: "small beside the vectors, quick to build, nprobe trades time for recall at once"
        case .ivfpq: "reads little memory, for vectors that do not fit into it"
        case .hnsw: "the fastest at high recall, grows row by row without training"
        }
    }

    /// What it is bad at, in a phrase.
    public var faults: String {
        switch self {
        case .bruteforce: "reads every number of every vector for each query"
        case .flat: "its time grows with the rows"
        case .ivfflat: "recall falls as rows drift from the centroids, until it is trained again"
        case .ivfpq: "two trainings, the most rows to train with, recall only by re-ranking"
        case .hnsw: "the slowest to build, deleted rows stay in the graph until compaction"
        }
    }
}

/// What the benchmark measured for one way to search.
public struct BenchmarkedResult: Sendable, Equatable {
    /// The way.
    public var index: BenchmarkedIndex
    /// Median time of a query in milliseconds.
    public var millisecondsP50: Double
    /// Share of the ten nearest that it found, 0 to 1.
    public var recallAt10: Double
    /// Time to train and build it.
    public var buildSeconds: Double
    /// Size of its files without the vectors that all indexes share.
    public var bytes: Int
    /// What a new row costs, in words that follow "a new row costs"; nil when not measured.
    public var updateCost: String?

    /// Describes a result.
    public init(
        _ index: BenchmarkedIndex, millisecondsP50: Double, recallAt10: Double, buildSeconds: Double, bytes: Int,
        updateCost: String? = nil
    ) {
        self.index = index
        self.millisecondsP50 = millisecondsP50
        self.recallAt10 = recallAt10
        self.buildSeconds = buildSeconds
        self.bytes = bytes
        self.updateCost = updateCost
    }
}
