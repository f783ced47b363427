import SystemPackage

extension StoreWriter {
    /// Makes a generation that was built beside the writer the one that answers, with the next publication: rows that were
    /// appended since are added to it, the one before goes.
    ///
    /// With it the index gets the specification that the draft was built for.
    ///
    /// - Returns: false when there is no such index any more, or one of another type or with a later generation; the draft's
    ///   files then go with the next writer.
    /// - Throws: what loading and adding throws; then nothing has changed.
    /// - Complexity: that of loading the generation and of adding the rows that it lacks.
    @discardableResult
    public func adopt(_ draft: GenerationDraft) throws(IndexError) -> Bool {
        try checkUsable()
        guard
            let place = pending.manifest.indexes.firstIndex(where: { entry in
                entry.specification.name == draft.specification.name
                    && entry.specification.type == draft.specification.type
            }),
            pending.manifest.indexes[place].built == nil
                || pending.manifest.indexes[place].generation < draft.number
        else { return false }
        let entry = Manifest.Index(
            specification: draft.specification, generation: draft.number, builtAt: wholeSeconds(now()),
            built: draft.generation)
        var loaded = try load(entry, draft.generation)
        try catchUp(&loaded)
        pending.manifest.indexes[place] = entry
        growing[draft.specification.name] = loaded
        pending.isChanged = true
        return true
    }

    /// The number that the next generation of an index gets; above that of every file in its folder, so that what an
    /// earlier writer left unpublished is never taken for part of it.
    public func nextGeneration(of name: String) throws(IndexError) -> Int {
        let published = pending.manifest.indexes.first { $0.specification.name == name }?.generation ?? 0
        let left = try names(in: layout.index(name)).compactMap(StoreLayout.chunkNumber(of:)).max() ?? 0
        return max(published, left) + 1
    }

    /// Adds to every index that has structure of its own the rows that it lacks, writes what that changed, and says in the
    /// manifest what the index consists of.
    func writeIndexes(_ next: inout Manifest) throws(IndexError) {
        let end = pending.end(rowsPerChunk: next.rowsPerChunk)
        for place in next.indexes.indices {
            guard let built = next.indexes[place].built else { continue }
            let name = next.indexes[place].specification.name
            guard growing[name] != nil || built.covers < end.rawValue else { continue }
            var index: LoadedIndex
            if let loaded = growing.removeValue(forKey: name) {
                index = loaded
            } else {
                index = try load(next.indexes[place], built)
            }
            try catchUp(&index)
            growing[name] = index
            next.indexes[place].built = try index.index.write(for: next.publication)
            next.indexes[place].built?.covers = end.rawValue
            // The index knows those that it was loaded with; queries may have been given others since.
            next.indexes[place].built?.parameters = built.parameters
            try synchronizeFolder(layout.index(name))
        }
    }

    /// Removes what no manifest names from the folders of indexes, and the folders of indexes that there are no more.
    ///
    /// - Parameter keepingDrafts: leaves generations alone whose numbers are above the published ones: somebody may be
    ///   building them.
    func removeIndexLeftovers(keepingDrafts: Bool) throws(IndexError) {
        for name in try names(in: layout.folder) where IndexSpecification.isUsable(name: name) {
            let entry = (published ?? pending.manifest).indexes.first { $0.specification.name == name }
            let needed = Set([entry?.built?.base.name, entry?.built?.log.name].compactMap { $0 })
            let folder = layout.index(name)
            for file in try names(in: folder) where !needed.contains(file) {
                guard let number = StoreLayout.chunkNumber(of: file) else { continue }
                if keepingDrafts, let entry, number > entry.generation { continue }
                removeFile(folder.appending(file))
            }
            if entry == nil { removeEmptyFolder(folder) }
        }
    }

    /// Removes the files that the manifest before named and the present one does not.
    func removeIndexFiles(of before: Manifest?, replacedBy next: Manifest) {
        for old in before?.indexes ?? [] {
            let name = old.specification.name
            let new = next.indexes.first { $0.specification.name == name }
            let needed = [new?.built?.base.name, new?.built?.log.name]
            for file in [old.built?.base.name, old.built?.log.name].compactMap({ $0 }) where !needed.contains(file) {
                removeFile(layout.index(name).appending(file))
            }
            if new == nil { removeEmptyFolder(layout.index(name)) }
        }
    }

