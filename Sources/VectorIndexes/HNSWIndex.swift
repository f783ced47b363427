/// A graph over the rows of a store: hierarchical navigable small world.
enum HNSWIndex {
    /// The index as readers ask it.
    static func open(
        _ entry: Manifest.Index, over store: VectorStore
    ) throws(IndexError) -> any SearchableIndex { throw .typeUnavailable(.hnsw) }

    /// The index as the writer adds to it.
    static func resume(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder, _ vector: RowVectors
    ) throws(IndexError) -> any GrowingIndex { throw .typeUnavailable(.hnsw) }

    /// Builds a generation over all live rows.
    static func build(
        _ job: GenerationJob, _ rows: StoreRows, in folder: IndexFolder, _ control: BuildControl
    ) throws(IndexError) -> Manifest.Generation { throw .typeUnavailable(.hnsw) }
}
