import Embeddings
import SystemPackage

/// The rate at which the network embeds pictures that are there already, with nothing else to do.
struct NetworkAlone {
    private let network: ResNet50

    /// Loads the weights, in the fastest precision of this machine, as the daemon does.
    init(weights: String) async throws {
        network = try await ResNet50(weights: FilePath(weights), precision: .fastestSupported)
    }

    /// Milliseconds a picture over so many pictures, in full batches one after the other.
    ///
    /// The mean, not the median: what the daemon's rate is held against has the machine's stalls in it too.
    func millisecondsAPicture(_ count: Int) async throws -> Double {
        let batch = network.makeBatch()
        while !batch.isFull { batch.append { $0.update(repeating: 0.5) } }
        _ = try await network.embed(batch)
        let batches = max(1, count / network.preferredBatch)
        let start = ContinuousClock.now
        for _ in 0..<batches { _ = try await network.embed(batch) }
        return (ContinuousClock.now - start) / .milliseconds(batches * network.preferredBatch)
    }
}