    /// The live rows from a slot on, unpublished ones included, with their vectors.
    private func rows(from first: RowSlot) throws(IndexError) -> [AddedRow] {
        var added: [AddedRow] = []
        let rowsPerChunk = pending.manifest.rowsPerChunk
        for (place, chunk) in pending.manifest.chunks.enumerated() {
            let begin = (chunk.number - 1) * rowsPerChunk
            let from = max(0, Int(first.rawValue) - begin)
            guard from < chunk.rows else { continue }
            let vectors = try mappedVectors(of: chunk.number)
            for row in from..<chunk.rows where !pending.tombstones[place].contains(row) {
                added.append(
                    AddedRow(
                        slot: RowSlot(rawValue: UInt32(begin + row)),
                        vector: vectors + row * pending.manifest.identity.dimension))
            }
        }
        return added.sorted { $0.slot < $1.slot }
    }

    /// The rows of a chunk, those to come included, as they will lie in the file.
    func mappedVectors(of chunk: Int) throws(IndexError) -> UnsafePointer<Float> {
        if mappings[chunk] == nil {
            let capacity = pending.manifest.rowsPerChunk * 4 * pending.manifest.identity.dimension
            let file = try OpenFile(layout.vectors(chunk), for: .read)
            // Behind the end of the file nothing may be read; once rows are appended it is part of the file.
            mappings[chunk] = try file.map(count: FileHeader.Kind.vectors.contentOffset + capacity)
        }
        guard let start = mappings[chunk]?.bytes.baseAddress else { preconditionFailure("a mapping has bytes") }
        return (start + FileHeader.Kind.vectors.contentOffset).assumingMemoryBound(to: Float.self)
    }

    private func load(
        _ entry: Manifest.Index, _ built: Manifest.Generation
    ) throws(IndexError) -> LoadedIndex {
        let folder = IndexFolder(entry.specification.name, layout: layout, manifest: pending.manifest)
        let rowsPerChunk = pending.manifest.rowsPerChunk
        let dimension = pending.manifest.identity.dimension
        let rows = Dictionary(uniqueKeysWithValues: pending.manifest.chunks.map { ($0.number, $0.rows) })
        let vector: RowVectors = { slot throws(IndexError) in
            let chunk = Int(slot.rawValue) / rowsPerChunk + 1
            let row = Int(slot.rawValue) % rowsPerChunk
            guard let rows = rows[chunk], row < rows else { return nil }
            return try self.mappedVectors(of: chunk) + row * dimension
        }
        switch entry.specification.type {
        case .flat: preconditionFailure("a flat index has nothing to load")
        case .hnsw:
            return LoadedIndex(
                index: try HNSWIndex.resume(entry, built, in: folder, vector), end: RowSlot(rawValue: built.covers))
        case .ivfflat, .ivfpq:
            return LoadedIndex(
                index: try InvertedFileIndex.resume(entry, built, in: folder), end: RowSlot(rawValue: built.covers))
        }
    }

    /// Adds the live rows that an index lacks. After an error the index must be loaded anew.
    private func catchUp(_ loaded: inout LoadedIndex) throws(IndexError) {
        let rows = try rows(from: loaded.end)
        if !rows.isEmpty { try loaded.index.add(rows, threads: SearchLimits.defaultThreads) }
        loaded.end = pending.end(rowsPerChunk: pending.manifest.rowsPerChunk)
    }
}

/// An index that the writer has in memory.
struct LoadedIndex {
    let index: any GrowingIndex
    /// Rows in slots below this one were added to it.
    var end: RowSlot
}

/// Where the vector of a row lies, which stays so while the writer lives; nil for a slot of no row.
typealias RowVectors = (RowSlot) throws(IndexError) -> UnsafePointer<Float>?

extension PendingStore {
    /// The slot that the next row gets at the earliest.
    func end(rowsPerChunk: Int) -> RowSlot {
        RowSlot(rawValue: manifest.chunks.map { UInt32(($0.number - 1) * rowsPerChunk + $0.rows) }.max() ?? 0)
    }
}
