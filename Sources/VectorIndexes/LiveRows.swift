import Synchronization

/// The live rows of a store by id; made when first asked for, since a search does not need it.
final class LiveRows: Sendable {
    struct Row: Sendable {
        let id: VectorID
        /// The chunk's place among the opened chunks.
        let chunk: Int
        let row: Int
    }

    private let chunks: [OpenChunk]
    private let made = Mutex<[Row]?>(nil)

    init(_ chunks: [OpenChunk]) { self.chunks = chunks }

    /// All rows, by id.
    var sorted: [Row] {
        made.withLock { made in
            if let rows = made { return rows }
            var rows: [Row] = []
            rows.reserveCapacity(chunks.reduce(0) { $0 + $1.liveCount })
            for (place, chunk) in chunks.enumerated() {
                rows += chunk.liveRows().map { Row(id: chunk.id($0), chunk: place, row: $0) }
            }
            let isInOrder = zip(rows, rows.dropFirst()).allSatisfy { $0.id < $1.id }
            if !isInOrder { rows.sort { $0.id < $1.id } }
            made = rows
            return rows
        }
    }

    /// The row of an id; nil when none lives.
    func find(_ id: VectorID) -> Row? {
        let rows = sorted
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < rows.count && rows[low].id == id ? rows[low] : nil
    }
}
