import FoundationEssentials
import SystemPackage

extension StoreWriter {
    /// Makes everything since the last publication visible and durable, all at once, together with how far the caller has
    /// followed its source.
    ///
    /// After an error nothing is published. When the disk is full the same call works once there is room; when the disk
    /// did not keep what was written, every further call is refused with the same error, and the store must be opened anew.
    ///
    /// - Parameter position: nil leaves the published position.
    /// - Returns: what is published now.
    /// - Throws: ``IndexError/fenced(have:need:)`` or ``IndexError/file(_:_:_:)``.
    /// - Complexity: O(rows appended + chunks), never O(rows). A chunk with newly deleted rows costs a bit a row.
    @discardableResult
    public func publish(position: Position? = nil) throws(IndexError) -> Manifest {
        try checkUsable()
        try checkFence()
        var next = pending.manifest
        next.publication = (published?.publication ?? next.publication) + 1
        next.publishedAt = wholeSeconds(now())
        next.position = position ?? next.position
        try synchronizing { () throws(IndexError) in
            for chunk in files.values { try chunk.synchronize() }
            for file in (sketcher?.files ?? [:]).values { try file.synchronize() }
            for place in pending.changedTombstones.sorted() {
                next.chunks[place].tombstones = try writeTombstones(place, next)
            }
            try synchronizeFolder(layout.vectors)
            try writeIndexes(&next)
            try writeWhole(ManifestFile.encode(next), to: layout.manifest)
            do throws(IndexError) {
                try synchronizeFolder(layout.folder)
            } catch {
                // The new manifest has its name already: what readers and a restart will find is not known any more.
                throw .file(.synchronize, layout.folder, error.errno ?? .ioError)
            }
        }
        finish(next)
        return next
    }

    /// Refuses when somebody else has published since this writer did: its lock is lost.
    private func checkFence() throws(IndexError) {
        guard let found = try Self.readableManifest(layout) else { return }
        if found.fence != published?.fence || found.publication != published?.publication {
            throw .fenced(have: found.fence, need: pending.manifest.fence)
        }
    }

    private func writeTombstones(_ place: Int, _ next: Manifest) throws(IndexError) -> Manifest.Tombstones {
        let chunk = next.chunks[place]
        let header = FileHeader(
            kind: .tombstones, dimension: next.identity.dimension, chunk: chunk.number, store: next.store,
            publication: next.publication)
        let tombstones = pending.tombstones[place]
        let bitmap = tombstones.padded(rows: chunk.rows)
        try writeWhole(header.bytes + bitmap, to: layout.tombstones(chunk.number, next.publication))
        return .init(
            publication: next.publication, dead: tombstones.count, checksum: CRC32C.checksum(bitmap))
    }

    private func finish(_ next: Manifest) {
        // Readers that are about to open what the old manifest named look again at the manifest.
        let replaced = published.map { StoreLayout.names(in: $0).subtracting(StoreLayout.names(in: next)) } ?? []
        for name in replaced { removeFile(layout.vectors.appending(name)) }
        let before = published
        published = next
        pending.manifest = next
        // Of a store that was damaged nobody knows what it consisted of. What cannot be removed now, the next writer will.
        // Sketches that were replaced may have had files for chunks that were never published with them.
        if emptyStart != nil || before?.sketch?.generation != next.sketch?.generation {
            try? removeLeftovers(keepingDrafts: emptyStart == nil)
        }
        if emptyStart == nil { removeIndexFiles(of: before, replacedBy: next) }
        emptyStart = nil
        let numbers = Set(next.chunks.map(\.number))
        mappings = mappings.filter { numbers.contains($0.key) }
        growing = growing.filter { name, _ in next.indexes.contains { $0.specification.name == name } }
        pending.changedTombstones = []
        pending.isChanged = false
        let open = pending.openChunk.map { next.chunks[$0].number }
        files = files.filter { $0.key == open }
        sketcher?.close(allBut: open)
    }
}
