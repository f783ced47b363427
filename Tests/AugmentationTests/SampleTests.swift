import Augmentation
import Imaging
import Testing

@Suite struct SampleTests {
    struct Golden: Sendable {
        let factor: Double
        let brightness: UInt32
        let contrast: UInt32
        let saturation: UInt32
    }

    /// Checksums of what `ImageEnhance` of Pillow 12.3 gives.
    @Test(arguments: [
        Golden(factor: 0, brightness: 0x2199_0001, contrast: 0xA4BC_68A6, saturation: 0xA467_75EA),
        Golden(factor: 0.5, brightness: 0x7B8E_3B83, contrast: 0x16A8_6FD8, saturation: 0xB3B4_76D5),
        Golden(factor: 0.8, brightness: 0x230D_2C18, contrast: 0x0A17_7436, saturation: 0x12D7_750E),
        Golden(factor: 1, brightness: 0x7B54_87D4, contrast: 0x7B54_87D4, saturation: 0x7B54_87D4),
        Golden(factor: 1.2, brightness: 0x83E9_4682, contrast: 0x582C_8620, saturation: 0x2D7C_8E36),
        Golden(factor: 1.7, brightness: 0xC708_6B0D, contrast: 0x629E_A499, saturation: 0xE6D5_CAA0),
        Golden(factor: 4, brightness: 0x50D5_20BC, contrast: 0xB2C7_C91C, saturation: 0x450C_BD5D),
    ])
    func `brightness, contrast and saturation are Pillow's to the last bit`(golden: Golden) throws {
        let picture = pattern(61, 47)
        #expect(adler32(try rendered([.brightness(factor: golden.factor)], picture).pixels) == golden.brightness)
        #expect(adler32(try rendered([.contrast(factor: golden.factor)], picture).pixels) == golden.contrast)
        #expect(adler32(try rendered([.saturation(factor: golden.factor)], picture).pixels) == golden.saturation)
    }

    @Test func `grayscale is Pillow's to the last bit`() throws {
        #expect(adler32(try rendered([.grayscale], pattern(61, 47)).pixels) == 0xA467_75EA)
    }

    @Test func `colors changed one after the other are Pillow's to the last bit`() throws {
        let operations: [DrawnOperation] = [
            .brightness(factor: 1.1721), .contrast(factor: 0.8311), .saturation(factor: 1.1048),
        ]
        #expect(adler32(try rendered(operations, pattern(61, 47)).pixels) == 0x1BD5_CF79)
    }

    @Test(arguments: [(61, 47), (1, 1), (1, 30), (30, 1)])
    func `colors changed in one pass are those changed one by one`(width: Int, height: Int) throws {
        let operations: [DrawnOperation] = [
            .contrast(factor: 1.4), .brightness(factor: 0.6), .contrast(factor: 1.9), .saturation(factor: 3),
            .brightness(factor: 1.3), .grayscale, .brightness(factor: 0.5), .flip, .contrast(factor: 0.7),
        ]
        let picture = pattern(width, height)
        #expect(try rendered(operations, picture) == SlowReference.image(operations, of: picture))
    }

    @Test(arguments: [0.1, 0.5, 1, 2.7, 20], [(21, 13), (1, 1), (1, 12), (12, 1)])
    func `a blur is a mean weighted by a Gaussian`(sigma: Double, size: (Int, Int)) throws {
        let picture = pattern(size.0, size.1)
        let slow = try SlowReference.image([.blur(sigma: sigma)], of: picture)
        #expect(try #require(largestDifference(try rendered([.blur(sigma: sigma)], picture), slow)) <= 1)
    }

    @Test func `noise has the deviation that it says, and no bias`() throws {
        let gray = plain(200, 200, [128, 128, 128])
        for deviation in [0.7, 5, 25] {
            let noise = GaussianNoise(standardDeviation: deviation, seed: 7)
            let differences = try rendered([.noise(noise)], gray).pixels.map { Double($0) - 128 }
            let mean = differences.reduce(0, +) / 120_000
            let variance = differences.reduce(0) { $0 + $1 * $1 } / 120_000
            // Whole steps add a variance of 1/12; five standard errors are allowed.
            let expected = deviation * deviation + 1.0 / 12
            #expect(abs(mean) < 5 * expected.squareRoot() / 120_000.0.squareRoot())
            #expect(abs(variance - expected) < 0.03 * expected, "\(deviation): \(variance)")
        }
    }

