import Augmentation
import Imaging
import Testing

@Suite struct GeometryTests {
    static let turned = CornerDisplacements([(0.1, 0.05), (-0.08, 0.12), (0, -0.1), (0.15, 0.02)])
    static let extreme = CornerDisplacements([(0.2, 0.2), (-0.2, -0.2), (0.2, 0.2), (-0.2, -0.2)])

    static let chains: [[DrawnOperation]] = [
        [.rotate(degrees: 7.3)], [.rotate(degrees: -180)], [.rotate(degrees: 180)], [.rotate(degrees: 90)],
        [.rotate(degrees: 45), .rotate(degrees: -45)],
        [.crop(SquareCrop(share: 0.85, x: 0.3, y: 0.9, size: 64))],
        [.crop(SquareCrop(share: 0.01, x: 1, y: 1, size: 9))], [.crop(SquareCrop(share: 1, x: 0, y: 0, size: 1))],
        [.crop(SquareCrop(share: 1, x: 0.5, y: 0.5, size: 29))],
        [.rotate(degrees: -9.9), .crop(SquareCrop(share: 0.8, x: 1, y: 0, size: 50)), .flip],
        [.crop(SquareCrop(share: 0.9, x: 1, y: 0, size: 20)), .rotate(degrees: 33), .flip, .rotate(degrees: 4)],
        [.perspective(turned)], [.perspective(extreme)],
        [.perspective(extreme), .rotate(degrees: 80), .perspective(turned)],
        [.flip, .perspective(turned), .crop(SquareCrop(share: 0.5, x: 0.2, y: 0.1, size: 12))],
    ]

    @Test(arguments: chains, [(61, 47), (1, 1), (1, 23), (40, 1), (3, 2)])
    func `one resampling is what each operation by itself says`(chain: [DrawnOperation], size: (Int, Int)) throws {
        let picture = pattern(size.0, size.1)
        let fast = try rendered(chain, picture)
        let slow = try SlowReference.image(chain, of: picture)
        #expect(try #require(largestDifference(fast, slow)) <= 1)
    }

    @Test(arguments: [(640, 480, 224), (500, 375, 100), (999, 401, 50), (300, 900, 7)])
    func `a picture made smaller is what each operation by itself says`(width: Int, height: Int, size: Int) throws {
        let chain: [DrawnOperation] = [
            .rotate(degrees: 5), .crop(SquareCrop(share: 0.87, x: 0.4, y: 0.6, size: size)), .flip,
        ]
        let fast = try rendered(chain, pattern(width, height))
        let slow = try SlowReference.image(chain, of: pattern(width, height))
        #expect(try #require(largestDifference(fast, slow)) <= 1)
    }

    @Test func `a crop alone is the crop and the resize of Imaging`() throws {
        let picture = try truck(1).picture.image
        for size in [45, 60, 80, 224] {
            let crop = SquareCrop(share: 0.8, x: 0.25, y: 0.75, size: size)
            let expected = picture.cropped(x: 5, y: 15, width: 80, height: 80).resized(width: size, height: size)
            let inner = try rendered([.crop(crop)], picture)
            // At its edges a crop looks at what lies beyond, which the resize of a cropped picture cannot.
            let margin = size / 20 + 2
            let edge = size - 2 * margin
            let difference = largestDifference(
                inner.cropped(x: margin, y: margin, width: edge, height: edge),
                expected.cropped(x: margin, y: margin, width: edge, height: edge))
            #expect(try #require(difference) <= 1, "\(size)")
        }
    }

    @Test(arguments: [(61, 47), (1, 1), (1, 9)])
    func `what changes nothing changes no bit`(width: Int, height: Int) throws {
        let picture = pattern(width, height)
        let still = CornerDisplacements([(0, 0), (0, 0), (0, 0), (0, 0)])
        let nothings: [[DrawnOperation]] = [
            [], [.rotate(degrees: 0)], [.flip, .flip], [.perspective(still)], [.brightness(factor: 1)],
            [.contrast(factor: 1)], [.saturation(factor: 1)], [.blur(sigma: 0)],
            [.noise(GaussianNoise(standardDeviation: 0, seed: 3))],
            [.occlusion(Occlusion(share: 0, aspect: 1, x: 0.5, y: 0.5, fill: .gray))],
            [.rotate(degrees: 180), .rotate(degrees: -180)],
        ]
        for operations in nothings { #expect(try rendered(operations, picture) == picture, "\(operations)") }
    }

    @Test func `a flip mirrors`() throws {
        #expect(try rendered([.flip], pattern(9, 4)) == pattern(9, 4).oriented(.upMirrored))
        // The flips are two resamplings here.
        let apart: [DrawnOperation] = [.flip, .brightness(factor: 1), .flip]
        #expect(try rendered(apart, pattern(9, 4)) == pattern(9, 4))
    }

    @Test func `quarter turns go counterclockwise and move whole pixels`() throws {
        #expect(try rendered([.rotate(degrees: 90)], pattern(8, 8)) == pattern(8, 8).oriented(.left))
        #expect(try rendered([.rotate(degrees: -90)], pattern(8, 8)) == pattern(8, 8).oriented(.right))
        #expect(try rendered([.rotate(degrees: 180)], pattern(9, 4)) == pattern(9, 4).oriented(.down))
        // Image.rotate(90) of Pillow 12.3.
        #expect(adler32(try rendered([.rotate(degrees: 90)], pattern(64, 64)).pixels) == 0x0320_CC00)
    }

    @Test(arguments: chains)
    func `a picture of one color stays of that color`(chain: [DrawnOperation]) throws {
        for size in [(61, 47), (1, 1), (300, 2), (700, 701)] {
            let result = try rendered(chain, plain(size.0, size.1, [255, 0, 77]))
            #expect(result == plain(result.width, result.height, [255, 0, 77]))
        }
    }

    @Test func `a picture as long as JPEG allows can be turned and cropped`() throws {
        let long = plain(65_500, 1, [9, 8, 7])
        let operations: [DrawnOperation] = [
            .rotate(degrees: 90), .perspective(Self.extreme), .crop(SquareCrop(share: 1, x: 1, y: 1, size: 30)),
        ]
        #expect(try rendered(operations, long) == plain(30, 30, [9, 8, 7]))
    }
}
