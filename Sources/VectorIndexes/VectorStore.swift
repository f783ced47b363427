public import SystemPackage

/// The vectors of one model in a folder, and the indexes over them, as they were when the store was opened.
///
/// Reading takes no lock and disturbs no writer. What is published later does not show: open the store again. What was
/// opened stays readable while a reference lives, whatever a writer does meanwhile. Rows are mapped, not read: opening
/// costs 16 bytes a row, which are held against their checksum.
///
/// Rows are not checked when they are read: ``verify()`` does that. A disk that fails under a mapped row ends the process
/// with SIGBUS, as it does with every mapped file.
public struct VectorStore: Sendable {
    /// Where the store lies.
    public let folder: FilePath
    /// What was current when the store was opened.
    public let manifest: Manifest
    let rows: StoreRows
    var chunks: [OpenChunk] { rows.chunks }
    let live: LiveRows
    /// nil while rows have no sketches.
    let sketchSearch: SketchSearch?

    /// Opens the store in a folder; nil when there is none.
    ///
    /// - Parameter earlier: the same store as this process opened it before. Rows that it has mapped are not mapped again:
    ///   who asks again and again, and opens what was published meanwhile, finds their pages in place.
    /// - Throws: ``IndexError/damaged(_:what:)``, ``IndexError/newerFormat(_:have:know:)`` or
    ///   ``IndexError/file(_:_:_:)``.
    public static func open(
        _ folder: FilePath, after earlier: VectorStore? = nil
    ) throws(IndexError) -> VectorStore? {
        let layout = StoreLayout(folder: folder)
        while let manifest = try ManifestFile.read(layout) {
            do {
                return VectorStore(
                    folder: folder, manifest: manifest,
                    chunks: try chunks(of: manifest, layout: layout, after: earlier),
                    sketches: try StoreSketches(of: manifest, layout: layout))
            } catch {
                // A writer may have published and removed what the manifest named. Then there is another manifest, and
                // everything it names is there.
                guard let next = try ManifestFile.read(layout), next != manifest else { throw error }
            }
        }
        return nil
    }

    static func chunks(
        of manifest: Manifest, layout: StoreLayout, after earlier: VectorStore? = nil
    ) throws(IndexError) -> [OpenChunk] {
        let known = Dictionary(uniqueKeysWithValues: (earlier?.chunks ?? []).map { ($0.number, $0) })
        var chunks: [OpenChunk] = []
        for entry in manifest.chunks {
            chunks.append(try OpenChunk(entry, of: manifest, layout: layout, after: known[entry.number]))
        }
        return chunks
    }

    private init(folder: FilePath, manifest: Manifest, chunks: [OpenChunk], sketches: StoreSketches?) {
        self.folder = folder
        self.manifest = manifest
        rows = StoreRows(chunks, of: manifest)
        live = LiveRows(chunks)
        sketchSearch = sketches.map { SketchSearch(chunks, $0, dimension: manifest.identity.dimension) }
    }

    /// The rows of an opened store with other indexes and sketches.
    init(_ store: VectorStore, folder: FilePath, manifest: Manifest, sketchSearch: SketchSearch?) {
        self.folder = folder
        self.manifest = manifest
        self.sketchSearch = sketchSearch
        rows = store.rows
        live = store.live
    }

    /// Rows that a search can find.
    public var liveCount: Int { manifest.liveCount }

    /// Rows that are deleted but still take up space.
    public var deadCount: Int { manifest.deadCount }

    /// Bytes that the published rows, their records, sketches and tombstones take up, headers included.
    public var byteCount: Int {
        manifest.chunks.reduce(sketchByteCount) { sum, chunk in
            let vectors = FileHeader.Kind.vectors.contentOffset + chunk.rows * 4 * manifest.identity.dimension
            let records = FileHeader.Kind.records.contentOffset + chunk.rows * RowRecord.size
            let tombstones = chunk.tombstones.map { _ in FileHeader.size + Tombstones.byteCount(rows: chunk.rows) }
            return sum + vectors + records + (tombstones ?? 0)
        }
    }

    /// Bytes of the sketches and of what they are made with; 0 without sketches.
    public var sketchByteCount: Int {
        guard let sketch = manifest.sketch else { return 0 }
        let projection = SketchProjection.byteCount(m: sketch.components, d: manifest.identity.dimension)
        let row = sketch.components + SketchFileLayout.termsSize
        return manifest.chunks.reduce(FileHeader.size + projection) { $0 + FileHeader.size + $1.rows * row }
    }

