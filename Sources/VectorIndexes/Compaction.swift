import FoundationEssentials
import SystemPackage

/// The rewriting of a store without its deleted rows: new chunks, and a new generation of every index over them.
///
/// It is done beside the store, in a folder that only a writer looks into; what is published stays readable meanwhile and
/// goes on changing. Needs room for a second copy of the live rows.
public struct CompactionJob: Sendable {
    /// The rows, as they were published when the job was made.
    public let store: VectorStore
    /// The number of the first chunk; the writer leaves this one and those up to the end to the job.
    let firstChunk: Int
    let endChunk: Int
    /// The number that new sketches get.
    let sketchGeneration: Int
    /// Threads to use, the calling one included.
    let threads: Int
    private let now: @Sendable () -> Date

    init(
        store: VectorStore, firstChunk: Int, endChunk: Int, sketchGeneration: Int, threads: Int,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.firstChunk = firstChunk
        self.endChunk = endChunk
        self.sketchGeneration = sketchGeneration
        self.threads = threads
        self.now = now
    }

    /// Copies the live rows and builds the indexes over the copies.
    ///
    /// Blocks the calling thread; takes no lock and disturbs no writer.
    ///
    /// - Throws: ``IndexError/cancelled(_:)`` and what ``GenerationJob/build(_:)`` throws; then nothing is left.
    /// - Complexity: writes each live row once, and what building every index costs.
    public func build(_ control: BuildControl = BuildControl()) throws(IndexError) -> CompactionDraft {
        let folder = StoreLayout(folder: store.folder).compaction
        do throws(IndexError) {
            try removeTree(folder)
            let writer = try StoreWriter.beginCompaction(
                of: store.manifest, in: folder, firstChunk: firstChunk, now: now)
            defer { writer.close() }
            try copyRows(to: writer, control)
            try buildIndexes(writer, control)
            return CompactionDraft(
                folder: folder, snapshot: Set(store.manifest.chunks.map(\.number)), end: store.rows.end,
                endChunk: endChunk)
        } catch {
            try? removeTree(folder)
            throw error
        }
    }

    private func copyRows(to writer: StoreWriter, _ control: BuildControl) throws(IndexError) {
        let rowsAtOnce = max(1, (4 << 20) / (4 * store.manifest.identity.dimension))
        var copied = 0
        for chunk in store.chunks {
            let live = chunk.liveRows()
            for first in stride(from: 0, to: live.count, by: rowsAtOnce) {
                try control.check("compaction")
                let rows = live[first..<min(first + rowsAtOnce, live.count)]
                try writer.append(ids: rows.map(chunk.id), vectors: rows.flatMap { Array(chunk.vector($0)) })
                copied += rows.count
                control.report("copying rows", Double(copied) / Double(max(1, store.liveCount)))
            }
        }
        try writer.publish()
    }

    private func buildIndexes(_ writer: StoreWriter, _ control: BuildControl) throws(IndexError) {
        guard let copy = try VectorStore.open(writer.folder) else { return }
        let sketches = SketchJob(over: copy, generation: sketchGeneration, threads: threads, now: now)
        if store.manifest.sketch != nil, let draft = try sketches.build(control) { try writer.adopt(draft) }
        for entry in copy.manifest.indexes where entry.specification.type != .flat && copy.liveCount > 0 {
            let generation = try writer.nextGeneration(of: entry.specification.name)
            let job = GenerationJob(entry.specification, generation: generation, over: copy, threads: threads)
            try writer.adopt(try job.build(control))
        }
        try writer.publish()
    }
}

/// A compacted copy of a store that waits for the writer to take it over.
public struct CompactionDraft: Sendable {
    let folder: FilePath
    /// The numbers of the chunks that were copied.
    let snapshot: Set<Int>
    /// Rows in slots from this one on were appended since.
    let end: RowSlot
    /// Chunks from this number on are the writer's.
    let endChunk: Int
}

extension StoreWriter {
    /// A job that rewrites what is published without its deleted rows.
    ///
    /// - Throws: ``IndexError/closed(_:)`` and what opening the store throws.
    public func compaction(threads: Int = SearchLimits.defaultThreads) throws(IndexError) -> CompactionJob? {
        try checkUsable()
        guard let store = try VectorStore.open(folder) else { return nil }
        let firstChunk = pending.manifest.nextChunk
        // As many again, and some, for what is appended until the copy takes over.
        pending.manifest.nextChunk += 2 * (store.liveCount / pending.manifest.rowsPerChunk + 1) + 4
        return CompactionJob(
            store: store, firstChunk: firstChunk, endChunk: pending.manifest.nextChunk,
            sketchGeneration: try nextSketchGeneration(), threads: threads,
            now: now)
    }

