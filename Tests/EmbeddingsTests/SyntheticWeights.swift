import FoundationEssentials
import SystemPackage

/// Safetensors files that a test writes itself, in a folder that goes with the value.
final class WeightsFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "likeness-weights-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes bytes as a file of this folder.
    func file(_ bytes: Data, name: String = "weights.safetensors") throws -> FilePath {
        let file = url.appending(path: name)
        try bytes.write(to: file)
        return FilePath(file.path)
    }

    /// Writes a header, with its length before it, and data as a file of this folder.
    func file(header: String, data: Data = Data()) throws -> FilePath {
        try file(safetensors(header: header, data: data))
    }
}

/// The bytes of a safetensors file.
func safetensors(header: String, data: Data) -> Data {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + data
}

/// The JSON of one tensor.
func tensor(_ name: String, _ type: String, _ shape: [Int], _ offsets: [Int]) -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

/// The header length, the header and the data of the shared weights file.
struct RealWeights {
    let header: String
    let data: Data

    init() throws {
        let bytes = try SharedData.bytes("models/resnet50-pqf.safetensors")
        let length = bytes.withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))) }
        header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        data = Data(bytes[(8 + length)...])
    }
}
