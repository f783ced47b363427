import Imaging
import Testing

@Suite struct OrientationTests {
    /// Each pixel says where it came from: red its column, green its row.
    private static let stored = RGBImage(
        width: 40, height: 3,
        pixels: (0..<3).flatMap { y in (0..<40).flatMap { x -> [UInt8] in [UInt8(x), UInt8(y), 0] } })

    /// Where the upright picture takes its pixel (x, y) from, by the definition in the EXIF standard.
    private static func origin(_ orientation: Orientation, _ x: Int, _ y: Int) -> (x: Int, y: Int) {
        let right = stored.width - 1
        let bottom = stored.height - 1
        return switch orientation {
        case .up: (x, y)
        case .upMirrored: (right - x, y)
        case .down: (right - x, bottom - y)
        case .downMirrored: (x, bottom - y)
        case .leftMirrored: (y, x)
        case .right: (y, bottom - x)
        case .rightMirrored: (right - y, bottom - x)
        case .left: (right - y, x)
        }
    }

    @Test(arguments: Orientation.allCases)
    func `each orientation takes every pixel from its place`(orientation: Orientation) {
        let upright = Self.stored.oriented(orientation)
        #expect(upright.width == (orientation.swapsAxes ? 3 : 40))
        #expect(upright.height == (orientation.swapsAxes ? 40 : 3))
        for y in 0..<upright.height {
            for x in 0..<upright.width {
                let origin = Self.origin(orientation, x, y)
                let pixel = 3 * (y * upright.width + x)
                #expect(upright.pixels[pixel] == UInt8(origin.x) && upright.pixels[pixel + 1] == UInt8(origin.y))
            }
        }
    }

    @Test(arguments: ["Landscape", "Portrait"], 0...8)
    func `the same picture in every orientation is the same picture upright`(name: String, tag: Int) throws {
        let folder = "bad-jpegs/exif-orientation"
        let expected = try ImageDecoder.decode(try SharedPhotos.bytes("\(folder)/\(name)_1.jpg"))
        let decoded = try ImageDecoder.decode(try SharedPhotos.bytes("\(folder)/\(name)_\(tag).jpg"))
        #expect(decoded.header.orientation.rawValue == max(tag, 1), "0 is none of EXIF's and means upright")
        try #require(decoded.image.width == expected.image.width && decoded.image.height == expected.image.height)
        // Each was turned and compressed anew; the digit on it names the orientation and differs.
        let difference = meanDifference(
            decoded.image.resized(width: 90, height: 90), expected.image.resized(width: 90, height: 90))
        #expect(difference < 3)
        let wrong = expected.image.oriented(.down)
        #expect(
            difference * 5
                < meanDifference(wrong.resized(width: 90, height: 90), expected.image.resized(width: 90, height: 90)))
    }

    @Test(arguments: Orientation.allCases)
    func `an orientation that is written is read`(orientation: Orientation) throws {
        let file = try JPEGEncoder.encode(gradient(48, 32), quality: 95, orientation: orientation)
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.header.orientation == orientation)
        #expect(decoded.header.width == 48 && decoded.header.height == 32)
        #expect(decoded.image.width == decoded.header.orientedWidth)
        #expect(decoded.image.height == decoded.header.orientedHeight)
        #expect(meanDifference(decoded.image, gradient(48, 32).oriented(orientation)) < 4)
    }

    @Test func `a scale is chosen for the upright picture`() throws {
        let file = try JPEGEncoder.encode(gradient(1600, 400), quality: 80, orientation: .right)
        let high = try ImageDecoder.decode(file, scale: .atLeast(width: 100, height: 400))
        #expect(high.scaleDenominator == 4)
        #expect(high.image.width == 100 && high.image.height == 400)
        let wide = try ImageDecoder.decode(file, scale: .atLeast(width: 400, height: 100))
        #expect(wide.scaleDenominator == 1)
    }
}
