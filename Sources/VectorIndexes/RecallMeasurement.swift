/// How many of the true nearest rows an index finds, measured on a sample of the rows themselves as queries.
public struct RecallMeasurement: Sendable, Equatable, Codable {
    /// Share of the k nearest rows that were found, 0 to 1. 1 when there was nothing to find.
    public let recall: Double
    /// Lower end of the 95 % confidence interval.
    public let low: Double
    /// Upper end of the 95 % confidence interval.
    public let high: Double
    /// Queries that were asked.
    public let queries: Int
    /// Rows that were asked for by each of them.
    public let k: Int

    /// Sums up what the queries found.
    ///
    /// The neighbors of one query are found or missed together, so they are not worth as many trials as they are: their
    /// number is divided by the design effect, the variance between queries over that of independent trials.
    /// Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927); Kish, "Survey
    /// Sampling" (1965), section 8.2.
    ///
    /// - Parameters:
    ///   - found: for each query, rows found of those that there were.
    ///   - k: rows that were asked for.
    init(_ found: [(hits: Int, of: Int)], k: Int) {
        self.k = k
        queries = found.count
        let asked = found.filter { $0.of > 0 }
        let total = Double(asked.reduce(0) { $0 + $1.of })
        guard total > 0 else {
            (recall, low, high) = (1, 0, 1)
            return
        }
        let share = Double(asked.reduce(0) { $0 + $1.hits }) / total
        let squares = asked.map { hits, of in
            let difference = Double(hits) / Double(of) - share
            return difference * difference
        }
        let variance = squares.reduce(0, +) / Double(max(1, asked.count - 1)) / Double(asked.count)
        let independent = variance > 0 ? share * (1 - share) / variance : total
        let trials = min(total, max(Double(asked.count), independent))
        let z = 1.959963984540054
        let center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
        let half =
            z / (1 + z * z / trials) * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
        recall = share
        low = max(0, min(share, center - half))
        high = min(1, max(share, center + half))
    }
}

/// Asks an index for the neighbors of some of its rows and compares the answers with an exact search.
///
/// A row that is asked about counts among its own neighbors on both sides. A found row counts when it is as near as the
/// k-th of the exact answer, so that equally near rows are as good as one another.
///
/// - Parameters:
///   - index: of any type, over the rows of `store`.
///   - queries: live rows to ask about, spread over all; fewer when there are fewer.
///   - k: neighbors of each, ``SearchLimits/neighbors``.
///   - seed: chooses the rows.
/// - Throws: what searches throw.
/// - Complexity: O(queries × rows × dimension).
public func measureRecall(
    of index: any SearchableIndex, over store: VectorStore, queries: Int = 100, k: Int = 10, seed: UInt64 = 1,
    threads: Int = SearchLimits.defaultThreads
) throws(IndexError) -> RecallMeasurement {
    let exact = try ExactAnswers(over: store, queries: queries, k: k, seed: seed, threads: threads) { _ in }
    return try exact.recall(of: index, threads: threads)
}

/// Sampled queries with the distances of their exact answers.
struct ExactAnswers {
    private let queries: [[Float]]
    private let k: Int
    /// For each query, rows that there are to be found, and the distance of the last of them.
    private let answers: [(count: Int, last: Float)]

    /// - Parameter check: called at least once a second with the share that is done; what it throws ends this.
    init(
        over store: VectorStore, queries count: Int, k: Int, seed: UInt64, threads: Int,
        _ check: (Double) throws(IndexError) -> Void
    ) throws(IndexError) {
        let slots = store.rows.liveSlots()
        let dimension = store.manifest.identity.dimension
        let flat = FlatIndex(
            Manifest.Index(
                specification: IndexSpecification(name: "exact", type: .flat), generation: 1,
                builtAt: store.manifest.publishedAt, built: nil), over: store)
        var queries: [[Float]] = []
        for place in RowSample.places(count, of: slots.count, seed: seed) {
            guard let vector = store.rows.vector(slots[place]) else { continue }
            let query = Array(UnsafeBufferPointer(start: vector, count: dimension))
            // A damaged row cannot be asked about.
            if firstNonFinite(query) == nil { queries.append(query) }
        }
        // So many at once that they take less than a second.
        let batch = max(1, min(queries.count, 4_000_000_000 / max(1, slots.count * dimension)))
        var answers: [(count: Int, last: Float)] = []
        for start in stride(from: 0, to: queries.count, by: batch) {
            try check(Double(start) / Double(queries.count))
            let asked = queries[start..<min(start + batch, queries.count)]
            for answer in try flat.search(asked.flatMap(\.self), k: k, filter: nil, threads: threads) {
                answers.append((answer.count, answer.last?.distance ?? 0))
            }
        }
        self.queries = queries
        self.k = k
        self.answers = answers
    }

    /// Whether there was nothing to ask.
    var isEmpty: Bool { queries.isEmpty }

    func recall(of index: any SearchableIndex, threads: Int) throws(IndexError) -> RecallMeasurement {
        let found = try index.search(queries.flatMap(\.self), k: k, filter: nil, threads: threads)
        return RecallMeasurement(
            zip(found, answers).map { answer, exact in
                (min(exact.count, answer.count { $0.distance <= exact.last }), exact.count)
            }, k: k)
    }
}
