public import SystemPackage

extension VectorStore {
    /// The same opened rows with no index, whose indexes lie in another folder: for generations that are tried and never
    /// published. Build them with ``GenerationJob``, and put them in with ``trying(_:)``.
    ///
    /// - Parameter folder: gets a folder an index; the caller removes it.
    public func withTrialIndexes(in folder: FilePath) -> VectorStore {
        var manifest = manifest
        manifest.indexes = []
        return VectorStore(self, folder: folder, manifest: manifest)
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
        return VectorStore(self, folder: folder, manifest: manifest)
    }
}
