/// The rows of some opened chunks by their slots: how an index gets from its own structure to vectors and ids.
struct StoreRows: Sendable {
    let chunks: [OpenChunk]
    let dimension: Int
    let rowsPerChunk: Int
    /// For each number of a chunk from the lowest on, its place among the chunks; -1 for numbers that are not there.
    private let places: [Int32]
    private let lowest: Int

    init(_ chunks: [OpenChunk], of manifest: Manifest) {
        self.chunks = chunks
        dimension = manifest.identity.dimension
        rowsPerChunk = manifest.rowsPerChunk
        lowest = chunks.map(\.number).min() ?? 1
        let highest = chunks.map(\.number).max() ?? 0
        var places = [Int32](repeating: -1, count: max(0, highest - lowest + 1))
        for (place, chunk) in chunks.enumerated() { places[chunk.number - lowest] = Int32(place) }
        self.places = places
    }

    /// Rows that live.
    var liveCount: Int { chunks.reduce(0) { $0 + $1.liveCount } }

    /// Where the row lies; nil for a slot that no opened row has.
    func place(of slot: RowSlot) -> (chunk: OpenChunk, row: Int)? {
        position(of: slot).map { (chunks[$0.chunk], $0.row) }
    }

    /// Where the row lies, by the place of its chunk among the chunks; nil for a slot that no opened row has.
    func position(of slot: RowSlot) -> (chunk: Int, row: Int)? {
        let number = Int(slot.rawValue) / rowsPerChunk + 1 - lowest
        guard places.indices.contains(number), places[number] >= 0 else { return nil }
        let place = Int(places[number])
        let row = Int(slot.rawValue) % rowsPerChunk
        return row < chunks[place].rows ? (place, row) : nil
    }

    /// Whether all rows of an earlier opening are among these, and lie where they did.
    func keepPlaces(of earlier: StoreRows) -> Bool {
        earlier.chunks.allSatisfy { chunk in
            chunks.contains { $0.number == chunk.number && $0.vectors == chunk.vectors && $0.rows >= chunk.rows }
        }
    }

    /// The row's first value, valid while these rows live; nil for a slot that no opened row has.
    func vector(_ slot: RowSlot) -> UnsafePointer<Float>? {
        place(of: slot).map { $0.chunk.vectors + $0.row * dimension }
    }

    /// The id of a live row; nil for a dead one and for a slot that no opened row has.
    func liveID(_ slot: RowSlot) -> VectorID? {
        guard let place = place(of: slot), !place.chunk.tombstones.contains(place.row) else { return nil }
        return place.chunk.id(place.row)
    }

    /// The slots of all live rows from one on, in order.
    func liveSlots(from first: RowSlot = RowSlot(rawValue: 0)) -> [RowSlot] {
        chunks.flatMap { chunk in
            chunk.liveRows().map { RowSlot(chunk: chunk.number, row: $0, rowsPerChunk: rowsPerChunk) }
        }.filter { $0 >= first }.sorted()
    }

    /// The slot that the next row may get at the earliest: all slots of these rows are below it.
    var end: RowSlot {
        let last = chunks.map { RowSlot(chunk: $0.number, row: $0.rows - 1, rowsPerChunk: rowsPerChunk) }.max()
        return RowSlot(rawValue: last.map { $0.rawValue + 1 } ?? 0)
    }
}
