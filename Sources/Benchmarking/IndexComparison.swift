public import SystemPackage
public import VectorIndexes

/// What one way of searching costs and finds on the rows of a store.
public struct IndexMeasurement: Sendable, Encodable, Equatable {
    /// `bruteforce`, `flat`, `ivfflat`, `ivfpq` or `hnsw`.
    public let index: String
    /// The parameters that were used, defaults included.
    public let parameters: [String: Int]
    /// Time to train and build it, on as many threads as there are cores.
    public let buildSeconds: Double
    /// Bytes of its own files; the vectors that all share are not among them.
    public let bytes: Int
    /// Mean time of a query, in milliseconds of wall clock.
    public let meanMilliseconds: Double
    /// Median time of a query.
    public let medianMilliseconds: Double
    /// 99th percentile of the time of a query: with fewer than 100 timed queries the longest.
    public let longestMilliseconds: Double
    /// Share of the five nearest that it found, 0 to 1.
    public let recallAt5: Double
    /// Share of the ten nearest that it found, 0 to 1.
    public let recallAt10: Double

    enum CodingKeys: String, CodingKey {
        case index, parameters, buildSeconds = "build_seconds", bytes
        case meanMilliseconds = "search_ms_mean", medianMilliseconds = "search_ms_p50"
        case longestMilliseconds = "search_ms_p99", recallAt5 = "recall_at_5", recallAt10 = "recall_at_10"
    }
}

/// The comparison that people make by hand: every type of index over the same rows, asked the same questions.
///
/// Indexes are built for the occasion, in a folder of their own, and nothing is published. The types take turns, a round of
/// all queries each, so that whatever else the machine does meanwhile falls on all of them alike.
public struct IndexComparison: Sendable {
    /// Neighbors that are asked for.
    public static let k = 10

    private let store: VectorStore
    private let folder: FilePath
    private let queries: [[Float]]
    private let rounds: Int
    private let timeLimit: Duration

    /// - Parameters:
    ///   - store: not empty.
    ///   - folder: gets the files of the indexes; the caller removes it.
    ///   - queries: vectors of the store's dimension, one or more.
    ///   - rounds: how often each query is timed, 1 or more.
    ///   - timeLimit: after which a way of searching is given no further round.
    public init(
        over store: VectorStore, in folder: FilePath, queries: [[Float]], rounds: Int,
        timeLimit: Duration = .seconds(20)
    ) {
        self.store = store
        self.folder = folder
        self.queries = queries
        self.rounds = rounds
        self.timeLimit = timeLimit
    }

    /// Builds and asks all.
    ///
    /// Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - specifications: the indexes to build; flat ones need no building.
    ///   - progress: is told what is being done and which share of everything is, 0 to 1.
    /// - Returns: a measurement each, brute force first, then in the order of the specifications.
    public func run(
        _ specifications: [IndexSpecification], progress: (String, Double) -> Void
    ) throws(IndexError) -> [IndexMeasurement] {
        var contenders = [Contender(BruteForce(over: store), named: "bruteforce")]
        var store = store.withTrialIndexes(in: folder)
        for (place, specification) in specifications.enumerated() {
            progress("building \(specification.type.rawValue)", Double(place) / Double(2 * specifications.count))
            contenders.append(try contender(specification, &store))
        }
        let truth = try queries.map { query throws(IndexError) in
            try BruteForce(over: store).search(query, k: Self.k).first ?? []
        }
        for round in 0..<rounds {
            progress("searching", 0.5 + Double(round) / Double(2 * rounds))
            for place in contenders.indices where round == 0 || contenders[place].spent < timeLimit {
                for (query, nearest) in zip(queries, truth) { try contenders[place].ask(query, nearest) }
            }
        }
        progress("done", 1)
        return contenders.map { $0.measurement(queries: queries.count) }
    }

    private func contender(
        _ specification: IndexSpecification, _ store: inout VectorStore
    ) throws(IndexError) -> Contender {
        let start = ContinuousClock.now
        if specification.type == .flat {
            let draft = try SketchJob(over: store, generation: 1).build()
            if let draft { store = try store.trying(draft) }
            var contender = Contender(store.exact, named: "flat")
            contender.buildSeconds = (ContinuousClock.now - start) / .seconds(1)
            if let sketch = draft?.sketch {
                contender.parameters = ["components": sketch.components]
                contender.bytes = store.sketchByteCount
            }
            return contender
        }
        let draft = try GenerationJob(specification, generation: 1, over: store).build()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        store = store.trying(draft)
        var contender = Contender(
            try store.index(named: specification.name), named: specification.type.rawValue)
        contender.parameters = draft.generation.parameters
        contender.buildSeconds = seconds
        contender.bytes = draft.generation.byteCount
        return contender
    }
}

/// One way of searching, and what has been measured of it.
private struct Contender {
    let index: any SearchableIndex
    let name: String
    var parameters: [String: Int] = [:]
    var buildSeconds = 0.0
    var bytes = 0
    private(set) var spent: Duration = .zero
    private var times: [Double] = []
    private var found = (at5: 0.0, at10: 0.0)

    init(_ index: any SearchableIndex, named name: String) {
        self.index = index
        self.name = name
    }

    mutating func ask(_ query: [Float], _ truth: [Neighbor]) throws(IndexError) {
        let start = ContinuousClock.now
        let answer = try index.search(query, k: IndexComparison.k)
        let time = ContinuousClock.now - start
        spent += time
        times.append(time / .milliseconds(1))
        found.at5 += Self.recall(answer.first ?? [], truth, at: 5)
        found.at10 += Self.recall(answer.first ?? [], truth, at: 10)
    }

    func measurement(queries: Int) -> IndexMeasurement {
        let sorted = times.sorted()
        let asked = Double(times.count)
        return IndexMeasurement(
            index: name, parameters: parameters, buildSeconds: buildSeconds, bytes: bytes,
            meanMilliseconds: sorted.reduce(0, +) / asked, medianMilliseconds: median(sorted),
            longestMilliseconds: sorted[min(sorted.count - 1, sorted.count * 99 / 100)],
            recallAt5: found.at5 / asked, recallAt10: found.at10 / asked)
    }

    /// The share of the true nearest that an answer has. Rows at the same distance as the last of them are as good.
    private static func recall(_ answer: [Neighbor], _ truth: [Neighbor], at k: Int) -> Double {
        let wanted = truth.prefix(k)
        guard let farthest = wanted.last?.distance else { return 1 }
        // Two ways of summing differ by some roundings.
        let bound = farthest + max(1e-6, farthest * 1e-5)
        return Double(answer.prefix(k).count { $0.distance <= bound }) / Double(wanted.count)
    }
}
