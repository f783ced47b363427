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

/// A picture that cannot be compressed, the same on every machine.
func noise(_ width: Int, _ height: Int) -> RGBImage {
    var state: UInt64 = 1
    let pixels = (0..<(3 * width * height)).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// Pixels of every opacity: `4 * width * height` bytes of red, green, blue and opacity.
func translucent(_ width: Int, _ height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    for index in 0..<(width * height) {
        for value in [index % width * 5, index / width * 9, 77, index * 3] {
            pixels.append(UInt8(truncatingIfNeeded: value))
        }
    }
    return pixels
}

/// A sample of a translucent pixel laid over white, by the definition.
func laidOverWhite(_ color: Int, _ alpha: Int) -> UInt8 {
    let sum: Int = color * alpha + 255 * (255 - alpha)
    return UInt8((Double(sum) / 255).rounded())
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
