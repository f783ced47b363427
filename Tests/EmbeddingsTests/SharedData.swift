import Embeddings
import FoundationEssentials
import Imaging
import SystemPackage

/// The test data beside the checkout. A test that cannot find it fails and says where it looked.
enum SharedData {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// `LIKENESS_SHARED`, or the folder `shared` beside the package.
    static var root: String {
        if let root = ProcessInfo.processInfo.environment["LIKENESS_SHARED"] { return root }
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return package.dropLast().joined(separator: "/") + "/shared"
    }

    static var weights: FilePath { FilePath("\(root)/models/resnet50-pqf.safetensors") }

    static func bytes(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: "\(root)/\(path)") else {
            throw Missing(description: "no file \(root)/\(path): set LIKENESS_SHARED to the folder of shared test data")
        }
        return data
    }

    /// Little-endian float32 values.
    static func floats(_ path: String) throws -> [Float] {
        try bytes(path).withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
    }

    static func picture(_ path: String, scale: DecodeScale = .full) throws -> RGBImage {
        try ImageDecoder.decode([UInt8](bytes(path)), scale: scale).image
    }

    static func names(in folder: String) throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)") else {
            throw Missing(description: "no folder \(root)/\(folder): set LIKENESS_SHARED to the folder of test data")
        }
        return names.sorted()
    }
}

/// The files of `golden/embeddings.json` with their expected embeddings.
struct GoldenEmbeddings: Sendable {
    let files: [String]
    private let values: [Float]

    init() throws {
        struct Description: Decodable {
            let files: [String]
        }
        files = try JSONDecoder().decode(Description.self, from: SharedData.bytes("golden/embeddings.json")).files
        values = try SharedData.floats("golden/embeddings.f32")
    }

    func embedding(_ position: Int) -> ArraySlice<Float> { values[2048 * position..<2048 * (position + 1)] }
}

/// Networks that several tests share: loading one takes seconds in a debug build.
enum SharedNetworks {
    static let float32 = Task { try await ResNet50(weights: SharedData.weights, precision: .float32) }
    static let bfloat16 = Task { try await ResNet50(weights: SharedData.weights, precision: .bfloat16) }

    static func of(_ precision: Precision) async throws -> ResNet50 {
        switch precision {
        case .float32: try await float32.value
        case .bfloat16: try await bfloat16.value
        }
    }
}

/// The cosine of the angle between two vectors, in double precision.
func cosine(_ left: some Collection<Float>, _ right: some Collection<Float>) -> Double {
    var (product, leftSquare, rightSquare) = (0.0, 0.0, 0.0)
    for (left, right) in zip(left, right) {
        product += Double(left) * Double(right)
        leftSquare += Double(left) * Double(left)
        rightSquare += Double(right) * Double(right)
    }
    return product / (leftSquare * rightSquare).squareRoot()
}

/// Two hexadecimal digits a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
