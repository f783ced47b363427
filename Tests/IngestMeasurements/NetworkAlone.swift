import Embeddings
import Ingestion
import SystemPackage

/// The rate at which the network embeds pictures that are there already, with nothing else to do.
struct NetworkAlone {
    private let network: ResNet50

    /// Loads the weights, in the fastest precision of this machine, as the daemon does.
    init(weights: String) async throws {
        network = try await ResNet50(weights: FilePath(weights), precision: .fastestSupported)
    }

    /// Milliseconds a picture over so many pictures, in full batches, as many at a time as the daemon has lanes.
    ///
    /// The mean, not the median: what the daemon's rate is held against has the machine's stalls in it too.
    func millisecondsAPicture(_ count: Int, lanes: Int = WatchDaemon.Settings().lanes) async throws -> Double {
        let batches = max(1, count / network.preferredBatch)
        try await embed(batches: lanes, lanes)
        let start = ContinuousClock.now
        try await embed(batches: batches, lanes)
        return (ContinuousClock.now - start) / .milliseconds(batches * network.preferredBatch)
    }

    private func embed(batches: Int, _ lanes: Int) async throws {
        try await withThrowingTaskGroup { group in
            for lane in 0..<lanes {
                group.addTask { [network] in
                    let batch = network.makeBatch()
                    while !batch.isFull { batch.append { $0.update(repeating: 0.5) } }
                    for _ in stride(from: lane, to: batches, by: lanes) { _ = try await network.embed(batch) }
                }
            }
            try await group.waitForAll()
        }
    }
}
