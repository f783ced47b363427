import SystemPackage

/// What a generation of an index is to be built of.
public struct GenerationJob: Sendable {
    /// What was asked for.
    public let specification: IndexSpecification
    /// The number that it gets, above that of every generation that the index has had.
    public let generation: Int
    /// How much of the present generation, if there is one, is to be thrown away.
    public let remedy: Remedy
    /// The rows, as they were published when the job was made.
    public let store: VectorStore
    /// Threads to use, the calling one included.
    public let threads: Int

    /// Ways to a new generation, the cheapest first. A type that does not know one does the next.
    public enum Remedy: String, Sendable, Codable, CaseIterable {
        /// Each centroid becomes the mean of the rows that its list has now.
        case recenter
        /// The longest lists are split and the rows near their borders find their new lists.
        case split
        /// Everything is trained anew.
        case full
    }

    /// Describes a job.
    public init(
        _ specification: IndexSpecification, generation: Int, remedy: Remedy = .full, over store: VectorStore,
        threads: Int = SearchLimits.defaultThreads
    ) {
        self.specification = specification
        self.generation = generation
        self.remedy = remedy
        self.store = store
        self.threads = threads
    }

    /// Trains and builds the generation and writes its files, which no manifest names yet.
    ///
    /// Blocks the calling thread; takes no lock and disturbs no writer.
    ///
    /// - Throws: ``IndexError/cancelled(_:)``, ``IndexError/file(_:_:_:)`` or ``IndexError/native(_:)``. Then there are no
    ///   files, or some that the next writer removes.
    /// - Complexity: IVF assigns every row to a list, n × nlist distances; HNSW adds every row, about n × efConstruction
    ///   × log n distances.
    public func build(_ control: BuildControl = BuildControl()) throws(IndexError) -> GenerationDraft {
        let layout = StoreLayout(folder: store.folder)
        let folder = IndexFolder(specification.name, layout: layout, manifest: store.manifest)
        let rows = store.rows
        try createFolder(folder.path)
        do throws(IndexError) {
            var generation =
                switch specification.type {
                case .flat: preconditionFailure("a flat index has nothing to build")
                case .hnsw: try HNSWIndex.build(self, rows, in: folder, control)
                case .ivfflat, .ivfpq: try InvertedFileIndex.build(self, rows, in: folder, control)
                }
            generation.covers = rows.end.rawValue
            try synchronizeFolder(folder.path)
            return GenerationDraft(specification: specification, number: self.generation, generation: generation)
        } catch {
            // On a full disk nobody wants what is left.
            for name in (try? names(in: folder.path)) ?? []
            where StoreLayout.chunkNumber(of: name) == self.generation { removeFile(folder.path.appending(name)) }
            throw error
        }
    }
}

/// A generation that was built and waits for a writer to take it over.
public struct GenerationDraft: Sendable {
    /// What was asked for.
    public let specification: IndexSpecification
    /// Its number.
    public let number: Int
    /// Its files, all of them on the disk.
    public let generation: Manifest.Generation
}
