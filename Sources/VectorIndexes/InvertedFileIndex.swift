/// Lists of rows around centroids, IVFFlat and IVFPQ.
enum InvertedFileIndex {
    /// The index as readers ask it.
    static func open(
        _ entry: Manifest.Index, over store: VectorStore
    ) throws(IndexError) -> any SearchableIndex { throw .typeUnavailable(.ivfflat) }

    /// The index as the writer adds to it.
    static func resume(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder
    ) throws(IndexError) -> any GrowingIndex { throw .typeUnavailable(.ivfflat) }

    /// Trains a generation and puts all live rows into its lists.
    static func build(
        _ job: GenerationJob, _ rows: StoreRows, in folder: IndexFolder, _ control: BuildControl
    ) throws(IndexError) -> Manifest.Generation { throw .typeUnavailable(.ivfflat) }
}
