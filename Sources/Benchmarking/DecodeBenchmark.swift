import Embeddings
import Imaging

/// What it costs to make a network's input of a large JPEG, and what the reduced scale changes.
public struct DecodeBenchmark: Sendable {
    /// Size of the picture, upright.
    public let width: Int
    /// Rows of the upright picture.
    public let height: Int
    /// 1, 2, 4 or 8.
    public let scaleDenominator: Int
    /// Median of decoding at the reduced scale, turning upright, resizing and normalizing; one thread.
    public let reduced: Duration
    /// Median of the same from the full scale.
    public let full: Duration
    /// Median of what it was measured against in turn; nil when there was nothing.
    public let reference: Duration?
    /// Between the embeddings of the two.
    public let cosine: Double

    /// Measures one picture, the two ways in turn.
    ///
    /// - Parameters:
    ///   - repetitions: timed runs of each, at least 1.
    ///   - reference: does the same work in another way and says how long it took; nil when it is not to be had.
    public static func run(
        _ bytes: [UInt8], embedder: any Embedder, repetitions: Int, reference: (Int) async throws -> Duration?
    ) async throws -> DecodeBenchmark {
        var times: (reduced: [Duration], full: [Duration], reference: [Duration]) = ([], [], [])
        let reducedInput = embedder.makeBatch(capacity: 1)
        let fullInput = embedder.makeBatch(capacity: 1)
        let scale = embedder.preparation.decodeScale
        var decoded = try ImageDecoder.decode(bytes, scale: scale)
        for _ in 0..<repetitions {
            times.reduced.append(
                try ContinuousClock().measure {
                    decoded = try prepare(bytes, scale: scale, embedder: embedder, into: reducedInput)
                })
            times.full.append(
                try ContinuousClock().measure {
                    _ = try prepare(bytes, scale: .full, embedder: embedder, into: fullInput)
                })
            if let time = try await reference(decoded.scaleDenominator) { times.reference.append(time) }
        }
        let embeddings = (try await embedder.embed(reducedInput), try await embedder.embed(fullInput))
        return DecodeBenchmark(
            width: decoded.header.orientedWidth, height: decoded.header.orientedHeight,
            scaleDenominator: decoded.scaleDenominator, reduced: median(times.reduced), full: median(times.full),
            reference: times.reference.isEmpty ? nil : median(times.reference),
            cosine: cosineSimilarity(embeddings.0, embeddings.1))
    }

    private static func prepare(
        _ bytes: [UInt8], scale: DecodeScale, embedder: any Embedder, into batch: PreparedBatch
    ) throws -> DecodedImage {
        let decoded = try ImageDecoder.decode(bytes, scale: scale)
        batch.removeAll()
        batch.append { embedder.preparation.prepare(decoded.image, into: $0) }
        return decoded
    }
}
