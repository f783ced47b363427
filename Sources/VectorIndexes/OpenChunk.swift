import SystemPackage

/// The published rows of a chunk, mapped, and the rows of it that were deleted when it was opened.
struct OpenChunk: Sendable {
    let number: Int
    let rows: Int
    let tombstones: Tombstones
    private let dimension: Int
    private let vectorBytes: MappedBytes
    private let recordBytes: MappedBytes

    /// Opens a chunk of a manifest. Ids and tombstones are held against their checksums; vectors are not read.
    init(_ entry: Manifest.Chunk, of manifest: Manifest, layout: StoreLayout) throws(IndexError) {
        number = entry.number
        rows = entry.rows
        dimension = manifest.identity.dimension
        vectorBytes = try Self.map(.vectors, entry, manifest, layout.vectors(entry.number), rowSize: 4 * dimension)
        let records = layout.records(entry.number)
        recordBytes = try Self.map(.records, entry, manifest, records, rowSize: RowRecord.size)
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

    private static func map(
        _ kind: FileHeader.Kind, _ entry: Manifest.Chunk, _ manifest: Manifest, _ path: FilePath, rowSize: Int
    ) throws(IndexError) -> MappedBytes {
        let file: OpenFile
        do {
            file = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            throw .damaged(path, what: "is missing")
        }
        let needed = kind.contentOffset + entry.rows * rowSize
        let size = try file.size()
        guard size >= needed else {
            throw .damaged(path, what: "has \(size) bytes, fewer than the \(needed) of its \(entry.rows) rows")
        }
        let mapped = try file.map(count: needed)
        let header = FileHeader(
            kind: kind, dimension: manifest.identity.dimension, chunk: entry.number, store: manifest.store)
        try header.check(mapped.bytes, of: path)
        return mapped
    }
}
