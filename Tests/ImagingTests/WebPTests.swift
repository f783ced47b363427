import Imaging
import Testing

@Suite struct WebPTests {
    private static func overWhite(_ rgba: [UInt8]) -> [UInt8] {
        var pixels: [UInt8] = []
        for pixel in stride(from: 0, to: rgba.count, by: 4) {
            for color in rgba[pixel..<(pixel + 3)] { pixels.append(laidOverWhite(Int(color), Int(rgba[pixel + 3]))) }
        }
        return pixels
    }

    @Test func `a photograph kept without loss is the same to the last bit`() throws {
        let photo = try ImageDecoder.decode(try SharedPhotos.bytes("photos/full-size/YCbCr.jpg")).image
        let decoded = try ImageDecoder.decode(WebPFile.lossless(photo), scale: .atLeast(width: 10, height: 10))
        #expect(decoded.image == photo && decoded.scaleDenominator == 1)
        #expect(decoded.header.format == .webp && decoded.header.colorModel == .rgb && !decoded.header.hasAlpha)
    }

    @Test func `a photograph kept with loss is nearly the same`() throws {
        let photo = try ImageDecoder.decode(
            try SharedPhotos.bytes("photos/edited-copies/base_images/ukbench00120.jpg")
        ).image
        let coarse = try ImageDecoder.decode(WebPFile.lossy(photo, quality: 20))
        let fine = try ImageDecoder.decode(WebPFile.lossy(photo, quality: 95))
        #expect(fine.header.colorModel == .yCbCr && fine.header.components == 3)
        #expect(meanDifference(fine.image, photo) < 3)
        #expect(meanDifference(fine.image, photo) < meanDifference(coarse.image, photo))
    }

    @Test func `what is translucent lies over white`() throws {
        let rgba = translucent(50, 27)
        let lossless = try ImageDecoder.decode(WebPFile.lossless(rgba: rgba, width: 50, height: 27))
        #expect(lossless.header.hasAlpha && lossless.header.components == 4)
        #expect(lossless.image.pixels == Self.overWhite(rgba))
        let lossy = try ImageDecoder.decode(WebPFile.lossy(rgba: rgba, width: 50, height: 27, quality: 95))
        #expect(lossy.header.hasAlpha && lossy.header.colorModel == .yCbCr)
        let expected = RGBImage(width: 50, height: 27, pixels: Self.overWhite(rgba))
        #expect(meanDifference(lossy.image, expected) < 8)
    }

    @Test func `of an animation the first frame is seen on a white canvas`() throws {
        let frame = gradient(8, 6)
        let file = WebPFile.animation(
            width: 20, height: 16, frame: WebPFile.lossless(frame), x: 4, y: 2, frameWidth: 8, frameHeight: 6)
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.header.width == 20 && decoded.header.height == 16)
        #expect(decoded.image.cropped(x: 4, y: 2, width: 8, height: 6) == frame)
        for y in 0..<16 {
            for x in 0..<20 where !(4..<12).contains(x) || !(2..<8).contains(y) {
                let pixel = 3 * (20 * y + x)
                #expect(decoded.image.pixels[pixel..<(pixel + 3)] == [255, 255, 255])
            }
        }
    }

    @Test func `a cut file tells how much of it was there`() throws {
        let file = WebPFile.lossy(gradient(300, 200), quality: 80)
        #expect(throws: ImagingError.truncated(.inFile(bytes: file.count / 2, of: file.count), .webp)) {
            try ImageDecoder.decode(Array(file.prefix(file.count / 2)))
        }
        #expect(throws: ImagingError.truncated(.inHeader(bytes: 6), .webp)) {
            try ImageDecoder.header(of: Array(file.prefix(6)))
        }
        #expect(try ImageDecoder.decode(file + [1, 2, 3]).image == ImageDecoder.decode(file).image)
    }

    @Test func `a picture that ends within a whole file is damage`() throws {
        let still = WebPFile.lossless(pattern(64, 64))
        let content = Array(still[20...].prefix(still.count / 2))
        let error = #expect(throws: ImagingError.self) {
            try ImageDecoder.decode(WebPFile.riff(WebPFile.chunk("VP8L", content)))
        }
        #expect(error?.errorClass == "corrupt" && error?.message.contains("WebP") == true)
    }

    @Test func `a sound file is no picture`() {
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(Array("RIFFabcdWAVEfmt ".utf8)) }
        #expect(error?.errorClass == "not_an_image")
    }

    @Test func `a small file does not ask for gigabytes`() {
        // A VP8L head: 14 bits each of width and height less one.
        let head: [UInt8] = [0x2F, 0xFF, 0xFF, 0xFF, 0x0F] + [UInt8](repeating: 0, count: 40)
        let error = #expect(throws: ImagingError.self) {
            try ImageDecoder.decode(WebPFile.riff(WebPFile.chunk("VP8L", head)))
        }
        #expect(error?.errorClass == "too_much_memory")
        let canvas = WebPFile.animation(
            width: 60_000, height: 60_000, frame: WebPFile.lossless(gradient(2, 2)), x: 0, y: 0, frameWidth: 2,
            frameHeight: 2)
        let limit = DecodeLimits.standard.maxPixels
        #expect(throws: ImagingError.tooManyPixels(width: 60_000, height: 60_000, limit: limit)) {
            try ImageDecoder.decode(canvas)
        }
    }

    @Test func `the limit on memory is exact`() throws {
        let file = WebPFile.lossless(gradient(100, 80))
        let error = #expect(throws: ImagingError.self) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: 1000))
        }
        guard case .needsTooMuchMemory(let needed?, limit: 1000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed >= 100 * 80 * 7, "the picture and libwebp's own copy of four bytes a pixel")
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed))
        #expect(throws: ImagingError.needsTooMuchMemory(bytes: needed, limit: needed - 1)) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed - 1))
        }
    }
}
