import FoundationEssentials
import SystemPackage

extension Manifest {
    /// What one generation of an index consists of on the disk, and what is known of it.
    public struct Generation: Codable, Sendable, Equatable {
        /// One file in the index's folder. It may be longer: what follows is not part of the generation.
        public struct File: Codable, Sendable, Equatable {
            /// The last component of its path.
            public let name: String
            /// Its bytes behind the header.
            public var bytes: Int
            /// CRC-32C of those.
            public var checksum: UInt32
        }

        /// What is written once: centroids, codebooks, a graph.
        public var base: File
        /// What came since, appended.
        public var log: File
        /// Rows in slots below this one are in the index unless they were dead already when it was built.
        public var covers: UInt32
        /// Rows in it, those that died since included.
        public var rows: Int
        /// Rows that it was trained with, or that it was first built of.
        public var trainedRows: Int
        /// All parameters as they are used, defaults included.
        public var parameters: [String: Int]
        /// Share of the ten nearest that it found for sampled queries after it was built, 0 to 1; nil when not measured.
        public var recallAt10: Double?

        /// Bytes of its files, headers included.
        public var byteCount: Int { base.bytes + log.bytes + 2 * FileHeader.size }
    }
}

/// The folder of an index's generations.
struct IndexFolder: Sendable {
    let path: FilePath
    let store: UUID
    let dimension: Int

    init(_ name: String, layout: StoreLayout, manifest: Manifest) {
        path = layout.index(name)
        store = manifest.store
        dimension = manifest.identity.dimension
    }

    func header(_ kind: FileHeader.Kind, generation: Int) -> FileHeader {
        FileHeader(kind: kind, dimension: dimension, chunk: generation, store: store)
    }

    /// Maps a file that a manifest names, once its header and checksum have been found right.
    ///
    /// - Parameter beginning: what was found right of it before, of which nothing is read or given; nil: nothing.
    /// - Returns: its bytes behind the header and the beginning; the mapping must be kept while they are used.
    func map(
        _ file: Manifest.Generation.File, _ kind: FileHeader.Kind, generation: Int,
        behind beginning: Manifest.Generation.File? = nil
    ) throws(IndexError) -> CheckedFile {
        let path = path.appending(file.name)
        let open: OpenFile
        do {
            open = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            throw .damaged(path, what: "is missing")
        }
        let needed = kind.contentOffset + file.bytes
        let size = try open.size()
        guard size >= needed else {
            throw .damaged(path, what: "has \(size) bytes, fewer than the \(needed) that the manifest names")
        }
        let mapped = try open.map(count: needed)
        try header(kind, generation: generation).check(mapped.bytes, of: path)
        let content = UnsafeRawBufferPointer(
            rebasing: mapped.bytes[(kind.contentOffset + (beginning?.bytes ?? 0))...])
        var checksum = CRC32C(beginning?.checksum ?? 0)
        checksum.update(content)
        guard checksum.value == file.checksum else {
            throw .damaged(
                path, what: "has checksum \(hexadecimal(checksum.value)), not \(hexadecimal(file.checksum))")
        }
        return CheckedFile(path: path, mapping: mapped, content: content)
    }
}

/// A mapped file whose checksum was right, and its bytes behind the header.
struct CheckedFile: Sendable {
    let path: FilePath
    private let mapping: MappedBytes
    // The memory belongs to the mapping, which lives as long as this.
    nonisolated(unsafe) let content: UnsafeRawBufferPointer

    init(path: FilePath, mapping: MappedBytes, content: UnsafeRawBufferPointer) {
        self.path = path
        self.mapping = mapping
        self.content = content
    }
}

/// Writes a file of a generation from its header on, or goes on behind what was published of it.
///
/// Nothing is sure to be on the disk before ``synchronize()``; a name that no manifest has is nobody's, so the file needs no
/// other one while it is incomplete.
final class GenerationFileWriter {
    private let file: OpenFile
    private let offset: Int
    private(set) var state: Manifest.Generation.File
    private var checksum: CRC32C

    /// Begins a file.
    init(
        _ name: String, _ kind: FileHeader.Kind, generation: Int, in folder: IndexFolder
    ) throws(IndexError) {
        try createFolder(folder.path)
        file = try OpenFile(folder.path.appending(name), for: .write, truncating: true)
        offset = kind.contentOffset
        state = .init(name: name, bytes: 0, checksum: 0)
        checksum = CRC32C()
        try file.write(folder.header(kind, generation: generation).bytes, at: 0)
    }

    /// Goes on behind the published part; what stands there is cut off.
    ///
    /// - Throws: ``IndexError/damaged(_:what:)`` when a part of that is missing, and what opening throws.
    init(
        resuming published: Manifest.Generation.File, _ kind: FileHeader.Kind, in folder: IndexFolder
    ) throws(IndexError) {
        let path = folder.path.appending(published.name)
        file = try OpenFile(path, for: .write)
        offset = kind.contentOffset
        state = published
        checksum = CRC32C(published.checksum)
        let size = try file.size()
        guard size >= offset + published.bytes else {
            throw .damaged(
                path, what: "has \(size) bytes, fewer than the \(offset + published.bytes) that the manifest names")
        }
        try file.resize(to: offset + published.bytes)
    }

    /// Writes bytes behind those that were written. After an error nothing was; the same call may be made again.
    func append(_ bytes: UnsafeRawBufferPointer) throws(IndexError) {
        try file.write(bytes, at: offset + state.bytes)
        checksum.update(bytes)
        state.bytes += bytes.count
        state.checksum = checksum.value
    }

    /// Writes bytes behind those that were written. After an error nothing was; the same call may be made again.
    func append(_ bytes: [UInt8]) throws(IndexError) {
        try bytes.withUnsafeBufferPointer { bytes throws(IndexError) in try append(UnsafeRawBufferPointer(bytes)) }
    }

    func synchronize() throws(IndexError) { try file.synchronize() }
}
