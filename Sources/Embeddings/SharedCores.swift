import Synchronization

/// Two runners that share the cores, so that two full batches are computed at once, each by half of the threads.
///
/// All threads together wait for each other at the end of each of a hundred primitives: on two cores that is five percent of
/// their time, and more while somebody else wants a core too. With a batch for each half they have nothing to wait for.
final class SharedCores: Sendable {
    private let runners: [NetworkRunner]
    private let shares: [Int]
    private let inWork: Mutex<[Int]>

    /// - Parameters:
    ///   - threads: of all runners together, at least 2.
    init(_ runners: [NetworkRunner], threads: Int) {
        self.runners = runners
        shares = runners.indices.map { (threads + $0) / runners.count }
        inWork = Mutex(runners.map { _ in 0 })
    }

    /// The embeddings of a full batch, by the runner that has least to do.
    func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float] {
        let place = inWork.withLock { inWork in
            let place = inWork.indices.min { inWork[$0] < inWork[$1] } ?? 0
            inWork[place] += 1
            return place
        }
        defer { inWork.withLock { $0[place] -= 1 } }
        return try await runners[place].embed(batch, fullBatchesOn: shares[place])
    }
}
