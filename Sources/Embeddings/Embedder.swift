import Imaging

/// Turns pictures into embeddings of one model: prepared by ``preparation`` on any thread or in another process, embedded in
/// batches.
///
///     let embedder = try await ResNet50(weights: "resnet50.safetensors", precision: .fastestSupported)
///     let batch = embedder.makeBatch()
///     batch.append { embedder.preparation.prepare(image, into: $0) }
///     let embeddings = try await embedder.embed(batch)
public protocol Embedder: Sendable {
    /// What the embeddings belong to.
    var model: EmbeddingModel { get }
    /// How a picture becomes the model's input.
    var preparation: PicturePreparation { get }
    /// The batch size that costs least time per picture; a batch of any size works.
    var preferredBatch: Int { get }

    /// The embeddings of a batch's pictures: `count × dimension` values, row-major, each row of Euclidean length 1.
    ///
    /// The batch is left as it is. A picture's embedding does not depend on the batch that it came in.
    func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float]
}

extension Embedder {
    /// An empty batch that fits this embedder.
    ///
    /// - Parameter capacity: pictures it can hold; ``preferredBatch`` unless given.
    public func makeBatch(capacity: Int? = nil) -> PreparedBatch {
        PreparedBatch(capacity: capacity ?? preferredBatch, inputLength: preparation.inputLength)
    }

    /// The embedding of one picture, `dimension` values.
    public func embed(_ image: RGBImage) async throws(EmbeddingError) -> [Float] {
        let batch = makeBatch(capacity: 1)
        batch.append { preparation.prepare(image, into: $0) }
        return try await embed(batch)
    }
}
