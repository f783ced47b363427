import Imaging
import Testing

/// Expected checksums are of what Pillow 13.0 (libjpeg-turbo 3.2) gives: `exif_transpose`, `convert("RGB")`.
@Suite struct DecodeTests {
    struct Golden: Sendable {
        let path: String
        let width: Int
        let height: Int
        let colorModel: ColorModel
        let adler32: UInt32
    }

    private static let odd = "bad-jpegs/jpeg-decoder/tests__reftest__images__"

    @Test(arguments: [
        Golden(
            path: "photos/full-size/CMYK.jpg", width: 1600, height: 1004, colorModel: .cmyk, adler32: 491_682_359),
        Golden(path: odd + "rgb.jpg", width: 500, height: 333, colorModel: .rgb, adler32: 2_435_850_371),
        Golden(
            path: "photos/full-size/YCbCr.jpg", width: 1600, height: 1004, colorModel: .yCbCr, adler32: 4_138_563_032),
        Golden(
            path: "photos/full-size/exif-rotn-6.jpg", width: 3024, height: 4032, colorModel: .yCbCr,
            adler32: 1_625_326_272),
        Golden(
            path: "photos/edited-copies/base_images/ukbench09268.jpg", width: 480, height: 640, colorModel: .yCbCr,
            adler32: 2_470_945_407),
        Golden(path: odd + "ycck.jpg", width: 500, height: 333, colorModel: .ycck, adler32: 4_257_692_567),
        Golden(path: odd + "mozilla__jpg-cmyk-2.jpg", width: 256, height: 256, colorModel: .cmyk, adler32: 451_941_483),
        Golden(
            path: odd + "mozilla__jpg-progressive.jpg", width: 32, height: 32, colorModel: .yCbCr,
            adler32: 217_099_166),
        Golden(
            path: odd + "grayscale_16x24_sampling2x2.jpg", width: 16, height: 24, colorModel: .grayscale,
            adler32: 683_544_799),
        Golden(path: odd + "non-interleaved-mcu.jpg", width: 64, height: 16, colorModel: .yCbCr, adler32: 544_217_089),
        Golden(path: odd + "16bit-qtables.jpg", width: 1, height: 1, colorModel: .yCbCr, adler32: 45_613_359),
        Golden(path: odd + "mjpeg.jpg", width: 960, height: 720, colorModel: .yCbCr, adler32: 2_802_766_077),
        Golden(
            path: odd + "mozilla__jpg-size-33x33.jpg", width: 33, height: 33, colorModel: .yCbCr,
            adler32: 1_293_482_025),
    ])
    func `the pixels are those of Pillow`(golden: Golden) throws {
        let decoded = try ImageDecoder.decode(try SharedPhotos.bytes(golden.path))
        #expect(decoded.header.colorModel == golden.colorModel)
        #expect(decoded.image.width == golden.width && decoded.image.height == golden.height)
        #expect(adler32(decoded.image.pixels) == golden.adler32)
    }

    @Test(arguments: [false, true])
    func `what was encoded is decoded`(isProgressive: Bool) throws {
        let picture = gradient(123, 77)
        let file = try JPEGEncoder.encode(picture, quality: 95, isProgressive: isProgressive)
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.header.isProgressive == isProgressive)
        #expect(decoded.header.format == .jpeg && decoded.header.components == 3)
        #expect(decoded.scaleDenominator == 1)
        #expect(decoded.image.width == 123 && decoded.image.height == 77)
        #expect(meanDifference(decoded.image, picture) < 4)
    }

    @Test func `a finer quality is nearer to the original and a longer file`() throws {
        let coarse = try JPEGEncoder.encode(gradient(200, 200), quality: 10)
        let fine = try JPEGEncoder.encode(gradient(200, 200), quality: 98)
        #expect(coarse.count < fine.count)
        #expect(
            meanDifference(try ImageDecoder.decode(fine).image, gradient(200, 200))
                < meanDifference(try ImageDecoder.decode(coarse).image, gradient(200, 200)))
    }

    @Test(arguments: [0, -1, 101])
    func `a quality that libjpeg does not have is refused`(quality: Int) {
        #expect(throws: ImagingError.qualityOutOfRange(quality)) {
            try JPEGEncoder.encode(gradient(8, 8), quality: quality)
        }
    }

    @Test func `a side that libjpeg does not write is refused`() {
        #expect(throws: ImagingError.sideTooLong(width: 65_501, height: 1, limit: 65_500)) {
            try JPEGEncoder.encode(gradient(65_501, 1), quality: 80)
        }
    }

    @Test(arguments: [(224, 8), (375, 8), (376, 4), (750, 4), (751, 2), (1501, 1), (9999, 1)])
    func `the smallest scale is taken that is large enough`(height: Int, denominator: Int) throws {
        let file = try JPEGEncoder.encode(gradient(4000, 3000), quality: 50)
        let decoded = try ImageDecoder.decode(file, scale: .atLeast(width: 1, height: height))
        #expect(decoded.scaleDenominator == denominator)
        #expect(decoded.image.width == 4000 / denominator && decoded.image.height == 3000 / denominator)
        #expect(decoded.header.width == 4000 && decoded.header.height == 3000)
    }

    @Test(arguments: [2, 4, 8])
    func `a reduced picture looks like the whole one made smaller`(denominator: Int) throws {
        let file = try SharedPhotos.bytes("photos/full-size/YCbCr.jpg")
        let whole = try ImageDecoder.decode(file).image
        let width = (whole.width + denominator - 1) / denominator
        let reduced = try ImageDecoder.decode(file, scale: .atLeast(width: width, height: 1))
        #expect(reduced.scaleDenominator == denominator)
        let difference = meanDifference(
            reduced.image, whole.resized(width: reduced.image.width, height: reduced.image.height))
        // The DCT averages over squares, the resize over overlapping triangles: details differ, the picture does not.
        #expect(difference < 6)
        let wrong = meanDifference(
            reduced.image.oriented(.down), whole.resized(width: reduced.image.width, height: reduced.image.height))
        #expect(difference * 5 < wrong)
    }
}