    /// The ids of all live rows, in order.
    ///
    /// - Complexity: O(n), and once for each opened store O(n log n) when ids were not appended in order.
    public func liveIDs() -> [VectorID] { live.sorted.map(\.id) }

    /// A copy of the vector of a live row; nil when there is none of this id. A damaged vector is given as it is.
    ///
    /// - Complexity: O(log n + dimension), after what ``liveIDs()`` costs once.
    public func vector(of id: VectorID) -> [Float]? {
        withVector(of: id) { Array($0) }
    }

    /// Lends the vector of a live row, where it lies, for the time of `body`; nil when there is none of this id.
    public func withVector<Result>(of id: VectorID, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result? {
        guard let row = live.find(id) else { return nil }
        return withExtendedLifetime(self) { body(chunks[row.chunk].vector(row.row)) }
    }

    /// Lends each live row, where it lies, for the time of a call of `body`, in the order in which they were appended.
    ///
    /// This is the way to read many: a chunk after the other, without a table of ids.
    public func forEachVector<Failure: Error>(
        _ body: (VectorID, UnsafeBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        for chunk in chunks {
            for row in chunk.liveRows() { try body(chunk.id(row), chunk.vector(row)) }
        }
    }

    /// The exact search over the rows of this opened store, whether or not it has an index.
    public var exact: any SearchableIndex { flat }

    private var flat: FlatIndex {
        FlatIndex(
            Manifest.Index(
                specification: IndexSpecification(name: "exact", type: .flat), generation: 0,
                builtAt: manifest.publishedAt, built: nil), over: self)
    }

    /// The nearest rows of each query within a squared distance, it included, as ``exact`` finds them.
    ///
    /// With sketches it costs no more for a large k than for the rows that are so near: what lies beyond is ruled out by
    /// the distance, however far the k-th row is.
    ///
    /// - Parameters:
    ///   - queries: whole vectors one after the other, finite values.
    ///   - k: rows to find for each at most, 1 to ``SearchLimits/neighbors``' upper bound.
    ///   - distance: squared L2 distance, 0 or more.
    ///   - threads: threads to use, the calling one included.
    /// - Returns: an array for each query, nearest first, rows at equal distances by id.
    /// - Throws: as ``SearchableIndex/search(_:k:filter:threads:)``.
    public func nearest(
        _ queries: [Float], k: Int, within distance: Float, threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) -> [[Neighbor]] {
        let found = try flat.search(queries, k: k, filter: nil, within: distance, threads: threads)
        return found.map { $0.filter { $0.distance <= distance } }
    }

    /// The share of the live rows whose distances an exact search has to compute, 0 to 1, on average over some queries;
    /// nil without sketches. ``Manifest/Sketch/survivorShare`` is what it was at first.
    ///
    /// - Parameters:
    ///   - queries: whole vectors one after the other, finite values.
    ///   - k: rows that each asks for.
    /// - Throws: as ``SearchableIndex/search(_:k:filter:threads:)``.
    public func survivorShare(queries: [Float], k: Int = 10) throws(IndexError) -> Double? {
        try validate(queries: queries, dimension: manifest.identity.dimension, k: k, threads: 1)
        return try sketchSearch?.survivorShare(queries, k: k, of: liveCount)
    }

    /// An index over the rows of this opened store.
    ///
    /// - Parameter earlier: the same index as it was opened over an earlier opening of the store, which this one was opened
    ///   after: of what was read then only what came since is read and checked.
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``, or ``IndexError/typeUnavailable(_:)`` for an index that a later
    ///   version made.
    public func index(
        named name: String, after earlier: (any SearchableIndex)? = nil
    ) throws(IndexError) -> any SearchableIndex {
        guard let entry = manifest.indexes.first(where: { $0.specification.name == name }) else {
            throw .noSuchIndex(name, have: manifest.indexes.map(\.specification.name))
        }
        // Until its first generation is built, an index of any type answers exactly, from the rows.
        guard entry.built != nil else { return FlatIndex(entry, over: self) }
        switch entry.specification.type {
        case .flat: return FlatIndex(entry, over: self)
        case .hnsw: return try HNSWIndex.open(entry, over: self, after: earlier)
        case .ivfflat, .ivfpq: return try InvertedFileIndex.open(entry, over: self, after: earlier)
        }
    }
}
