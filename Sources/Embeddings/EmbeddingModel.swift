/// What makes embeddings comparable: two embeddings belong together exactly when their models are equal.
public struct EmbeddingModel: Sendable, Hashable {
    /// `resnet50` or `structure-2048`.
    public let architecture: String
    /// SHA-256 of the weights file, 32 bytes; for a model without weights, of its specification.
    public let weightsSHA256: [UInt8]
    /// Values in one embedding.
    public let dimension: Int
    /// How a picture becomes the network's input: a raw value of ``PicturePreparation``.
    public let preprocessing: String
    /// The arithmetic the embeddings were computed in.
    public let precision: Precision

    /// Puts a model together from what a catalog stores about it.
    ///
    /// - Precondition: `weightsSHA256` has 32 bytes and `dimension` is positive.
    public init(
        architecture: String, weightsSHA256: [UInt8], dimension: Int, preprocessing: String, precision: Precision
    ) {
        precondition(weightsSHA256.count == 32, "a SHA-256 has 32 bytes, not \(weightsSHA256.count)")
        precondition(dimension > 0, "an embedding has at least one value, not \(dimension)")
        self.architecture = architecture
        self.weightsSHA256 = weightsSHA256
        self.dimension = dimension
        self.preprocessing = preprocessing
        self.precision = precision
    }

    /// The name a catalog gives it unless a person gives another: `resnet50-bf16`; a model without weights has its
    /// architecture's name.
    public var defaultName: String {
        architecture == StructureDescriptor.architecture ? architecture : "\(architecture)-\(precision.rawValue)"
    }
}
