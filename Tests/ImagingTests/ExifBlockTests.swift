import Imaging
import Testing

/// EXIF data in formats that keep them in chunks of their own.
@Suite struct ExifBlockTests {
    /// The EXIF data of a camera's JPEG, a TIFF header first.
    private static func block() throws -> [UInt8] {
        let file = try SharedPhotos.bytes("photos/full-size/exif-rotn-6.jpg")
        let segment = try #require(file.positions(ofMarker: 0xE1).first)
        let length = Int(file[segment + 2]) << 8 | Int(file[segment + 3])
        return Array(file[(segment + 10)..<(segment + 2 + length)])
    }

    /// A directory of one entry that turns the picture a quarter.
    private static let turned: [UInt8] =
        Array("II".utf8) + [42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]

    private static func png(_ image: RGBImage, exif: [UInt8], behind: Bool = false) -> [UInt8] {
        var file = PNGFile(image)
        if behind { file.chunksBehind = [("eXIf", exif)] } else { file.chunks = [("eXIf", exif)] }
        return file.bytes
    }

    private static func webp(_ image: RGBImage, exif: [UInt8]) -> [UInt8] {
        WebPFile.adding(exif: exif, to: WebPFile.lossless(image), width: image.width, height: image.height)
    }

    @Test func `a PNG and a WebP tell what the JPEG told`() throws {
        let jpeg = try ImageDecoder.header(of: try SharedPhotos.bytes("photos/full-size/exif-rotn-6.jpg"))
        let block = try Self.block()
        let identifier = Array("Exif".utf8) + [0, 0]
        for file in [
            Self.png(gradient(48, 32), exif: block), Self.png(gradient(48, 32), exif: block, behind: true),
            Self.webp(gradient(48, 32), exif: block), Self.webp(gradient(48, 32), exif: identifier + block),
        ] {
            let decoded = try ImageDecoder.decode(file)
            #expect(decoded.header.orientation == .right)
            #expect(decoded.header.captureTime == jpeg.captureTime && jpeg.captureTime != nil)
            #expect(decoded.header.camera == jpeg.camera && jpeg.camera != nil)
            #expect(decoded.header.gps == jpeg.gps && jpeg.gps != nil)
            #expect(decoded.header.orientedWidth == 32 && decoded.header.width == 48)
            #expect(decoded.image == gradient(48, 32).oriented(.right))
        }
    }

    @Test func `a picture that is turned may need twice the memory`() throws {
        for (upright, turned) in [
            (PNGFile(gradient(300, 200)).bytes, Self.png(gradient(300, 200), exif: Self.turned)),
            (WebPFile.lossless(gradient(300, 200)), Self.webp(gradient(300, 200), exif: Self.turned)),
        ] {
            let needed = [upright, turned].map { file -> Int in
                let error = #expect(throws: ImagingError.self) {
                    try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: 1))
                }
                guard case .needsTooMuchMemory(let bytes?, limit: 1) = error else { return 0 }
                return bytes
            }
            #expect(needed[0] > 0 && needed[1] == needed[0] + 3 * 300 * 200)
        }
    }

    @Test func `EXIF data with a wrong checksum do not turn a PNG`() throws {
        var file = Self.png(gradient(48, 32), exif: Self.turned)
        #expect(try ImageDecoder.header(of: file).orientation == .right)
        // The last byte of the chunk's checksum, which stands behind signature and IHDR.
        file[8 + 25 + 8 + Self.turned.count + 3] ^= 1
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.header.orientation == .up && decoded.image == gradient(48, 32))
    }

    @Test func `damaged EXIF data do not hide the picture`() throws {
        let block = try Self.block()
        for damaged in [
            [], [0], Array(block.prefix(9)), [UInt8](repeating: 0xFF, count: 500),
            Array(block.prefix(10)) + [UInt8](repeating: 0xFF, count: 500),
        ] {
            let webp = try ImageDecoder.decode(Self.webp(gradient(48, 32), exif: damaged))
            #expect(webp.image == gradient(48, 32), "\(damaged.count) bytes")
            let png = try ImageDecoder.decode(Self.png(gradient(48, 32), exif: damaged))
            #expect(png.image == gradient(48, 32), "\(damaged.count) bytes")
        }
    }

    @Test func `EXIF data longer than a JPEG could hold are read from their beginning`() throws {
        let long = Self.turned + [UInt8](repeating: 0, count: 5_000_000)
        #expect(try ImageDecoder.header(of: Self.png(gradient(48, 32), exif: long)).orientation == .right)
        #expect(try ImageDecoder.header(of: Self.webp(gradient(48, 32), exif: long)).orientation == .right)
    }
}
