import Imaging
import Testing

/// Expected values are what `resize(size, BILINEAR)` of Pillow 12.0 gives.
@Suite struct ResizeTests {
    struct Golden: Sendable {
        let from: (width: Int, height: Int)
        let to: (width: Int, height: Int)
        let adler32: UInt32
    }

    @Test func `a small picture shrinks as in Pillow`() {
        let expected: [UInt8] = [
            59, 118, 136, 114, 120, 157, 116, 175, 142, 133, 100, 118, 158, 128, 77, 143, 133, 192,
        ]
        #expect(pattern(5, 3).resized(width: 3, height: 2).pixels == expected)
    }

    @Test func `a small picture grows as in Pillow`() {
        let expected: [UInt8] = [
            0, 59, 118, 0, 59, 118, 8, 67, 126, 19, 78, 137, 29, 88, 147, 37, 96, 155, 37, 96, 155,
            10, 69, 128, 10, 69, 128, 19, 78, 131, 31, 90, 136, 41, 100, 139, 50, 109, 143, 50, 109, 143,
            51, 110, 169, 51, 110, 169, 62, 121, 153, 77, 136, 131, 92, 151, 109, 103, 162, 93, 103, 162, 93,
            91, 150, 209, 91, 150, 209, 105, 164, 174, 123, 182, 126, 142, 201, 79, 156, 215, 43, 156, 215, 43,
            101, 160, 219, 101, 160, 219, 116, 175, 179, 135, 194, 125, 154, 213, 71, 169, 228, 31, 169, 228, 31,
        ]
        #expect(pattern(2, 2).resized(width: 7, height: 5).pixels == expected)
    }

    @Test func `a gradient stays a gradient`() {
        let pixels: [UInt8] = (0..<16).flatMap { (x: Int) -> [UInt8] in [UInt8(x * 17), UInt8(255 - x * 17), 128] }
        let gradient = RGBImage(width: 16, height: 1, pixels: pixels)
        let expected: [UInt8] = [24, 231, 128, 73, 182, 128, 128, 128, 128, 182, 73, 128, 231, 24, 128]
        #expect(gradient.resized(width: 5, height: 1).pixels == expected)
    }

    @Test(arguments: [
        Golden(from: (100, 100), to: (224, 224), adler32: 0xA441_37AF),
        Golden(from: (500, 375), to: (224, 224), adler32: 0xF8F0_EC0E),
        Golden(from: (333, 17), to: (224, 224), adler32: 0x17DF_477B),
        Golden(from: (7, 900), to: (224, 224), adler32: 0xE9EB_3E96),
        Golden(from: (640, 480), to: (1, 1), adler32: 0x0303_0181),
        Golden(from: (31, 29), to: (31, 50), adler32: 0x0DF7_0F37),
        Golden(from: (31, 29), to: (50, 29), adler32: 0x1141_7A4E),
        Golden(from: (1000, 3), to: (2, 700), adler32: 0x1406_26CC),
    ])
    func `every size comes out as in Pillow to the last bit`(golden: Golden) {
        let resized = pattern(golden.from.width, golden.from.height)
            .resized(width: golden.to.width, height: golden.to.height)
        #expect(adler32(resized.pixels) == golden.adler32)
    }

    @Test func `the same size is the same picture`() {
        #expect(pattern(13, 7).resized(width: 13, height: 7) == pattern(13, 7))
    }

    @Test(arguments: [(1, 1), (3, 500), (500, 3), (100, 100), (1021, 7)])
    func `a picture of one color stays of that color`(width: Int, height: Int) {
        let color: [UInt8] = [255, 0, 77]
        func plain(_ width: Int, _ height: Int) -> RGBImage {
            RGBImage(width: width, height: height, pixels: Array(repeatElement(color, count: width * height).joined()))
        }
        #expect(plain(width, height).resized(width: 224, height: 224) == plain(224, 224))
    }

    @Test func `resizing into given memory fills exactly that memory`() {
        let size = 3 * 20 * 30
        var memory = [UInt8](repeating: 0xEE, count: size + 2)
        memory.withUnsafeMutableBufferPointer { buffer in
            pattern(64, 48).resize(width: 20, height: 30, into: UnsafeMutableBufferPointer(rebasing: buffer[1...size]))
        }
        #expect(Array(memory[1...size]) == pattern(64, 48).resized(width: 20, height: 30).pixels)
        #expect(memory.first == 0xEE && memory.last == 0xEE)
    }

    @Test func `cropping takes the rectangle and nothing else`() {
        let picture = pattern(9, 8)
        let cropped = picture.cropped(x: 2, y: 3, width: 4, height: 5)
        #expect(cropped.width == 4 && cropped.height == 5)
        for y in 0..<5 {
            for x in 0..<12 { #expect(cropped.pixels[12 * y + x] == picture.pixels[27 * (y + 3) + 6 + x]) }
        }
    }
}
