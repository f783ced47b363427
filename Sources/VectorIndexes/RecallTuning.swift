/// Looks for the smallest number with which an index that is built finds as much as is wanted; builds nothing.
///
/// The number is the one that queries of the type use: efSearch of a graph, nprobe of lists.
public struct RecallTuning: Sendable {
    /// What was measured with a number.
    public struct Step: Sendable, Equatable {
        /// What efSearch or nprobe was.
        public let value: Int
        /// What was found of the ten nearest.
        public let recall: RecallMeasurement
        /// Time a query, on average.
        public let milliseconds: Double
    }

    /// The number that is looked for.
    public let parameter: IndexParameters.Name
    /// What was measured, in the order of the numbers.
    public private(set) var steps: [Step] = []
    /// The smallest number that was measured to find as much as was wanted; nil when none does.
    public private(set) var chosen: Int?

    /// Measures with numbers that double until enough is found, and then between the last two.
    ///
    /// - Parameters:
    ///   - index: of `store`, as it is published.
    ///   - recall: share of the ten nearest that is wanted, above 0 to 1.
    ///   - queries: live rows to ask about, spread over all; fewer when there are fewer.
    ///   - threads: threads to use, the calling one included.
    /// - Returns: nil for an index that has no such number.
    /// - Throws: what searches throw.
    /// - Complexity: O(queries × rows × dimension) for the exact answers, and about twice as many searches as the number that
    ///   is found has bits.
    public init?(
        _ index: any SearchableIndex, over store: VectorStore, recall: Double, queries: Int = 200,
        threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) {
        guard let index = index as? any TunableIndex else { return nil }
        let built = store.manifest.indexes.first { $0.specification.name == index.specification.name }?.built
        let limit: Int
        if let nlist = built?.parameters[IndexParameters.Name.nlist.rawValue] {
            parameter = .nprobe
            limit = nlist
        } else {
            parameter = .efSearch
            // From as many on as there are rows nothing more can be found.
            limit = min(IndexParameters.range(of: .efSearch).upperBound, max(1, store.liveCount))
        }
        let exact = try ExactAnswers(over: store, queries: queries, k: 10, seed: 1, threads: threads) { _ in }
        var low = 0
        var high = parameter == .nprobe ? 1 : min(8, limit)
        while true {
            let found = try measure(index, high, exact, threads)
            if found >= recall {
                chosen = high
                break
            }
            low = high
            if high == limit { break }
            high = min(2 * high, limit)
        }
        while let best = chosen, best - low > max(1, best / 16) {
            let middle = (low + best) / 2
            if try measure(index, middle, exact, threads) >= recall { chosen = middle } else { low = middle }
        }
        steps.sort { $0.value < $1.value }
    }

    private mutating func measure(
        _ index: any TunableIndex, _ value: Int, _ exact: ExactAnswers, _ threads: Int
    ) throws(IndexError) -> Double {
        let tuned: any SearchableIndex = index.with(parameters: [parameter.rawValue: value])
        let start = ContinuousClock.now
        let recall = try exact.recall(of: tuned, threads: threads)
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        steps.append(Step(value: value, recall: recall, milliseconds: time / Double(max(1, recall.queries))))
        return recall.recall
    }
}
