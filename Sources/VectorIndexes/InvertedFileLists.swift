import SystemPackage

/// An opened generation: which live rows are in which list, and where they lie.
final class InvertedFileLists: Sendable {
    let entry: Manifest.Index
    let store: VectorStore
    let base: InvertedFileBase
    let built: Manifest.Generation
    /// List l has the entries starts[l]..<starts[l + 1].
    let starts: [Int]
    /// For each entry, its row's place in the store.
    let slots: [UInt32]
    /// For each entry, its record's place in the log.
    let ordinals: [UInt32]
    // The memory belongs to the store's mappings.
    /// For each entry, its row's first value.
    nonisolated(unsafe) let vectors: [UnsafePointer<Float>]
    private let log: CheckedFile

    var shape: InvertedFileShape { base.shape }
    /// Live rows.
    var count: Int { slots.count }
    /// The log's records, built.rows × shape.recordSize bytes, valid while `self` lives.
    var records: UnsafeRawBufferPointer { log.content }

    private func isOfSameTraining(
        _ built: Manifest.Generation, _ entry: Manifest.Index, _ store: VectorStore
    ) -> Bool {
        self.entry.specification.name == entry.specification.name && self.entry.generation == entry.generation
            && self.built.base == built.base && self.store.folder == store.folder
            && self.store.manifest.store == store.manifest.store
    }

    func entries(of list: Int) -> Range<Int> { starts[list]..<starts[list + 1] }

    /// The id of an entry's row.
    func id(_ entry: Int) -> VectorID {
        guard let place = store.rows.place(of: RowSlot(rawValue: slots[entry])) else {
            preconditionFailure("entries are of rows that the store has")
        }
        return place.chunk.id(place.row)
    }

    /// Maps a generation's files and sorts the live rows by list. Every number is checked.
    ///
    /// - Parameter earlier: the same index as it was opened before, whose centroids serve again unless it was trained anew.
    /// - Throws: ``IndexError/damaged(_:what:)`` or ``IndexError/file(_:_:_:)``.
    /// - Complexity: O(rows + nlist).
    init(
        _ entry: Manifest.Index, _ built: Manifest.Generation, over store: VectorStore,
        after earlier: InvertedFileLists? = nil
    ) throws(IndexError) {
        let folder = IndexFolder(
            entry.specification.name, layout: StoreLayout(folder: store.folder), manifest: store.manifest)
        self.entry = entry
        self.store = store
        self.built = built
        if let earlier, earlier.isOfSameTraining(built, entry, store) {
            base = earlier.base
        } else {
            base = try InvertedFileBase(built, entry, in: folder)
        }
        log = try folder.map(built.log, .lists, generation: entry.generation)
        let table = RowTable(store.rows)
        let sorted = try SortedRecords(log, base.shape, built, table)
        starts = sorted.starts
        slots = sorted.slots
        ordinals = sorted.ordinals
        vectors = sorted.slots.map { table.vector($0) }
    }
}

/// What is known of each slot, in arrays that are quick to read.
private struct RowTable {
    enum State {
        static let absent: UInt8 = 0
        static let dead: UInt8 = 1
        static let live: UInt8 = 2
        /// A live row that a record names.
        static let listed: UInt8 = 3
        /// A dead row that a record names.
        static let listedDead: UInt8 = 4
    }

    /// The slot that the first state belongs to.
    let first: Int
    var states: [UInt8]
    private let chunks: [UnsafePointer<Float>?]
    private let rowsPerChunk: Int
    private let dimension: Int

    init(_ rows: StoreRows) {
        let lowest = rows.chunks.map(\.number).min() ?? 1
        let highest = rows.chunks.map(\.number).max() ?? 0
        let count = max(0, highest - lowest + 1)
        rowsPerChunk = rows.rowsPerChunk
        dimension = rows.dimension
        first = (lowest - 1) * rowsPerChunk
        var states = [UInt8](repeating: State.absent, count: max(0, Int(rows.end.rawValue) - first))
        var chunks = [UnsafePointer<Float>?](repeating: nil, count: count)
        for chunk in rows.chunks {
            chunks[chunk.number - lowest] = chunk.vectors
            let start = (chunk.number - lowest) * rowsPerChunk
            for row in 0..<chunk.rows {
                states[start + row] = chunk.tombstones.contains(row) ? State.dead : State.live
            }
        }
        self.states = states
        self.chunks = chunks
    }

