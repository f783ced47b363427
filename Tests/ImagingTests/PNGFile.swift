import Imaging

/// Writes PNG files of every kind without libpng: what it reads in the tests is not what it wrote itself.
///
/// The samples are not compressed (stored blocks); rows take the five filters in turn.
struct PNGFile {
    enum Color: UInt8, CaseIterable {
        case grayscale = 0
        case rgb = 2
        case palette = 3
        case grayscaleAlpha = 4
        case rgba = 6

        var channels: Int {
            switch self {
            case .grayscale, .palette: 1
            case .grayscaleAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        var bitDepths: [Int] {
            switch self {
            case .grayscale: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            case .rgb, .grayscaleAlpha, .rgba: [8, 16]
            }
        }
    }

    var width: Int
    var height: Int
    var color: Color
    var bitDepth: Int
    var isInterlaced = false
    /// `color.channels` values a pixel, row by row, each below 2 to the power of the bit depth.
    var samples: [Int]
    /// Chunks by name: before the samples (PLTE and tRNS go here), and behind them.
    var chunks: [(name: String, content: [UInt8])] = []
    var chunksBehind: [(name: String, content: [UInt8])] = []

    var bytes: [UInt8] {
        Self.signature + Self.header(width: width, height: height, color: color, bitDepth, isInterlaced: isInterlaced)
            + chunks.flatMap { Self.chunk($0.name, $0.content) } + Self.chunk("IDAT", Self.stored(rows))
            + chunksBehind.flatMap { Self.chunk($0.name, $0.content) } + Self.chunk("IEND", [])
    }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func header(width: Int, height: Int, color: Color, _ bitDepth: Int, isInterlaced: Bool = false) -> [UInt8] {
        chunk("IHDR", big(width) + big(height) + [UInt8(bitDepth), color.rawValue, 0, 0, isInterlaced ? 1 : 0])
    }

    static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let checked = Array(name.utf8) + content
        return big(content.count) + checked + big(Int(crc32(checked)))
    }

    static func big(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).bigEndian) { Array($0) }
    }

    /// A zlib stream of stored blocks.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: max(bytes.count, 1), by: 65_535) {
            let block = bytes[start..<min(start + 65_535, bytes.count)]
            let isLast: UInt8 = start + 65_535 >= bytes.count ? 1 : 0
            let (low, high) = (UInt8(truncatingIfNeeded: block.count), UInt8(block.count >> 8))
            stream += [isLast, low, high, ~low, ~high]
            stream += block
        }
        return stream + big(Int(adler32(bytes)))
    }

    /// The filtered rows: of the whole picture, or of the seven passes of Adam7.
    private var rows: [UInt8] {
        guard isInterlaced else { return filtered(columns: Array(0..<width), rows: Array(0..<height)) }
        return Self.passes.flatMap { pass in
            filtered(
                columns: Array(stride(from: pass.x, to: width, by: pass.dx)),
                rows: Array(stride(from: pass.y, to: height, by: pass.dy)))
        }
    }

    /// Source: PNG specification, 8.2.
    private static let passes = [
        (x: 0, y: 0, dx: 8, dy: 8), (x: 4, y: 0, dx: 8, dy: 8), (x: 0, y: 4, dx: 4, dy: 8), (x: 2, y: 0, dx: 4, dy: 4),
        (x: 0, y: 2, dx: 2, dy: 4), (x: 1, y: 0, dx: 2, dy: 2), (x: 0, y: 1, dx: 1, dy: 2),
    ]

    private func filtered(columns: [Int], rows: [Int]) -> [UInt8] {
        if columns.isEmpty { return [] }
        let distance = max(1, color.channels * bitDepth / 8)
        var result: [UInt8] = []
        var above: [UInt8] = []
        for (number, row) in rows.enumerated() {
            let line = packed(columns.map { (row * width + $0) * color.channels })
            if above.isEmpty { above = [UInt8](repeating: 0, count: line.count) }
            result.append(UInt8(number % 5))
            for index in line.indices {
                let left = index < distance ? 0 : Int(line[index - distance])
                let corner = index < distance ? 0 : Int(above[index - distance])
                let predicted = Self.predicted(number % 5, left, Int(above[index]), corner)
                result.append(UInt8(truncatingIfNeeded: Int(line[index]) - predicted))
            }
            above = line
        }
        return result
    }

    /// Source: PNG specification, 9.2.
    private static func predicted(_ filter: Int, _ left: Int, _ above: Int, _ corner: Int) -> Int {
        switch filter {
        case 1: return left
        case 2: return above
        case 3: return (left + above) / 2
        case 4:
            let estimate = left + above - corner
            let distances = [left, above, corner].map { abs(estimate - $0) }
            if distances[0] <= distances[1] && distances[0] <= distances[2] { return left }
            return distances[1] <= distances[2] ? above : corner
        default: return 0
        }
    }

    private func packed(_ pixels: [Int]) -> [UInt8] {
        var line: [UInt8] = []
        var bits = 0
        var count = 0
        for pixel in pixels {
            for sample in samples[pixel..<(pixel + color.channels)] {
                bits = bits << bitDepth | sample
                count += bitDepth
                while count >= 8 {
                    line.append(UInt8(truncatingIfNeeded: bits >> (count - 8)))
                    count -= 8
                }
                bits &= (1 << count) - 1
            }
        }
        return count > 0 ? line + [UInt8(truncatingIfNeeded: bits << (8 - count))] : line
    }
}

extension PNGFile {
    /// The pixels of a picture, without loss.
    init(_ image: RGBImage) {
        self.init(
            width: image.width, height: image.height, color: .rgb, bitDepth: 8, samples: image.pixels.map(Int.init))
    }
}

/// The checksum of ISO 3309, as PNG uses it.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes { crc = crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
    return ~crc
}

private let crcTable: [UInt32] = (0..<256).map { (index: UInt32) -> UInt32 in
    var crc = index
    for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    return crc
}
