import VectorIndexes

/// The measuring of every index of an opened store: what of the exact answers it finds, how its lists and sketches fit the
/// rows. Reads every index's files and holds them against their checksums.
struct StoreMeasurementJob: Sendable {
    /// Sampled rows that are asked about.
    private static let queries = 100

    let store: VectorStore

    /// Measures on one thread, whatever it takes: nobody waits for it.
    ///
    /// A damaged index ends it, and is part of the result.
    ///
    /// - Throws: ``IndexError/cancelled(_:)`` within the time of measuring one index.
    func run(_ control: BuildControl) throws(IndexError) -> StoreMeasurement {
        let start = ContinuousClock.now
        var measurement = StoreMeasurement(publication: store.manifest.publication)
        for entry in store.manifest.indexes where store.liveCount > 0 {
            if control.isCancelled { throw .cancelled(entry.specification.name) }
            do throws(IndexError) {
                measurement.indexes[entry.specification.name] = try measure(entry)
            } catch {
                measurement.failure = error
                break
            }
        }
        measurement.time = ContinuousClock.now - start
        return measurement
    }

    private func measure(_ entry: Manifest.Index) throws(IndexError) -> MeasuredIndex {
        var measured = MeasuredIndex(of: entry, in: store.manifest)
        if entry.specification.type == .flat {
            measured.survivorShare = try store.survivorShare(queries: sample())
        } else if entry.built != nil {
            let index = try store.index(named: entry.specification.name)
            measured.lists = InvertedFileStatistics(index)
            measured.recall = try measureRecall(of: index, over: store, queries: Self.queries, threads: 1)
        }
        return measured
    }

    /// Live rows, spread over all.
    private func sample() -> [Float] {
        let ids = store.liveIDs()
        let places = stride(from: 0, to: ids.count, by: max(1, ids.count / Self.queries))
        return places.compactMap { store.vector(of: ids[$0]) }.filter { $0.allSatisfy(\.isFinite) }.flatMap(\.self)
    }
}

/// What was measured at the indexes of a store.
struct StoreMeasurement: Sendable {
    /// Of what was measured.
    let publication: Int
    /// By name; an index without a generation has nothing that could be measured.
    var indexes: [String: MeasuredIndex] = [:]
    /// What kept the rest from being measured; nil when all were.
    var failure: IndexError?
    /// How long it took.
    var time: Duration = .zero

    init(publication: Int) { self.publication = publication }
}