    /// Makes a compacted copy the store, with the next publication: rows that were appended since are appended to it, those
    /// that were deleted since are deleted in it.
    ///
    /// - Returns: false when the store was rebuilt since, or has more than doubled.
    /// - Throws: what writing throws; then nothing has changed, and the copy is left for another try.
    /// - Complexity: O(rows) comparisons, and that of the changes since.
    @discardableResult
    public func adopt(_ draft: CompactionDraft) throws(IndexError) -> Bool {
        try checkUsable()
        guard emptyStart == nil, draft.snapshot.isSubset(of: pending.manifest.chunks.map(\.number)) else {
            try removeTree(draft.folder)
            return false
        }
        let copy = try StoreWriter.open(
            draft.folder, identity: pending.manifest.identity, fence: pending.manifest.fence,
            store: pending.manifest.store, now: now)
        defer { copy.close() }
        try bringUpToDate(copy, draft)
        let manifest = try copy.publish()
        // More was appended meanwhile than there are numbers for: the next compaction begins with all of it.
        guard manifest.nextChunk <= draft.endChunk else {
            try removeTree(draft.folder)
            return false
        }
        try moveFiles(of: manifest, from: StoreLayout(folder: draft.folder))
        var next = pending.manifest
        next.chunks = manifest.chunks
        next.sketch = manifest.sketch
        next.nextChunk = max(next.nextChunk, manifest.nextChunk)
        next.indexes = next.indexes.map { entry in
            guard let new = manifest.indexes.first(where: { $0.specification == entry.specification }) else {
                // Created since: it is built like every new one.
                return Manifest.Index(
                    specification: entry.specification, generation: entry.generation, builtAt: entry.builtAt, built: nil
                )
            }
            return new
        }
        pending = try PendingStore(next, layout: layout)
        pending.isChanged = true
        files = [:]
        growing = [:]
        sketcher = nil
        return true
    }

    /// Opens an empty store beside another one, with its indexes, none of them built.
    static func beginCompaction(
        of manifest: Manifest, in folder: FilePath, firstChunk: Int, now: @escaping @Sendable () -> Date
    ) throws(IndexError) -> StoreWriter {
        let writer = try StoreWriter.open(
            folder, identity: manifest.identity, fence: manifest.fence, store: manifest.store,
            rowsPerChunk: manifest.rowsPerChunk, now: now)
        writer.pending.manifest.nextChunk = firstChunk
        writer.pending.manifest.indexes = manifest.indexes.map { entry in
            var entry = entry
            entry.built = nil
            return entry
        }
        return writer
    }

    private func bringUpToDate(_ copy: StoreWriter, _ draft: CompactionDraft) throws(IndexError) {
        let rowsPerChunk = pending.manifest.rowsPerChunk
        let numbers = pending.manifest.chunks.map(\.number)
        let new = pending.rows.filter { _, place in
            RowSlot(chunk: numbers[place.chunk], row: place.row, rowsPerChunk: rowsPerChunk) >= draft.end
        }.sorted { ($0.value.chunk, $0.value.row) < ($1.value.chunk, $1.value.row) }
        let dimension = pending.manifest.identity.dimension
        let rowsAtOnce = max(1, (4 << 20) / (4 * dimension))
        for first in stride(from: 0, to: new.count, by: rowsAtOnce) {
            let part = new[first..<min(first + rowsAtOnce, new.count)]
            var vectors: [Float] = []
            vectors.reserveCapacity(part.count * dimension)
            for (_, place) in part {
                let start = try mappedVectors(of: numbers[place.chunk]) + place.row * dimension
                vectors += UnsafeBufferPointer(start: start, count: dimension)
            }
            try copy.append(ids: part.map(\.key), vectors: vectors)
        }
        try copy.remove(copy.pending.rows.keys.filter { pending.rows[$0] == nil })
    }

    /// Gives the files of a copy their names in this store, where no manifest names them yet.
    private func moveFiles(of manifest: Manifest, from copy: StoreLayout) throws(IndexError) {
        for name in StoreLayout.names(in: manifest) {
            try move(copy.vectors.appending(name), to: layout.vectors.appending(name))
        }
        for entry in manifest.indexes {
            guard let built = entry.built else { continue }
            let name = entry.specification.name
            try createFolder(layout.index(name))
            for file in [built.base.name, built.log.name] {
                try move(copy.index(name).appending(file), to: layout.index(name).appending(file))
            }
            try synchronizeFolder(layout.index(name))
        }
        try synchronizeFolder(layout.folder)
    }
}
