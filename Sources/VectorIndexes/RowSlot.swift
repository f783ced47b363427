/// Where a row of a store lies: its chunk and its row in one number that grows in the order in which rows are appended.
///
/// Indexes refer to rows by slots. A slot is never given to another row: numbers of chunks are not used twice.
struct RowSlot: Hashable, Comparable, Sendable {
    /// (number of the chunk - 1) × rows in a chunk + row.
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// - Parameter chunk: the chunk's number, from 1 on.
    init(chunk: Int, row: Int, rowsPerChunk: Int) { rawValue = UInt32((chunk - 1) * rowsPerChunk + row) }

    static func < (left: RowSlot, right: RowSlot) -> Bool { left.rawValue < right.rawValue }
}
