import Faults
import Imaging
import Testing

/// PNG and WebP files that were cut or changed: an error or a picture, never the end of the process.
@Suite struct HostileFileTests {
    struct Sample: Sendable, CustomStringConvertible {
        let description: String
        let bytes: [UInt8]
    }

    static let samples: [Sample] = {
        let turned: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]
        let rgba = translucent(90, 70)
        let fewColors = RGBImage(width: 90, height: 70, pixels: noise(90, 70).pixels.map { $0 & 0xC0 })
        var interlaced = PNGFile(pattern(61, 47))
        interlaced.isInterlaced = true
        interlaced.chunksBehind = [("eXIf", turned)]
        var palette = PNGFile(
            width: 99, height: 70, color: .palette, bitDepth: 4,
            samples: (0..<6930).map { (index: Int) -> Int in index * 7 % 16 })
        palette.chunks = [("PLTE", [UInt8](repeating: 9, count: 48)), ("tRNS", [0, 128]), ("eXIf", turned)]
        let deep = PNGFile(
            width: 60, height: 50, color: .rgba, bitDepth: 16,
            samples: (0..<12_000).map { (index: Int) -> Int in index * 977 % 65_536 })
        let lossy = WebPFile.lossy(noise(90, 70), quality: 80)
        return [
            Sample(description: "interlaced PNG", bytes: interlaced.bytes),
            Sample(description: "palette PNG", bytes: palette.bytes),
            Sample(description: "deep PNG", bytes: deep.bytes),
            Sample(description: "lossy WebP", bytes: lossy),
            Sample(description: "lossless WebP", bytes: WebPFile.lossless(noise(90, 70))),
            Sample(description: "lossless WebP with a palette", bytes: WebPFile.lossless(fewColors)),
            Sample(
                description: "translucent WebP", bytes: WebPFile.lossy(rgba: rgba, width: 90, height: 70, quality: 60)),
            Sample(
                description: "WebP with EXIF", bytes: WebPFile.adding(exif: turned, to: lossy, width: 90, height: 70)),
            Sample(
                description: "animated WebP",
                bytes: WebPFile.animation(
                    width: 100, height: 80, frame: lossy, x: 4, y: 6, frameWidth: 90, frameHeight: 70)),
        ]
    }()

    /// Decodes within tight limits; the class of the error, or nil for a picture.
    private static func outcome(_ bytes: [UInt8], _ what: String) -> String? {
        do throws(ImagingError) {
            let decoded = try ImageDecoder.decode(bytes, limits: DecodeLimits(maxMemoryBytes: 64 << 20))
            let (width, height) = (decoded.header.orientedWidth, decoded.header.orientedHeight)
            #expect(decoded.image.width == width && decoded.image.height == height, "\(what)")
            return nil
        } catch {
            #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(what)")
            #expect(error.recovery == .quarantineItem, "\(what)")
            return error.errorClass
        }
    }

    @Test(arguments: samples)
    func `a file cut anywhere is cut off or whole`(sample: Sample) throws {
        let whole = try ImageDecoder.decode(sample.bytes).image.pixels
        var pictures = 0
        for count in stride(from: 4, to: sample.bytes.count, by: 97) {
            let bytes = Array(sample.bytes.prefix(count))
            let outcome = Self.outcome(bytes, "\(count) bytes of \(sample)")
            if outcome == nil {
                pictures += 1
                #expect(try ImageDecoder.decode(bytes).image.pixels.count == whole.count, "\(count) bytes")
            } else {
                #expect(outcome == "truncated", "\(count) bytes of \(sample)")
            }
        }
        #expect(pictures <= 1, "only what lacks chunks behind its samples is a picture")
    }

    @Test(arguments: samples)
    func `a file with a changed bit is a picture or an error`(sample: Sample) {
        var state: UInt64 = 1
        var outcomes: [String: Int] = [:]
        for index in stride(from: 0, to: sample.bytes.count, by: max(1, sample.bytes.count / 1500)) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var bytes = sample.bytes
            bytes[index] ^= 1 << (state >> 61)
            outcomes[Self.outcome(bytes, "byte \(index) of \(sample)") ?? "picture", default: 0] += 1
        }
        #expect(outcomes.values.reduce(0, +) > 500)
        #expect(outcomes["corrupt", default: 0] > 0, "\(outcomes)")
    }

    @Test(arguments: samples)
    func `a file overwritten with noise from some byte on is a picture or an error`(sample: Sample) {
        var state: UInt64 = 7
        for start in stride(from: 0, to: sample.bytes.count, by: max(1, sample.bytes.count / 200)) {
            var bytes = sample.bytes
            for index in start..<min(start + 64, bytes.count) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[index] = UInt8(truncatingIfNeeded: state >> 56)
            }
            _ = Self.outcome(bytes, "noise from byte \(start) of \(sample)")
        }
    }
}
