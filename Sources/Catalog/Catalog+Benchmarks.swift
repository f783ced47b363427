import Postgres

/// The number of a run of the benchmark (`benchmark_runs.id`).
public struct BenchmarkRunID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// What a run of the benchmark compares where.
public struct BenchmarkRunRecord: Sendable, Hashable {
    /// The model whose embeddings are searched.
    public var model: ModelID
    /// Embeddings that are searched, 1 or more.
    public var rows: Int
    /// Numbers in a vector.
    public var dimension: Int
    /// Queries that are timed, 1 or more.
    public var queries: Int
    /// Processor, threads and instruction set, in words.
    public var machine: String
    /// Version of Likeness.
    public var version: String

    /// Describes a run.
    public init(model: ModelID, rows: Int, dimension: Int, queries: Int, machine: String, version: String) {
        self.model = model
        self.rows = rows
        self.dimension = dimension
        self.queries = queries
        self.machine = machine
        self.version = version
    }
}

/// What a run of the benchmark measured for one type of index.
public struct BenchmarkResultRecord: Sendable, Hashable {
    /// `bruteforce`, `flat`, `ivfflat`, `ivfpq` or `hnsw`.
    public var index: String
    /// All parameters, a JSON object.
    public var parameters: JSON
    /// Time to build it.
    public var buildSeconds: Double
    /// Size of its files without the vectors that all indexes share.
    public var bytes: Int64
    /// Mean time of a query in milliseconds.
    public var searchMillisecondsMean: Double
    /// Median time of a query in milliseconds.
    public var searchMillisecondsP50: Double
    /// 99th percentile of the time of a query in milliseconds.
    public var searchMillisecondsP99: Double
    /// Share of the five nearest that it found, 0 to 1.
    public var recallAt5: Double
    /// Share of the ten nearest that it found, 0 to 1.
    public var recallAt10: Double

    /// Describes a result.
    public init(
        index: String, parameters: JSON = JSON("{}"), buildSeconds: Double, bytes: Int64,
        searchMillisecondsMean: Double, searchMillisecondsP50: Double, searchMillisecondsP99: Double,
        recallAt5: Double, recallAt10: Double
    ) {
        self.index = index
        self.parameters = parameters
        self.buildSeconds = buildSeconds
        self.bytes = bytes
        self.searchMillisecondsMean = searchMillisecondsMean
        self.searchMillisecondsP50 = searchMillisecondsP50
        self.searchMillisecondsP99 = searchMillisecondsP99
        self.recallAt5 = recallAt5
        self.recallAt10 = recallAt10
    }
}

extension Catalog {
    /// Records that a run begins.
    public func beginBenchmark(_ run: BenchmarkRunRecord) throws -> BenchmarkRunID {
        let row = try connection.firstRow(
            """
            insert into likeness.benchmark_runs (model, rows, dimension, queries, machine, version)
            values (\(run.model), \(run.rows), \(Int32(clamping: run.dimension)), \(Int32(clamping: run.queries)),
                \(run.machine), \(run.version))
            returning id
            """)
        guard let row else { preconditionFailure("an insert with returning gives a row or throws") }
        return try row["id"]
    }

    /// Records results behind those that the run has, in their order.
    public func add(_ results: [BenchmarkResultRecord], to run: BenchmarkRunID) throws {
        try connection.transaction {
            for result in results {
                try connection.execute(
                    """
                    insert into likeness.benchmark_results (run, ordinal, index, parameters, build_seconds, bytes,
                        search_ms_mean, search_ms_p50, search_ms_p99, recall_at_5, recall_at_10)
                    select \(run), coalesce(max(ordinal), 0) + 1, \(result.index), \(result.parameters),
                        \(result.buildSeconds), \(result.bytes), \(result.searchMillisecondsMean),
                        \(result.searchMillisecondsP50), \(result.searchMillisecondsP99), \(result.recallAt5),
                        \(result.recallAt10)
                    from likeness.benchmark_results where run = \(run)
                    """)
            }
        }
    }

    /// Records that a run has ended, how long it took, and the type that it recommends with the reason, if any.
    public func finishBenchmark(
        _ run: BenchmarkRunID, seconds: Double, recommendation: (index: String, reason: String)?
    ) throws {
        try connection.execute(
            """
            update likeness.benchmark_runs set seconds = \(seconds), recommended_index = \(recommendation?.index),
                recommendation_reason = \(recommendation?.reason)
            where id = \(run)
            """)
    }
}
