/// The numbers in the bytes of a vector as the catalog stores it: float32, little-endian.
@frozen
public struct LittleEndianFloats: RandomAccessCollection {
    /// A whole number of float32, valid as long as whoever lent it says.
    public let bytes: UnsafeRawBufferPointer

    /// Reads the bytes where they lie.
    @inlinable
    public init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Always 0.
    @inlinable
    public var startIndex: Int { 0 }
    /// How many numbers there are.
    @inlinable
    public var endIndex: Int { bytes.count / 4 }

    /// The number at a place.
    @inlinable
    public subscript(index: Int) -> Float {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
}
