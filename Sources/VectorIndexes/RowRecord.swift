/// What a chunk's record file says of one row: 16 bytes, little-endian.
///
///     0   8  id
///     8   4  CRC-32C of the row's vector
///     12  4  0
struct RowRecord: Equatable {
    static let size = 16

    let id: VectorID
    let vectorChecksum: UInt32

    var bytes: [UInt8] {
        littleEndian(id.rawValue) + littleEndian(vectorChecksum) + littleEndian(UInt32(0))
    }
}
