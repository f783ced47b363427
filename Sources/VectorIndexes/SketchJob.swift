public import FoundationEssentials
import SystemPackage

/// The making of sketches for all rows of a store, beside its writer.
public struct SketchJob: Sendable {
    /// The rows, as they were published when the job was made.
    public let store: VectorStore
    /// The number that the sketches get: ``StoreWriter/nextSketchGeneration()``.
    public let generation: Int
    /// Threads to use, the calling one included.
    public let threads: Int
    private let directions: Directions
    private let now: @Sendable () -> Date

    /// Where center and directions come from.
    package enum Directions: Sendable {
        /// The principal components of the rows, as many as cost least; none when nothing is gained.
        case chosen
        /// So many principal components.
        case components(Int)
        /// These: d values, and m × d, row-major, all finite.
        case given(center: [Float], basis: [Float])
    }

    /// Describes a job.
    public init(
        over store: VectorStore, generation: Int, threads: Int = SearchLimits.defaultThreads,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.init(over: store, generation: generation, threads: threads, .chosen, now: now)
    }

    /// Describes a job that does not choose for itself.
    package init(
        over store: VectorStore, generation: Int, threads: Int = 1, _ directions: Directions,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        precondition(generation >= 1 && SearchLimits.threads.contains(threads))
        self.store = store
        self.generation = generation
        self.threads = threads
        self.directions = directions
        self.now = now
    }

    /// Finds center and directions, sketches all rows, and writes the files, which no manifest names yet.
    ///
    /// Blocks the calling thread; takes no lock and disturbs no writer.
    ///
    /// - Returns: nil when sketches would not make searches of these rows cheaper: there are fewer than
    ///   ``SketchLimits/rows`` or they have fewer dimensions than ``SketchLimits/dimension``, or they differ in all
    ///   directions alike.
    /// - Throws: ``IndexError/cancelled(_:)``, ``IndexError/file(_:_:_:)`` or ``IndexError/native(_:)``. Then there are no
    ///   files, or some that a later writer removes.
    /// - Complexity: seconds for the directions, whatever the number of rows; 2 m × d operations a row for the sketches.
    public func build(_ control: BuildControl = BuildControl()) throws(IndexError) -> SketchDraft? {
        guard let found = try findDirections(control) else { return nil }
        let layout = StoreLayout(folder: store.folder)
        try createFolder(layout.vectors)
        do throws(IndexError) {
            let draft = try write(found, layout, control)
            try synchronizeFolder(layout.vectors)
            return draft
        } catch {
            // On a full disk nobody wants what is left.
            for name in (try? names(in: layout.vectors)) ?? []
            where StoreLayout.sketchGeneration(of: name) == generation { removeFile(layout.vectors.appending(name)) }
            throw error
        }
    }

    private func findDirections(_ control: BuildControl) throws(IndexError) -> SketchDirections? {
        switch directions {
        case .chosen:
            guard store.liveCount >= SketchLimits.rows, store.manifest.identity.dimension >= SketchLimits.dimension
            else { return nil }
            return try SketchTraining(store, control).cheapest()
        case .components(let count):
            guard store.liveCount > 0 else { return nil }
            return try SketchTraining(store, control).directions(count)
        case .given(let center, let basis):
            return store.liveCount > 0 ? SketchDirections(center: center, basis: basis, trainedRows: 0) : nil
        }
    }

    private func write(
        _ found: SketchDirections, _ layout: StoreLayout, _ control: BuildControl
    ) throws(IndexError) -> SketchDraft {
        var manifest = store.manifest
        let checksum = try SketchProjection.write(
            generation, center: found.center, basis: found.basis, for: manifest, layout: layout)
        manifest.sketch = description(found, checksum, survivorShare: 0)
        var draft = SketchDraft(store: manifest.store, sketch: description(found, checksum, survivorShare: 0))
        let projection = try SketchProjection(draft.sketch, of: manifest, layout: layout)
        for (place, chunk) in store.chunks.enumerated() {
            let entry = try sketch(chunk, draft.sketch, projection, manifest, layout, control)
            manifest.chunks[place].sketch = entry
            draft.chunks[chunk.number] = (chunk.rows, entry)
        }
        control.report("measuring sketches", 0.95)
        guard let sketches = try StoreSketches(of: manifest, layout: layout) else { return draft }
        let search = SketchSearch(store.chunks, sketches, dimension: manifest.identity.dimension)
        let share = try search.survivorShare(SketchTraining.queries(of: store), k: 10, of: store.liveCount)
        draft.sketch = description(found, checksum, survivorShare: share)
        return draft
    }

    private func description(
        _ found: SketchDirections, _ checksum: UInt32, survivorShare: Double
    ) -> Manifest.Sketch {
        Manifest.Sketch(
            generation: generation, components: found.basis.count / found.center.count, checksum: checksum,
            trainedRows: found.trainedRows, sketchedRows: store.liveCount, survivorShare: survivorShare,
            builtAt: wholeSeconds(now()))
    }

    /// Sketches the rows of a chunk, dead ones included, and waits until the disk has that.
    private func sketch(
        _ chunk: OpenChunk, _ sketch: Manifest.Sketch, _ projection: SketchProjection, _ manifest: Manifest,
        _ layout: StoreLayout, _ control: BuildControl
    ) throws(IndexError) -> Manifest.ChunkSketch {
        var sketcher = Sketcher(sketch, projection)
        var entry = Manifest.ChunkSketch(codesChecksum: 0, termsChecksum: 0, radius: 0)
        for row in stride(from: 0, to: chunk.rows, by: Sketcher.rowsAtOnce) {
            try control.check(Self.name)
            let slot = (chunk.number - 1) * manifest.rowsPerChunk + row
            control.report("sketching rows", 0.4 + 0.55 * Double(slot) / Double(max(1, store.rows.end.rawValue)))
            entry = try sketcher.write(
                chunk.vectors + row * projection.d, min(Sketcher.rowsAtOnce, chunk.rows - row), chunk: chunk.number,
                firstRow: row, after: entry, threads: threads, of: manifest, layout)
        }
        for file in sketcher.files.values { try file.synchronize() }
        return entry
    }

    /// What ``IndexError/cancelled(_:)`` calls what was being built.
    static let name = "sketches"
}

/// Sketches that were made and wait for a writer to take them over.
public struct SketchDraft: Sendable {
    /// The store that they are of.
    let store: UUID
    /// What the manifest is to say of them.
    public internal(set) var sketch: Manifest.Sketch
    /// For the number of each chunk how many of its rows have been sketched, and what the manifest is to say of them.
    var chunks: [Int: (rows: Int, entry: Manifest.ChunkSketch)] = [:]

    /// The names of its files.
    var names: Set<String> {
        Set(chunks.keys.map { StoreLayout.sketchesName($0, sketch.generation) })
            .union([StoreLayout.projectionName(sketch.generation)])
    }
}

/// What rows are to be sketched with.
struct SketchDirections {
    /// d values.
    let center: [Float]
    /// m × d values, row-major.
    let basis: [Float]
    /// Rows from which they were found.
    let trainedRows: Int
}
