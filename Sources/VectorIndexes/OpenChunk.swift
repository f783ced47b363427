import SystemPackage

/// The published rows of a chunk, mapped, and the rows of it that were deleted when it was opened.
struct OpenChunk: Sendable {
    let number: Int
    let rows: Int
    let tombstones: Tombstones
    private let dimension: Int
    private let vectorBytes: MappedBytes
    private let vectorFile: FileIdentity
    private let recordBytes: MappedBytes

    /// Opens a chunk of a manifest. Ids and tombstones are held against their checksums; vectors are not read.
    ///
    /// - Parameter earlier: the chunk as it was opened before, whose mapping serves the rows that came since as well; nil
    ///   when it was not.
    init(
        _ entry: Manifest.Chunk, of manifest: Manifest, layout: StoreLayout, after earlier: OpenChunk?
    ) throws(IndexError) {
        number = entry.number
        rows = entry.rows
        dimension = manifest.identity.dimension
        let vectors = try ChunkFile(.vectors, entry, manifest, layout.vectors(entry.number), rowSize: 4 * dimension)
        vectorFile = try vectors.file.identity()
        if let earlier, earlier.vectorFile == vectorFile {
            vectorBytes = earlier.vectorBytes
        } else {
            vectorBytes = try vectors.map(rows: manifest.rowsPerChunk)
        }
        let records = layout.records(entry.number)
        recordBytes = try ChunkFile(.records, entry, manifest, records, rowSize: RowRecord.size).map(rows: rows)
        let checksum = CRC32C.checksum(
            UnsafeRawBufferPointer(rebasing: recordBytes.bytes[FileHeader.Kind.records.contentOffset...]))
        guard checksum == entry.recordsChecksum else {
            throw .damaged(
                records, what: "has checksum \(hexadecimal(checksum)), not \(hexadecimal(entry.recordsChecksum))")
        }
        if let version = entry.tombstones {
            tombstones = try Tombstones.read(version, chunk: entry, manifest: manifest, layout: layout)
        } else {
            tombstones = Tombstones()
        }
    }

    var liveCount: Int { rows - tombstones.count }

    /// The rows' first value: rows × dimension values, row-major, valid while `self` lives.
    var vectors: UnsafePointer<Float> {
        let start = vectorBytes.bytes.baseAddress.unsafelyUnwrapped + FileHeader.Kind.vectors.contentOffset
        return start.assumingMemoryBound(to: Float.self)
    }

    func vector(_ row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: vectors + row * dimension, count: dimension)
    }

    func id(_ row: Int) -> VectorID {
        VectorID(recordBytes.bytes.load(fromByteOffset: recordOffset(row), as: Int64.self))
    }

    func vectorChecksum(_ row: Int) -> UInt32 {
        recordBytes.bytes.load(fromByteOffset: recordOffset(row) + 8, as: UInt32.self)
    }

    /// The rows that live, in order.
    func liveRows() -> [Int] {
        tombstones.count == 0 ? Array(0..<rows) : (0..<rows).filter { !tombstones.contains($0) }
    }

    private func recordOffset(_ row: Int) -> Int {
        FileHeader.Kind.records.contentOffset + row * RowRecord.size
    }
}

/// A file of a chunk, open, and long enough for its rows.
private struct ChunkFile {
    let file: OpenFile
    private let header: FileHeader
    private let rowSize: Int

    init(
        _ kind: FileHeader.Kind, _ entry: Manifest.Chunk, _ manifest: Manifest, _ path: FilePath, rowSize: Int
    ) throws(IndexError) {
        do {
            file = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            throw .damaged(path, what: "is missing")
        }
        header = FileHeader(
            kind: kind, dimension: manifest.identity.dimension, chunk: entry.number, store: manifest.store)
        self.rowSize = rowSize
        let needed = kind.contentOffset + entry.rows * rowSize
        let size = try file.size()
        guard size >= needed else {
            throw .damaged(path, what: "has \(size) bytes, fewer than the \(needed) of its \(entry.rows) rows")
        }
    }

    /// Maps so many rows. Behind those that the file has nothing may be read; what is appended becomes part of the mapping.
    func map(rows: Int) throws(IndexError) -> MappedBytes {
        let mapped = try file.map(count: header.kind.contentOffset + rows * rowSize)
        try header.check(mapped.bytes, of: file.path)
        return mapped
    }
}
