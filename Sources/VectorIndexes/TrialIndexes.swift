public import SystemPackage

extension VectorStore {
    /// The same opened rows without index and sketches, whose files lie in another folder: for what is tried and never
    /// published. Build with ``GenerationJob`` and ``SketchJob``, and put in with `trying`.
    ///
    /// - Parameter folder: gets a folder an index; the caller removes it.
    public func withTrialIndexes(in folder: FilePath) -> VectorStore {
        var manifest = manifest
        manifest.indexes = []
        manifest.sketch = nil
        for place in manifest.chunks.indices { manifest.chunks[place].sketch = nil }
        return VectorStore(self, folder: folder, manifest: manifest, sketchSearch: nil)
    }

    /// The same opened rows with one more index, which can be asked at once.
    ///
    /// - Parameter draft: built over this store.
    public func trying(_ draft: GenerationDraft) -> VectorStore {
        var manifest = manifest
        manifest.indexes.append(
            Manifest.Index(
                specification: draft.specification, generation: draft.number, builtAt: manifest.publishedAt,
                built: draft.generation))
        return VectorStore(self, folder: folder, manifest: manifest, sketchSearch: sketchSearch)
    }

    /// The same opened rows with sketches.
    ///
    /// - Parameter draft: made over this store.
    /// - Throws: ``IndexError/damaged(_:what:)`` or ``IndexError/file(_:_:_:)``.
    public func trying(_ draft: SketchDraft) throws(IndexError) -> VectorStore {
        var manifest = manifest
        manifest.sketch = draft.sketch
        for place in manifest.chunks.indices {
            manifest.chunks[place].sketch = draft.chunks[manifest.chunks[place].number]?.entry
        }
        let sketches = try StoreSketches(of: manifest, layout: StoreLayout(folder: folder))
        let search = sketches.map { SketchSearch(chunks, $0, dimension: manifest.identity.dimension) }
        return VectorStore(self, folder: folder, manifest: manifest, sketchSearch: search)
    }
}