    func vector(_ slot: UInt32) -> UnsafePointer<Float> {
        let place = UInt32(Int(slot) - first)
        let (chunk, row) = place.quotientAndRemainder(dividingBy: UInt32(rowsPerChunk))
        guard let vectors = chunks[Int(chunk)] else { preconditionFailure("a live row is in a chunk") }
        return vectors + Int(row) * dimension
    }
}

/// The records of live rows by list, within a list in the order of the log.
private struct SortedRecords {
    var starts: [Int]
    var slots: [UInt32] = []
    var ordinals: [UInt32] = []

    init(
        _ log: CheckedFile, _ shape: InvertedFileShape, _ built: Manifest.Generation, _ table: RowTable
    ) throws(IndexError) {
        let records = log.content
        let size = shape.recordSize
        guard built.rows >= 0, built.rows <= records.count, records.count == built.rows * size else {
            throw .damaged(log.path, what: "has \(records.count) bytes, not \(size) for each of \(built.rows) rows")
        }
        if shape.m > 0, shape.bits < 8 { try Self.checkCodes(log, shape) }
        starts = [Int](repeating: 0, count: shape.nlist + 1)
        var states = table.states
        let inIndex = min(states.count, max(0, Int(built.covers) - table.first))
        var living = 0
        for ordinal in 0..<built.rows {
            let slot = Int(records.loadUnaligned(fromByteOffset: ordinal * size, as: UInt32.self))
            let list = Int(
                records.loadUnaligned(
                    fromByteOffset: ordinal * size + InvertedFileShape.listOffset, as: UInt32.self))
            guard list < shape.nlist else {
                throw .damaged(log.path, what: "names list \(list) of \(shape.nlist) in record \(ordinal)")
            }
            guard slot < Int(built.covers) else {
                throw .damaged(
                    log.path, what: "names slot \(slot) in record \(ordinal), but slots end at \(built.covers)")
            }
            // Rows of chunks that are gone are dead.
            guard slot >= table.first, slot - table.first < inIndex else { continue }
            switch states[slot - table.first] {
            case RowTable.State.live:
                states[slot - table.first] = RowTable.State.listed
                starts[list + 1] += 1
                living += 1
            case RowTable.State.dead: states[slot - table.first] = RowTable.State.listedDead
            case RowTable.State.listed, RowTable.State.listedDead:
                throw .damaged(log.path, what: "names slot \(slot) twice")
            default: continue
            }
        }
        if let missing = states.prefix(inIndex).firstIndex(of: RowTable.State.live) {
            throw .damaged(log.path, what: "lacks the live row in slot \(missing + table.first)")
        }
        for list in 0..<shape.nlist { starts[list + 1] += starts[list] }
        var next = starts
        slots = [UInt32](repeating: 0, count: living)
        ordinals = [UInt32](repeating: 0, count: living)
        for ordinal in 0..<built.rows {
            let slot = records.loadUnaligned(fromByteOffset: ordinal * size, as: UInt32.self)
            let place = Int(slot) - table.first
            guard place >= 0, place < inIndex, states[place] == RowTable.State.listed else { continue }
            let list = Int(
                records.loadUnaligned(
                    fromByteOffset: ordinal * size + InvertedFileShape.listOffset, as: UInt32.self))
            slots[next[list]] = slot
            ordinals[next[list]] = UInt32(ordinal)
            next[list] += 1
        }
    }

    /// Refuses codes that no entry of a codebook has.
    private static func checkCodes(_ log: CheckedFile, _ shape: InvertedFileShape) throws(IndexError) {
        var offset = 0
        while offset + shape.recordSize <= log.content.count {
            // The entries are a power of two: a bit too high in any code shows in the union of all.
            var union: UInt8 = 0
            for code in offset + InvertedFileShape.codesOffset..<offset + shape.recordSize {
                union |= log.content[code]
            }
            guard Int(union) < shape.entries else {
                throw .damaged(
                    log.path, what: "has a code above \(shape.entries - 1) in record \(offset / shape.recordSize)")
            }
            offset += shape.recordSize
        }
    }
}
