/// What a store will be once it is published: the manifest to be, and what of it is not on the disk yet.
struct PendingStore {
    var manifest: Manifest
    /// For each chunk of the manifest, in its order.
    var tombstones: [Tombstones] = []
    /// Places in the manifest's chunks whose tombstones differ from the published ones.
    var changedTombstones: Set<Int> = []
    /// Where each live id is.
    var rows: [VectorID: Place] = [:]
    /// Whether anything differs from what is published.
    var isChanged: Bool

    struct Place {
        /// Place among the manifest's chunks.
        let chunk: Int
        let row: Int
    }

    /// The same store as published, with its ids read from the disk.
    init(_ manifest: Manifest, layout: StoreLayout) throws(IndexError) {
        self.init(manifest)
        isChanged = false
        _ = try StoreSketches(of: manifest, layout: layout)
        for (place, chunk) in try VectorStore.chunks(of: manifest, layout: layout).enumerated() {
            tombstones.append(chunk.tombstones)
            for row in chunk.liveRows() { rows[chunk.id(row)] = Place(chunk: place, row: row) }
        }
    }

    /// A store without rows, to take the place of whatever is there. The manifest has no chunk.
    init(_ manifest: Manifest) {
        self.manifest = manifest
        isChanged = true
    }

    /// The place of the chunk that has room; nil when the next row begins a chunk.
    var openChunk: Int? {
        guard let last = manifest.chunks.indices.last, manifest.chunks[last].rows < manifest.rowsPerChunk else {
            return nil
        }
        return last
    }

    /// Counts in rows that stand in the files of chunk `number`, which is the last one or comes after it.
    ///
    /// - Parameters:
    ///   - records: the checksum of all records of the chunk, these included.
    ///   - sketch: that of all rows of the chunk, these included.
    mutating func take(
        _ ids: ArraySlice<VectorID>, chunk number: Int, records: CRC32C, sketch: Manifest.ChunkSketch?
    ) {
        if manifest.chunks.last?.number != number {
            manifest.chunks.append(.init(number: number, rows: 0, recordsChecksum: 0))
            manifest.nextChunk = number + 1
            tombstones.append(Tombstones())
        }
        let place = manifest.chunks.count - 1
        for id in ids {
            remove(id)
            rows[id] = Place(chunk: place, row: manifest.chunks[place].rows)
            manifest.chunks[place].rows += 1
        }
        manifest.chunks[place].recordsChecksum = records.value
        manifest.chunks[place].sketch = sketch
        isChanged = true
    }

    /// Deletes the row of an id; false when none lives.
    @discardableResult
    mutating func remove(_ id: VectorID) -> Bool {
        guard let place = rows.removeValue(forKey: id) else { return false }
        tombstones[place.chunk].insert(place.row)
        changedTombstones.insert(place.chunk)
        isChanged = true
        return true
    }
}
