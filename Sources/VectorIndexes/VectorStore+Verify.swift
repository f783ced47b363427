public import SystemPackage

/// A difference between a file and what it must be.
public struct Damage: Sendable, Equatable {
    /// Where the difference is.
    public let file: FilePath
    /// What differs, in one line.
    public let what: String
    /// The live ids whose vectors must be fetched anew; empty when the difference concerns none in particular.
    public let ids: [VectorID]

    /// Describes a difference.
    public init(file: FilePath, what: String, ids: [VectorID]) {
        self.file = file
        self.what = what
        self.ids = ids
    }
}

extension VectorStore {
    /// Reads all vectors and sketches and holds them against their checksums; ids that live twice are found too.
    ///
    /// What has structure was checked when the store was opened, which then refused.
    ///
    /// - Returns: every difference, none when all is well.
    /// - Throws: ``IndexError/file(_:_:_:)`` when a file cannot be read at all.
    /// - Complexity: O(bytes); reads each vector once, through the file and not through the mapping, so that a disk that
    ///   fails is an error and not a signal.
    public func verify() throws(IndexError) -> [Damage] {
        let layout = StoreLayout(folder: folder)
        var damage: [Damage] = []
        for chunk in chunks {
            if let found = try verify(chunk, layout.vectors(chunk.number)) { damage.append(found) }
        }
        if let sketches = sketchSearch?.sketches { damage += try sketches.verify() }
        let ids = liveIDs()
        let twice = zip(ids, ids.dropFirst()).filter { $0 == $1 }.map(\.0)
        if !twice.isEmpty {
            damage.append(
                Damage(file: layout.manifest, what: "makes \(twice.count) ids current more than once", ids: twice))
        }
        return damage
    }

    private func verify(_ chunk: OpenChunk, _ path: FilePath) throws(IndexError) -> Damage? {
        let rowSize = 4 * manifest.identity.dimension
        let file: OpenFile
        do {
            file = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            return Damage(file: path, what: "is missing", ids: chunk.liveRows().map(chunk.id))
        }
        let rowsAtOnce = max(1, (1 << 20) / rowSize)
        var different: [Int] = []
        var firstRow = 0
        while firstRow < chunk.rows {
            let count = min(rowsAtOnce, chunk.rows - firstRow)
            let bytes = try file.read(
                count: count * rowSize, at: FileHeader.Kind.vectors.contentOffset + firstRow * rowSize)
            different += rows(in: bytes, thatDifferIn: chunk, from: firstRow, count: count)
            firstRow += count
        }
        guard let first = different.first else { return nil }
        let what =
            different.count == 1
            ? "differs from its checksum in the row of id \(chunk.id(first).rawValue)"
            : "differs from its checksums in \(different.count) of \(chunk.rows) rows, first in that of id "
                + "\(chunk.id(first).rawValue)"
        return Damage(
            file: path, what: what, ids: different.filter { !chunk.tombstones.contains($0) }.map(chunk.id))
    }

    /// Rows that the file no longer has differ too.
    private func rows(in bytes: [UInt8], thatDifferIn chunk: OpenChunk, from firstRow: Int, count: Int) -> [Int] {
        let rowSize = 4 * manifest.identity.dimension
        return bytes.withUnsafeBytes { bytes in
            (0..<count).filter { row in
                guard (row + 1) * rowSize <= bytes.count else { return true }
                let vector = UnsafeRawBufferPointer(rebasing: bytes[row * rowSize..<(row + 1) * rowSize])
                return CRC32C.checksum(vector) != chunk.vectorChecksum(firstRow + row)
            }.map { firstRow + $0 }
        }
    }
}
