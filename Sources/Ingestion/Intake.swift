import Embeddings
import Faults
import Imaging
import Synchronization

/// What all lanes of a process share: the decode workers, the network, the contents in work, the memory for files.
public final class Intake: Sendable {
    /// Bytes of files that all lanes together have in memory: three groups of the usual size, or the largest file alone.
    private static let fileMemory = DecodeLimits.shared.maxFileBytes

    let embedder: any Embedder
    let decoders: DecodePool
    let limits: DecodeLimits
    let followsLinks: Bool
    let inFlight = ContentsInFlight()
    let fileMemory = ByteBudget(Intake.fileMemory)
    private let networkWasFree = Mutex(ContinuousClock.now)

    /// Starts nothing yet.
    ///
    /// - Parameters:
    ///   - decoders: workers that prepare for this embedder.
    ///   - limits: what a picture may cost, as the workers have it.
    ///   - followsLinks: whether files may be symbolic links.
    public init(
        embedder: any Embedder, decoders: DecodePool, limits: DecodeLimits = .shared, followsLinks: Bool = false
    ) {
        self.embedder = embedder
        self.decoders = decoders
        self.limits = limits
        self.followsLinks = followsLinks
    }

    /// How pictures are prepared for the embedder.
    public var preparation: PicturePreparation { embedder.preparation }

    /// The embeddings of a batch and how long the network had it, without the time that it waited for others' batches.
    ///
    /// - Returns: nil when one of its pictures has no embedding.
    func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> (vectors: [Float], seconds: Double)? {
        let asked = ContinuousClock.now
        let vectors: [Float]
        do throws(EmbeddingError) {
            vectors = try await embedder.embed(batch)
        } catch {
            if error.recovery == .quarantineItem { return nil }
            throw error
        }
        // One batch at a time, in the order of the calls: this one began when it came, or when the one before was done.
        return networkWasFree.withLock { free in
            let now = ContinuousClock.now
            defer { free = now }
            return (vectors, (now - max(asked, free)) / .seconds(1))
        }
    }
}
