import Augmentation
import Imaging
import SystemPackage
import TestSupport

/// A picture whose every pixel differs from its neighbors, the same on every machine.
func pattern(_ width: Int, _ height: Int) -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<3 {
                pixels.append(UInt8(truncatingIfNeeded: x * 37 + y * 101 + channel * 59 + (x * y) % 7 * 31))
            }
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// A picture of one color.
func plain(_ width: Int, _ height: Int, _ color: [UInt8]) -> RGBImage {
    RGBImage(width: width, height: height, pixels: Array(repeatElement(color, count: width * height).joined()))
}

/// A photograph of 100 × 100 pixels, and the SHA-256 of its file.
func truck(_ number: Int) throws -> (picture: ParentPicture, sha256: [UInt8]) {
    let file = try FileContent.read(Array(try SharedData.path("photos/vehicles/truck/truck\(number).jpg").string.utf8))
    return (try ParentPicture(decoding: file.bytes), file.sha256)
}

/// What a new renderer makes of a picture.
func rendered(_ operations: [DrawnOperation], _ picture: RGBImage) throws -> RGBImage {
    try CopyRenderer().image(operations, of: ParentPicture(picture))
}

/// The largest difference of two samples; nil when the sizes differ.
func largestDifference(_ one: RGBImage, _ other: RGBImage) -> Int? {
    guard one.width == other.width, one.height == other.height else { return nil }
    return zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max()
}

/// The checksum of RFC 1950, for literals that another program computed.
func adler32(_ bytes: [UInt8]) -> UInt32 {
    var low: UInt32 = 1
    var high: UInt32 = 0
    for byte in bytes {
        low = (low + UInt32(byte)) % 65521
        high = (high + low) % 65521
    }
    return high << 16 | low
}

extension CornerDisplacements {
    /// From four pairs, clockwise from the top left.
    init(_ pairs: [(Double, Double)]) {
        self.init(
            topLeft: Corner(dx: pairs[0].0, dy: pairs[0].1), topRight: Corner(dx: pairs[1].0, dy: pairs[1].1),
            bottomRight: Corner(dx: pairs[2].0, dy: pairs[2].1), bottomLeft: Corner(dx: pairs[3].0, dy: pairs[3].1))
    }
}
