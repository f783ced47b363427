import Imaging

/// A picture whose every pixel differs from its neighbors, the same on every machine.
func pattern(_ width: Int, _ height: Int) -> RGBImage {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<3 {
                pixels.append(UInt8(truncatingIfNeeded: x * 37 + y * 101 + channel * 59 + (x * y) % 7 * 31))
            }
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// A picture that changes slowly, as photographs do, so that JPEG keeps it well.
func gradient(_ width: Int, _ height: Int) -> RGBImage {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for y in 0..<height {
        for x in 0..<width {
            pixels.append(UInt8(255 * x / max(width - 1, 1)))
            pixels.append(UInt8(255 * y / max(height - 1, 1)))
            pixels.append(UInt8(128 + (x + y) % 16))
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// The checksum of RFC 1950, for literals that another program computed.
func adler32(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { bytes in
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low &+ UInt32(byte)) % 65521
            high = (high &+ low) % 65521
        }
        return high << 16 | low
    }
}

/// The mean absolute difference of two pictures of one size, in steps of a sample.
func meanDifference(_ one: RGBImage, _ other: RGBImage) -> Double {
    precondition(one.width == other.width && one.height == other.height)
    var sum = 0
    for (a, b) in zip(one.pixels, other.pixels) { sum += abs(Int(a) - Int(b)) }
    return Double(sum) / Double(one.pixels.count)
}

extension Array where Element == UInt8 {
    /// Where `marker` (0xFF and a code) occurs, from the beginning.
    func positions(ofMarker code: UInt8) -> [Int] {
        indices.dropLast().filter { self[$0] == 0xFF && self[$0 + 1] == code }
    }
}
