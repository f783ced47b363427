import Imaging
import Testing

@Suite struct PNGTests {
    struct Kind: Sendable, CustomStringConvertible {
        let color: PNGFile.Color
        let bitDepth: Int

        var description: String { "\(color) \(bitDepth)" }
        static let all = PNGFile.Color.allCases.flatMap { color in
            color.bitDepths.map { Kind(color: color, bitDepth: $0) }
        }
    }

    /// A sample as 8 bits, by the definition.
    private static func eight(_ sample: Int, _ bitDepth: Int) -> Int {
        let largest = 1 << bitDepth - 1
        return (sample * 255 + largest / 2) / largest
    }

    private static let palette: [UInt8] = {
        var palette: [UInt8] = []
        for index in 0..<256 { palette += [UInt8(index), UInt8(255 - index), UInt8(truncatingIfNeeded: index * 7)] }
        return palette
    }()
    /// Of the first palette entries; the others are opaque.
    private static let opacities: [UInt8] = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 31) }

    private static func file(_ kind: Kind, width: Int, height: Int, isInterlaced: Bool) -> PNGFile {
        let largest = 1 << kind.bitDepth
        let count = width * height * kind.color.channels
        let samples = (0..<count).map { (index: Int) -> Int in (index * 40_503 + index / 7 * 977) % largest }
        var file = PNGFile(
            width: width, height: height, color: kind.color, bitDepth: kind.bitDepth, isInterlaced: isInterlaced,
            samples: samples)
        if kind.color == .palette {
            let count = min(largest, opacities.count)
            file.chunks = [("PLTE", Array(palette.prefix(3 * largest))), ("tRNS", Array(opacities.prefix(count)))]
        }
        return file
    }

    private static func expected(_ file: PNGFile) -> [UInt8] {
        let samples = file.samples
        let channels = file.color.channels
        var pixels: [UInt8] = []
        for pixel in 0..<(file.width * file.height) {
            let values = samples[(pixel * channels)..<((pixel + 1) * channels)].map { eight($0, file.bitDepth) }
            switch file.color {
            case .grayscale: pixels += [UInt8](repeating: UInt8(values[0]), count: 3)
            case .rgb: pixels += values.map { UInt8($0) }
            case .grayscaleAlpha: pixels += [UInt8](repeating: laidOverWhite(values[0], values[1]), count: 3)
            case .rgba: pixels += values[..<3].map { laidOverWhite($0, values[3]) }
            case .palette:
                let index = samples[pixel]
                let alpha = index < opacities.count ? Int(opacities[index]) : 255
                pixels += palette[(3 * index)..<(3 * index + 3)].map { laidOverWhite(Int($0), alpha) }
            }
        }
        return pixels
    }

    @Test(arguments: Kind.all, [false, true])
    func `every kind of pixel becomes 8-bit RGB over white`(kind: Kind, isInterlaced: Bool) throws {
        for (width, height) in [(1, 1), (2, 9), (33, 19), (64, 5)] {
            let file = Self.file(kind, width: width, height: height, isInterlaced: isInterlaced)
            let decoded = try ImageDecoder.decode(file.bytes)
            #expect(decoded.image.width == width && decoded.image.height == height)
            #expect(decoded.image.pixels == Self.expected(file), "\(kind) \(width) × \(height)")
            #expect(decoded.header.format == .png && decoded.header.isProgressive == isInterlaced)
            #expect(decoded.header.components == kind.color.channels && decoded.scaleDenominator == 1)
            #expect(decoded.header.hasAlpha == ![.grayscale, .rgb].contains(kind.color))
        }
    }

    @Test(arguments: [false, true])
    func `the color that is declared transparent becomes white`(isInterlaced: Bool) throws {
        var gray = PNGFile(
            width: 4, height: 1, color: .grayscale, bitDepth: 8, isInterlaced: isInterlaced,
            samples: [0, 100, 101, 255])
        gray.chunks = [("tRNS", [0, 100])]
        let decoded = try ImageDecoder.decode(gray.bytes)
        #expect(decoded.header.hasAlpha && decoded.header.colorModel == .grayscale)
        #expect(decoded.image.pixels == [0, 0, 0, 255, 255, 255, 101, 101, 101, 255, 255, 255])
        var deep = PNGFile(
            width: 2, height: 1, color: .rgb, bitDepth: 16, isInterlaced: isInterlaced,
            samples: [0x1234, 0x5678, 0x9ABC, 0x1234, 0x5678, 0x9ABD])
        deep.chunks = [("tRNS", [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC])]
        #expect(try ImageDecoder.decode(deep.bytes).image.pixels == [255, 255, 255, 0x12, 0x56, 0x9A])
    }

    @Test(arguments: [false, true])
    func `a photograph is the same to the last bit`(isInterlaced: Bool) throws {
        let photo = try ImageDecoder.decode(try SharedPhotos.bytes("photos/full-size/YCbCr.jpg")).image
        var file = PNGFile(photo)
        file.isInterlaced = isInterlaced
        #expect(try ImageDecoder.decode(file.bytes).image == photo)
    }

    @Test func `a scale changes nothing, for a PNG is decoded whole`() throws {
        let file = PNGFile(gradient(640, 480)).bytes
        let decoded = try ImageDecoder.decode(file, scale: .atLeast(width: 10, height: 10))
        #expect(decoded.image == gradient(640, 480) && decoded.scaleDenominator == 1)
    }

    @Test func `gamma, profiles, texts and a background change no pixel`() throws {
        var file = PNGFile(gradient(40, 30))
        let profile = Array("icc".utf8) + [0, 0] + PNGFile.stored([UInt8](repeating: 7, count: 100))
        file.chunks = [
            ("gAMA", PNGFile.big(100_000)), ("iCCP", profile), ("bKGD", [0, 0, 0, 0, 0, 0]),
            ("tEXt", Array("Comment".utf8) + [0] + Array("likeness".utf8)), ("acTL", PNGFile.big(2) + PNGFile.big(0)),
        ]
        #expect(try ImageDecoder.decode(file.bytes).image == gradient(40, 30))
    }

    @Test func `damaged and enormous texts do not hide the picture`() throws {
        var file = PNGFile(gradient(40, 30))
        let text = Array("XML:com.adobe.xmp".utf8) + [0, 1, 0, 0, 0]
        file.chunks = [
            ("iCCP", [1, 2, 3]), ("zTXt", Array("a".utf8) + [0, 0] + [UInt8](repeating: 0xFF, count: 1000)),
            ("iTXt", text + PNGFile.stored([UInt8](repeating: 32, count: 12_000_000))),
        ]
        #expect(try ImageDecoder.decode(file.bytes).image == gradient(40, 30))
    }

    @Test func `a wrong checksum is damage`() throws {
        let file = PNGFile(gradient(40, 30)).bytes
        // A byte of the samples: the first behind signature, IHDR, the name of IDAT and the heads of zlib and block.
        var flipped = file
        flipped[8 + 25 + 8 + 7 + 50] ^= 1
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(flipped) }
        #expect(error?.errorClass == "corrupt" && error?.message.hasPrefix("the PNG data are damaged: ") == true)
        #expect(error?.hint?.contains("djpeg") == false)
        var header = file
        header[8 + 8 + 3] ^= 1
        let headerError = #expect(throws: ImagingError.self) { try ImageDecoder.header(of: header) }
        #expect(headerError?.errorClass == "corrupt")
    }

    @Test(arguments: [false, true])
    func `a file that lacks nothing but its end marker is whole`(isInterlaced: Bool) throws {
        var file = PNGFile(gradient(40, 30))
        file.isInterlaced = isInterlaced
        #expect(try ImageDecoder.decode(Array(file.bytes.dropLast(12))).image == gradient(40, 30))
        #expect(try ImageDecoder.decode(file.bytes + [1, 2, 3]).image == gradient(40, 30))
    }

    @Test func `a cut file tells how much of it was there`() throws {
        let file = PNGFile(gradient(400, 300)).bytes
        #expect(throws: ImagingError.truncated(.inHeader(bytes: 3), .png)) {
            try ImageDecoder.decode(Array(file.prefix(3)))
        }
        #expect(throws: ImagingError.truncated(.inHeader(bytes: 30), .png)) {
            try ImageDecoder.header(of: Array(file.prefix(30)))
        }
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(Array(file.prefix(file.count / 2))) }
        guard case .truncated(.inRows(let decoded, 300), .png) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((140...150).contains(decoded))
        var interlaced = PNGFile(gradient(400, 300))
        interlaced.isInterlaced = true
        let bytes = interlaced.bytes
        // The last pass has half of all pixels.
        #expect(throws: ImagingError.truncated(.inScan(7), .png)) {
            try ImageDecoder.decode(Array(bytes.prefix(bytes.count * 3 / 4)))
        }
    }

    @Test func `200 bytes do not ask for 10 gigabytes`() {
        for (width, height) in [(60_000, 60_000), (0x7FFF_FFFF, 0x7FFF_FFFF)] {
            let file =
                PNGFile.signature + PNGFile.header(width: width, height: height, color: .rgb, 8)
                + PNGFile.chunk("IDAT", PNGFile.stored([0, 0, 0])) + PNGFile.chunk("IEND", [])
            let limit = DecodeLimits.standard.maxPixels
            #expect(throws: ImagingError.tooManyPixels(width: width, height: height, limit: limit)) {
                try ImageDecoder.decode(file)
            }
        }
        for (width, height) in [(100_000, 2_000), (268_000_000, 1)] {
            let wide =
                PNGFile.signature + PNGFile.header(width: width, height: height, color: .rgba, 16)
                + PNGFile.chunk("IDAT", PNGFile.stored([0, 0, 0]))
            let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(wide) }
            #expect(error?.errorClass == "too_much_memory")
        }
    }

    @Test(arguments: Kind.all, [false, true])
    func `the memory that an error names is enough`(kind: Kind, isInterlaced: Bool) throws {
        let file = Self.file(kind, width: 301, height: 50, isInterlaced: isInterlaced).bytes
        let error = #expect(throws: ImagingError.self) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: 1000))
        }
        guard case .needsTooMuchMemory(let needed?, limit: 1000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed))
        #expect(throws: ImagingError.needsTooMuchMemory(bytes: needed, limit: needed - 1)) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed - 1))
        }
    }

    @Test func `a header without a picture is damage`() {
        for chunk in [PNGFile.header(width: 0, height: 5, color: .rgb, 8), PNGFile.chunk("IEND", [])] {
            let error = #expect(throws: ImagingError.self) {
                try ImageDecoder.decode(PNGFile.signature + chunk + PNGFile.chunk("IEND", []))
            }
            #expect(error?.errorClass == "corrupt")
        }
    }
}
