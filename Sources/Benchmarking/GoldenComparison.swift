import Embeddings
import Faults
import FoundationEssentials
import Imaging
import SystemPackage

/// How near an embedder comes to embeddings that another implementation computed.
public struct GoldenComparison: Sendable {
    /// Files compared, each decoded at full scale from its JPEG bytes.
    public let files: Int
    /// The worst cosine among them, and the file that has it.
    public let lowestCosine: Double
    /// The file that has it.
    public let lowestCosineFile: String
    /// The largest absolute difference of any value from the given input tensors, the network alone.
    public let largestInputDifference: Double

    /// Compares with a folder that holds `embeddings.json` (files, shape), `embeddings.f32` (expected rows, little-endian)
    /// and `inputs-2x3x224x224.f32` (the input tensors of the first two files); the files lie relative to its parent.
    ///
    /// - Throws: `GoldenFault` when the folder is not of that kind, and what reading and embedding throw.
    public static func run(_ embedder: any Embedder, folder: FilePath) async throws -> GoldenComparison {
        let listing = try JSONDecoder().decode(Listing.self, from: Data(try data(folder.appending("embeddings.json"))))
        let expected = floats(try data(folder.appending("embeddings.f32")))
        let dimension = embedder.model.dimension
        guard expected.count == listing.files.count * dimension else {
            throw GoldenFault.wrongSize(
                folder.appending("embeddings.f32"), have: expected.count, need: listing.files.count * dimension)
        }
        var lowest = (cosine: Double.infinity, file: "")
        for (index, file) in listing.files.enumerated() {
            let path = folder.removingLastComponent().pushing(FilePath(file))
            let bytes = try FileContent.read(Array(path.string.utf8)).bytes
            let embedding = try await embedder.embed(try ImageDecoder.decode(bytes, scale: .full).image)
            let value = cosineSimilarity(embedding, expected[index * dimension..<(index + 1) * dimension])
            if value < lowest.cosine { lowest = (value, file) }
        }
        return GoldenComparison(
            files: listing.files.count, lowestCosine: lowest.cosine, lowestCosineFile: lowest.file,
            largestInputDifference: try await inputDifference(embedder, folder: folder, expected: expected))
    }

    private static func inputDifference(
        _ embedder: any Embedder, folder: FilePath, expected: [Float]
    ) async throws -> Double {
        let inputs = floats(try data(folder.appending("inputs-2x3x224x224.f32")))
        let length = embedder.preparation.inputLength
        let count = inputs.count / length
        guard count > 0, inputs.count == count * length else {
            throw GoldenFault.wrongSize(
                folder.appending("inputs-2x3x224x224.f32"), have: inputs.count, need: 2 * length)
        }
        let batch = embedder.makeBatch(capacity: count)
        for index in 0..<count {
            batch.append { slot in
                _ = slot.update(
                    fromContentsOf: inputs[index * length..<(index + 1) * length])
            }
        }
        let embeddings = try await embedder.embed(batch)
        return zip(embeddings, expected).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    }

    private struct Listing: Decodable {
        let files: [String]
    }

    private static func data(_ file: FilePath) throws -> [UInt8] {
        try FileContent.read(Array(file.string.utf8)).bytes
    }

    private static func floats(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count - 3, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }
}

/// A folder of expected embeddings that does not hold what it should.
enum GoldenFault: Fault {
    case wrongSize(FilePath, have: Int, need: Int)

    var message: String {
        switch self {
        case .wrongSize(let file, let have, let need): "\(file) holds \(have) numbers, not \(need)"
        }
    }
}
