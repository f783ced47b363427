import Imaging
import Testing

@Suite struct PictureQualityTests {
    /// The same figures from their definitions, in double precision, sample by sample.
    private static func slowly(_ image: RGBImage) -> PictureFigures {
        let bound = 224.0
        let longest = Double(max(image.width, image.height))
        let shrinks = longest > bound
        let width = shrinks ? max(1, Int((Double(image.width) * bound / longest).rounded())) : image.width
        let height = shrinks ? max(1, Int((Double(image.height) * bound / longest).rounded())) : image.height
        var luma: [Double] = []
        for pixel in 0..<(image.width * image.height) {
            let color = image.pixels[(3 * pixel)..<(3 * pixel + 3)].map { Double($0) }
            luma.append(0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2])
        }
        /// The weights of the input samples in output sample `index`: a triangle around its center, as wide as two
        /// output samples.
        func parts(_ index: Int, _ output: Int, _ input: Int) -> [(at: Int, part: Double)] {
            let scale = Double(input) / Double(output)
            let center = (Double(index) + 0.5) * scale
            let all = (0..<input).map { at in (at: at, part: 1 - abs(Double(at) + 0.5 - center) / scale) }
            return all.filter { $0.part > 0 }
        }
        var reduced = [[Double]](repeating: [Double](repeating: 0, count: width), count: height)
        for y in 0..<height {
            for x in 0..<width {
                var (sum, area) = (0.0, 0.0)
                for row in parts(y, height, image.height) {
                    for column in parts(x, width, image.width) {
                        sum += luma[row.at * image.width + column.at] * row.part * column.part
                        area += row.part * column.part
                    }
                }
                reduced[y][x] = sum / area
            }
        }
        var laplacian: [Double] = []
        for y in 0..<height where y > 0 && y < height - 1 {
            for x in 0..<width where x > 0 && x < width - 1 {
                let neighbors: Double = reduced[y - 1][x] + reduced[y + 1][x] + reduced[y][x - 1] + reduced[y][x + 1]
                laplacian.append(neighbors - 4 * reduced[y][x])
            }
        }
        let shades = reduced.flatMap { $0 }
        return PictureFigures(
            blur: variance(laplacian), brightness: mean(shades) / 255, contrast: variance(shades).squareRoot() / 255)
    }

    private struct PictureFigures {
        let blur: Double
        let brightness: Double
        let contrast: Double
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    private static func variance(_ values: [Double]) -> Double {
        let mean = mean(values)
        return values.isEmpty ? 0 : values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    }

    /// Averages over squares of 2 * `radius` + 1 pixels.
    private static func blurred(_ image: RGBImage, radius: Int) -> RGBImage {
        image.resized(width: max(1, image.width / radius), height: max(1, image.height / radius))
            .resized(width: image.width, height: image.height)
    }

    private static func near(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-5 * max(1, abs(other)) }

    @Test(arguments: [
        (1, 1), (2, 2), (3, 3), (17, 5), (224, 224), (225, 225), (223, 300), (400, 300), (448, 448), (1000, 3),
        (2, 999),
    ])
    func `the figures are those of their definitions`(width: Int, height: Int) {
        for picture in [pattern(width, height), gradient(width, height)] {
            let quality = PictureQuality(of: picture)
            let expected = Self.slowly(picture)
            #expect(Self.near(quality.blur, expected.blur), "\(quality.blur) \(expected.blur)")
            #expect(Self.near(quality.brightness, expected.brightness))
            #expect(Self.near(quality.contrast, expected.contrast))
        }
    }

    @Test func `black, white and half of each have the figures one expects`() {
        func plain(_ shade: UInt8) -> RGBImage {
            RGBImage(width: 300, height: 200, pixels: [UInt8](repeating: shade, count: 3 * 300 * 200))
        }
        let black = PictureQuality(of: plain(0))
        #expect(black.brightness == 0 && black.contrast == 0 && black.blur == 0)
        let white = PictureQuality(of: plain(255))
        #expect(Self.near(white.brightness, 1) && Self.near(white.contrast, 0) && Self.near(white.blur, 0))
        let half = RGBImage(
            width: 100, height: 100,
            pixels: [UInt8](repeating: 0, count: 15_000) + [UInt8](repeating: 255, count: 15_000))
        #expect(
            Self.near(PictureQuality(of: half).brightness, 0.5) && Self.near(PictureQuality(of: half).contrast, 0.5))
        // Two of 98 rows differ from one neighbor, by 255.
        #expect(Self.near(PictureQuality(of: half).blur, 2 * 255 * 255 / 98.0))
    }

    @Test func `green is brighter than red, and red than blue`() {
        let brightness = (0..<3).map { channel in
            let pixels = (0..<300).map { (index: Int) -> UInt8 in index % 3 == channel ? 255 : 0 }
            return PictureQuality(of: RGBImage(width: 10, height: 10, pixels: pixels)).brightness
        }
        #expect(zip(brightness, [0.299, 0.587, 0.114]).allSatisfy { Self.near($0, $1) })
    }

    @Test(arguments: ["photos/full-size/YCbCr.jpg", "photos/edited-copies/base_images/ukbench00120.jpg"])
    func `an unsharp copy has less of the Laplacian and the same brightness`(path: String) throws {
        let photo = try ImageDecoder.decode(try SharedPhotos.bytes(path)).image
        let qualities = [photo, Self.blurred(photo, radius: 8), Self.blurred(photo, radius: 32)].map(
            PictureQuality.init)
        #expect(qualities[0].blur > 4 * qualities[1].blur && qualities[1].blur > 2 * qualities[2].blur)
        #expect(abs(qualities[0].brightness - qualities[2].brightness) < 0.02)
    }

    @Test(arguments: ["photos/full-size/YCbCr.jpg", "photos/edited-copies/base_images/ukbench00120.jpg"])
    func `the figures hardly depend on the size of the picture`(path: String) throws {
        let file = try SharedPhotos.bytes(path)
        let whole = try ImageDecoder.decode(file)
        let reduced = try ImageDecoder.decode(file, scale: .atLeast(width: 224, height: 224))
        #expect(reduced.scaleDenominator > 1)
        let (one, other) = (PictureQuality(of: whole.image), PictureQuality(of: reduced.image))
        #expect(abs(one.brightness - other.brightness) < 0.005)
        #expect(abs(one.contrast - other.contrast) < 0.01)
        #expect((0.8...1.25).contains(one.blur / other.blur), "\(one.blur) \(other.blur)")
    }
}
