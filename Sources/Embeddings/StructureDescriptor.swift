import Crypto
import Imaging

/// `structure-2048`: a built-in descriptor without learned weights, for copies and near-duplicates, not for meaning.
///
/// The picture is squashed to 128 × 128 and seen as 8 × 8 cells; each cell gives 32 values: 16 of oriented gradients, 16 of
/// intensity and opponent colors (``StructureCells`` has the formulas). The 2048 values are L2-normalized. Plain float32
/// arithmetic and square roots in a fixed order: the same bits on every CPU. A flipped or rotated copy is another picture
/// to it.
///
/// Sources: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection (2005) for cells with shared votes;
/// Arandjelović and Zisserman, Three things everyone should know to improve object retrieval (2012) for L1 normalization
/// and square roots (Hellinger); van de Sande et al., Evaluating Color Descriptors (2010) for opponent colors.
public struct StructureDescriptor: Embedder {
    /// `structure-2048`.
    public static let architecture = "structure-2048"

    /// `structure-2048`; its SHA-256 is that of a text that specifies the formulas.
    public let model: EmbeddingModel
    /// 32; a batch costs nothing but its storage.
    public let preferredBatch = 32

    /// Any change of the formulas makes another model, and so changes this text.
    private static let specification = """
        structure-2048, version 1: squash to 128x128, antialiased bilinear; 8x8 cells, bilinear votes; 16 directions of \
        gradients of luma, L1-normalized with 5 added; 6 intensities, 5 red-green and 5 yellow-blue opponents, \
        L1-normalized, of weight 1/3 each; square roots; L2-normalized
        """

    /// The one such descriptor there is; costs nothing.
    public init() {
        model = EmbeddingModel(
            architecture: Self.architecture, weightsSHA256: Array(SHA256.hash(data: Array(Self.specification.utf8))),
            dimension: StructureCells.dimension, preprocessing: StructureCells.preparationName, precision: .float32)
    }

    /// The picture squashed to 128 × 128; decoded at 256 × 256 or more.
    public var preparation: PicturePreparation { .structure }

    /// About a millisecond a picture, on the calling task's thread. Values other than 0 to 255 are refused.
    public func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float] {
        let inputLength = StructureCells.inputLength
        guard batch.inputLength == inputLength else {
            throw .wrongBatch(have: batch.inputLength, need: inputLength)
        }
        var embeddings = try batch.withRows { rows, count throws(EmbeddingError) in
            var cells = StructureCells()
            var embeddings: [Float] = []
            embeddings.reserveCapacity(count * StructureCells.dimension)
            for picture in 0..<count {
                let pixels = UnsafeBufferPointer(rebasing: rows[picture * inputLength..<(picture + 1) * inputLength])
                guard pixels.allSatisfy({ $0 >= 0 && $0 <= 255 }) else { throw .inputNotFinite(position: picture) }
                embeddings += cells.describe(pixels)
            }
            return embeddings
        }
        try normalizeRows(&embeddings, length: StructureCells.dimension)
        return embeddings
    }
}
