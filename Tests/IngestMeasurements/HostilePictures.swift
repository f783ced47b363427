import Imaging

/// Files of a few kilobytes that ask for gigabytes or minutes.
enum HostilePictures {
    /// Each with what is wrong with it.
    static func all() throws -> [(name: String, bytes: [UInt8])] {
        let side = 512
        let pixels = (0..<3 * side * side).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let image = RGBImage(width: side, height: side, pixels: pixels)
        let flat = RGBImage(width: side, height: side, pixels: [UInt8](repeating: 9, count: 3 * side * side))
        let baseline = try JPEGEncoder.encode(flat, quality: 50)
        let progressive = try JPEGEncoder.encode(flat, quality: 50, isProgressive: true)
        let noisy = try JPEGEncoder.encode(image, quality: 50, isProgressive: true)
        var files: [(name: String, bytes: [UInt8])] = []
        let sides = [(65_500, 65_500), (65_535, 65_535), (65_500, 4_000), (40_000, 20_000), (16_000, 12_000)]
        for (width, height) in sides {
            files.append(("baseline, \(width)×\(height)", resized(baseline, to: width, height)))
            files.append(("progressive, \(width)×\(height)", resized(progressive, to: width, height)))
        }
        for scans in [100, 1_000, 20_000] {
            files.append(("\(scans) scans", repeatingLastScan(of: progressive, times: scans)))
            let many = repeatingLastScan(of: noisy, times: scans)
            files.append(("\(scans) scans, 16,000×12,000", resized(many, to: 16_000, 12_000)))
        }
        for (width, height) in [(100_000, 100_000), (2_147_483_647, 2_147_483_647), (30_000, 30_000)] {
            files.append(("PNG, \(width)×\(height)", png(width, height)))
        }
        return files
    }

    /// The same JPEG with other numbers in its frame header (SOF0 or SOF2).
    private static func resized(_ jpeg: [UInt8], to width: Int, _ height: Int) -> [UInt8] {
        var jpeg = jpeg
        for place in 0..<jpeg.count - 9 where jpeg[place] == 0xFF && [0xC0, 0xC2].contains(jpeg[place + 1]) {
            jpeg.replaceSubrange(
                place + 5..<place + 9,
                with: [height, width].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
            break
        }
        return jpeg
    }

    /// The same JPEG with its last scan, SOS to EOI, many times.
    private static func repeatingLastScan(of jpeg: [UInt8], times: Int) -> [UInt8] {
        let start = (0..<jpeg.count - 1).last { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA } ?? 0
        let scan = jpeg[start..<jpeg.count - 2]
        return jpeg[..<start] + Array(repeatElement(scan, count: times).joined()) + [0xFF, 0xD9]
    }

    /// A PNG that is a header, and an empty IDAT.
    private static func png(_ width: Int, _ height: Int) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(width) + big(height) + [8, 2, 0, 0, 0])
            + chunk("IDAT", [0x78, 0x9C]) + chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        return big(content.count) + body + big(Int(crc(body)))
    }

    private static func big(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// Source: PNG specification (ISO/IEC 15948), annex D.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
    }
}
