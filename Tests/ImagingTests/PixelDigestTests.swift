import Imaging
import Testing

@Suite struct PixelDigestTests {
    private static let photo = "photos/edited-copies/base_images/ukbench00120.jpg"

    private static func digest(_ bytes: [UInt8], _ scale: DecodeScale = .full) throws -> [UInt8] {
        try ImageDecoder.decode(bytes, scale: scale).pixelSHA256
    }

    /// The file without its application segments but the first (JFIF), as `jpegtran -copy none` leaves it.
    private static func withoutExif(_ file: [UInt8]) throws -> [UInt8] {
        let segment = try #require(file.positions(ofMarker: 0xE1).first)
        let length = Int(file[segment + 2]) << 8 | Int(file[segment + 3])
        return Array(file[..<segment]) + Array(file[(segment + 2 + length)...])
    }

    @Test(arguments: [DecodeScale.full, .atLeast(width: 100, height: 100)])
    func `a copy without EXIF shows the same`(scale: DecodeScale) throws {
        let file = try SharedPhotos.bytes(Self.photo)
        let copy = try Self.withoutExif(file)
        #expect(copy != file)
        #expect(try Self.digest(copy, scale) == Self.digest(file, scale))
    }

    @Test func `copies in lossless formats show the same`() throws {
        let decoded = try ImageDecoder.decode(try SharedPhotos.bytes(Self.photo))
        #expect(decoded.pixelSHA256.count == 32)
        #expect(try Self.digest(PNGFile(decoded.image).bytes) == decoded.pixelSHA256)
        #expect(try Self.digest(WebPFile.lossless(decoded.image)) == decoded.pixelSHA256)
    }

    @Test(arguments: Orientation.allCases)
    func `a picture that EXIF turns shows what its upright copy shows`(orientation: Orientation) throws {
        let turned = try ImageDecoder.decode(
            try JPEGEncoder.encode(gradient(48, 32), quality: 90, orientation: orientation))
        #expect(try Self.digest(PNGFile(turned.image).bytes) == turned.pixelSHA256)
    }

    @Test func `one step of one sample is another picture`() throws {
        var picture = gradient(48, 32)
        let before = try Self.digest(PNGFile(picture).bytes)
        picture.pixels[1000] ^= 1
        #expect(try Self.digest(PNGFile(picture).bytes) != before)
    }

    @Test func `the same samples in other rows are another picture`() throws {
        let samples = pattern(6, 4).pixels
        let wide = PNGFile(RGBImage(width: 8, height: 3, pixels: samples)).bytes
        #expect(try Self.digest(PNGFile(pattern(6, 4)).bytes) != Self.digest(wide))
    }

    @Test func `a reduced picture is not the whole picture of its size`() throws {
        let file = try JPEGEncoder.encode(gradient(640, 480), quality: 90)
        let reduced = try ImageDecoder.decode(file, scale: .atLeast(width: 80, height: 60))
        #expect(reduced.scaleDenominator == 8)
        #expect(try Self.digest(PNGFile(reduced.image).bytes) != reduced.pixelSHA256)
    }

    /// Stored digests must stay what they are.
    @Test func `the digest is that of the documented bytes`() throws {
        let decoded = try ImageDecoder.decode(PNGFile(pattern(3, 2)).bytes)
        // printf of three 8-byte numbers, 3, 2 and 1, and the 18 samples, through sha256sum.
        let expected = "a112c76b830e4a07a0b67d1b07d531aeab7a7032906a28b8406ffc8650d8df57"
        let digits = decoded.pixelSHA256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digits == expected)
    }
}
