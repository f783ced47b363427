/// Writes `count` IEEE 754 binary16 values, little-endian and of any alignment, as binary32 values times `factor`; false when
/// one of them or of the products is infinite or NaN.
///
/// Shifting exponent and significand into a binary32's place and multiplying by 2^112 rebiases the exponent exactly,
/// subnormal values included: no branch, no instruction beyond SSE2, so that the compiler vectorizes the loop.
package func scaleHalves(
    _ source: UnsafeRawPointer, _ count: Int, by factor: Float, into destination: UnsafeMutablePointer<Float>
) -> Bool {
    var largest: UInt32 = 0
    for index in 0..<count {
        let half = UInt32(source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self))
        let magnitude = Float(bitPattern: (half & 0x7fff) &<< 13) * 0x1p112
        let value = Float(bitPattern: magnitude.bitPattern | (half & 0x8000) &<< 16) * factor
        destination[index] = value
        // Infinite and NaN halves come out as 2^16 and more, which no finite half reaches.
        largest = max(largest, magnitude.bitPattern >= Float(0x1p16).bitPattern ? .max : value.bitPattern & 0x7fff_ffff)
    }
    return largest < Float.infinity.bitPattern
}

/// Writes `count` IEEE 754 binary32 values, little-endian and of any alignment, times `factor`; false when one of the
/// products is infinite or NaN.
package func scaleFloats(
    _ source: UnsafeRawPointer, _ count: Int, by factor: Float, into destination: UnsafeMutablePointer<Float>
) -> Bool {
    var largest: UInt32 = 0
    for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: 4 &* index, as: Float.self) * factor
        destination[index] = value
        largest = max(largest, value.bitPattern & 0x7fff_ffff)
    }
    return largest < Float.infinity.bitPattern
}