    @Test func `noise beyond black and white is cut, and another seed is other noise`() throws {
        let black = plain(50, 50, [0, 0, 0])
        let strong = try rendered([.noise(GaussianNoise(standardDeviation: 100, seed: 1))], black)
        #expect(strong.pixels.filter { $0 == 0 }.count > 3000 && strong.pixels.contains { $0 > 200 })
        #expect(try rendered([.noise(GaussianNoise(standardDeviation: 100, seed: 2))], black) != strong)
        #expect(try rendered([.noise(GaussianNoise(standardDeviation: 100, seed: 1))], black) == strong)
    }

    @Test func `an occlusion covers its share of the picture where it says`() throws {
        let white = plain(100, 80, [255, 255, 255])
        let occlusion = Occlusion(share: 0.09, aspect: 2, x: 1, y: 0, fill: .gray)
        let result = try rendered([.occlusion(occlusion)], white)
        // 0.09 × 8000 pixels, twice as wide as high: 38 × 19.
        for y in 0..<80 {
            for x in 0..<100 {
                #expect(result.pixels[3 * (100 * y + x)] == (x >= 62 && y < 19 ? 128 : 255), "\(x), \(y)")
            }
        }
    }

    @Test func `an occlusion that is larger than the picture covers it`() throws {
        for size in [(100, 80), (1, 1), (1, 40)] {
            let white = plain(size.0, size.1, [255, 255, 255])
            let all = Occlusion(share: 1, aspect: Double(size.0) / Double(size.1), x: 0.3, y: 0.4, fill: .gray)
            #expect(try rendered([.occlusion(all)], white) == plain(size.0, size.1, [128, 128, 128]))
        }
    }

    @Test func `an occlusion that would be wider than the picture is cut`() throws {
        let wide = Occlusion(share: 0.5, aspect: 10, x: 0.5, y: 1, fill: .gray)
        let result = try rendered([.occlusion(wide)], plain(2, 40, [255, 255, 255]))
        // Of 20 × 2 pixels, 2 × 2 lie in the picture.
        #expect(result.pixels == [UInt8](repeating: 255, count: 6 * 38) + [UInt8](repeating: 128, count: 6 * 2))
    }

    @Test func `noise that occludes takes all values`() throws {
        let all = Occlusion(share: 1, aspect: 1, x: 0, y: 0, fill: .noise(seed: 5))
        let result = try rendered([.occlusion(all)], plain(64, 64, [1, 2, 3]))
        #expect(Set(result.pixels).count == 256)
    }

    @Test func `a JPEG in between leaves what its quality leaves`() throws {
        let picture = try truck(2).picture.image
        var last = Int.max
        for quality in [1, 30, 90] {
            let result = try rendered([.jpeg(quality: quality)], picture)
            #expect(try result == SlowReference.image([.jpeg(quality: quality)], of: picture))
            let loss = zip(result.pixels, picture.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(loss < last)
            last = loss
        }
    }

    /// The first quantization table of a file, in libjpeg's zigzag order, and libjpeg's own at quality 50.
    @Test(arguments: [(100, 1), (90, 3), (75, 8), (50, 16), (25, 32), (10, 80), (1, 255)])
    func `the last JPEG is the quality of the file`(quality: Int, firstStep: Int) throws {
        let truck = try truck(3)
        let file = try CopyRenderer().file([.flip, .jpeg(quality: quality)], of: truck.picture)
        let table = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xDB })
        #expect(Int(file[table + 5]) == firstStep)
        #expect(try file == JPEGEncoder.encode(truck.picture.image.oriented(.upMirrored), quality: quality))
    }

    @Test func `a file without a quality has the usual one`() throws {
        let truck = try truck(3)
        let renderer = CopyRenderer()
        let usual = try renderer.file([.flip, .jpeg(quality: 90)], of: truck.picture)
        #expect(try renderer.file([.flip], of: truck.picture) == usual)
    }
}
