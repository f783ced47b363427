import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// A folder of a test's own, removed with the last reference.
final class Scratch: Sendable {
    let folder: FilePath

    init() throws {
        var template = Array("/tmp/likeness-indexes-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil, "no folder can be made in /tmp: errno \(errno)")
        folder = FilePath(platformString: template)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.string) }

    /// The store's folder, which does not exist at first.
    var store: FilePath { folder.appending("resnet50-fp32") }

    func file(_ name: String) -> FilePath {
        var path = store
        for part in name.split(separator: "/") { path.append(String(part)) }
        return path
    }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: file(name).string)))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try FileManager.default.createDirectory(
            atPath: file(name).removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file(name).string))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name).string) }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: file(name).string, withDestinationPath: target)
    }

    /// The names of all files of the store, with the folders inside it.
    func names() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: store.string).filter { $0 != "vectors" }.sorted()
    }

    func identity(_ dimension: Int) -> StoreIdentity {
        StoreIdentity(model: "resnet50-fp32", modelIdentity: "sha256:abc fp32", dimension: dimension)
    }

    func writer(_ dimension: Int, fence: UInt64 = 1, rowsPerChunk: Int = 16_384) throws(IndexError) -> StoreWriter {
        try StoreWriter.open(store, identity: identity(dimension), fence: fence, rowsPerChunk: rowsPerChunk)
    }

    func open() throws -> VectorStore { try #require(try VectorStore.open(store)) }
}

/// Rows of a test, and the ids that they are stored under.
struct Rows {
    let dimension: Int
    var values: [Float]
    var count: Int { values.count / dimension }

    subscript(row: Int) -> [Float] { Array(values[row * dimension..<(row + 1) * dimension]) }

    /// Values from -1 to 1 that are the same in every run.
    static func random(_ count: Int, dimension: Int, seed: UInt64) -> Rows {
        var generator = SplitMix(state: seed)
        return Rows(
            dimension: dimension,
            values: (0..<count * dimension).map { _ in Float.random(in: -1...1, using: &generator) })
    }

    /// The first embeddings of unrelated photographs in `shared/vectors`.
    static func photographs(_ count: Int) throws -> Rows {
        let folder =
            ProcessInfo.processInfo.environment["LIKENESS_SHARED"].map { FilePath($0) }
            ?? FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .removingLastComponent().appending("shared")
        let path = folder.appending("vectors").appending("diverse-6000x2048.f16").string
        let data = try Data(contentsOf: URL(filePath: path))
        try #require(data.count >= count * 2048 * 2, "\(path) has \(data.count) bytes")
        let values = data.withUnsafeBytes { bytes in
            bytes.bindMemory(to: UInt16.self).prefix(count * 2048).map { Float(Float16(bitPattern: $0)) }
        }
        return Rows(dimension: 2048, values: values)
    }
}

func ids(_ numbers: some Sequence<Int>) -> [VectorID] { numbers.map { VectorID(Int64($0)) } }

let flat = IndexSpecification(name: "default", type: .flat)
