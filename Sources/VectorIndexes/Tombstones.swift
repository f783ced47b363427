import SystemPackage

/// Which rows of a chunk are deleted: a bit a row.
struct Tombstones: Equatable {
    /// Bit n % 8 of byte n / 8 belongs to row n; rows that are not mentioned live.
    private(set) var bitmap: [UInt8] = []
    /// Rows that are deleted.
    private(set) var count = 0

    init() {}

    init(bitmap: [UInt8]) {
        self.bitmap = bitmap
        count = bitmap.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    func contains(_ row: Int) -> Bool {
        row / 8 < bitmap.count && bitmap[row / 8] & 1 << (row % 8) != 0
    }

    /// Deletes a row that lives.
    mutating func insert(_ row: Int) {
        if row / 8 >= bitmap.count {
            bitmap += [UInt8](repeating: 0, count: row / 8 + 1 - bitmap.count)
        }
        guard !contains(row) else { return }
        bitmap[row / 8] |= 1 << (row % 8)
        count += 1
    }

    /// What a tombstone file holds after its header, for a chunk of so many rows.
    func padded(rows: Int) -> [UInt8] {
        bitmap + [UInt8](repeating: 0, count: Self.byteCount(rows: rows) - bitmap.count)
    }

    static func byteCount(rows: Int) -> Int { (rows + 7) / 8 }

    /// Reads the version of a chunk's tombstones that the manifest names, once its checksum has been found right.
    ///
    /// The rows were counted when it was written; those that came later live.
    static func read(
        _ entry: Manifest.Tombstones, chunk: Manifest.Chunk, manifest: Manifest, layout: StoreLayout
    ) throws(IndexError) -> Tombstones {
        let path = layout.tombstones(chunk.number, entry.publication)
        guard let bytes = try contents(of: path) else { throw .damaged(path, what: "is missing") }
        let header = FileHeader(
            kind: .tombstones, dimension: manifest.identity.dimension, chunk: chunk.number, store: manifest.store,
            publication: entry.publication)
        try bytes.withUnsafeBufferPointer { bytes throws(IndexError) in
            try header.check(UnsafeRawBufferPointer(bytes), of: path)
        }
        let bitmap = bytes[FileHeader.size...]
        guard CRC32C.checksum(bitmap) == entry.checksum else {
            throw .damaged(
                path, what: "has checksum \(hexadecimal(CRC32C.checksum(bitmap))), not \(hexadecimal(entry.checksum))")
        }
        let tombstones = Tombstones(bitmap: Array(bitmap))
        guard tombstones.count == entry.dead, bitmap.count <= byteCount(rows: chunk.rows) else {
            throw .damaged(path, what: "names \(tombstones.count) deleted rows, not \(entry.dead)")
        }
        return tombstones
    }
}
