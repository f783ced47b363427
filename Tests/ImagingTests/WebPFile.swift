import Imaging
import WebPEncoder

/// Writes WebP files: the bitstreams by libwebp, the container by hand.
enum WebPFile {
    /// Of `4 * width * height` bytes of red, green, blue and opacity.
    static func lossless(rgba: [UInt8], width: Int, height: Int) -> [UInt8] {
        take { WebPEncodeLosslessRGBA(rgba, Int32(width), Int32(height), Int32(4 * width), &$0) }
    }

    static func lossless(_ image: RGBImage) -> [UInt8] {
        take {
            WebPEncodeLosslessRGB(image.pixels, Int32(image.width), Int32(image.height), Int32(3 * image.width), &$0)
        }
    }

    static func lossy(_ image: RGBImage, quality: Float) -> [UInt8] {
        take {
            WebPEncodeRGB(
                image.pixels, Int32(image.width), Int32(image.height), Int32(3 * image.width), quality, &$0)
        }
    }

    static func lossy(rgba: [UInt8], width: Int, height: Int, quality: Float) -> [UInt8] {
        take { WebPEncodeRGBA(rgba, Int32(width), Int32(height), Int32(4 * width), quality, &$0) }
    }

    /// A file of a still picture with EXIF data behind it.
    ///
    /// Source: WebP container specification, "Extended File Format".
    static func adding(exif: [UInt8], to still: [UInt8], width: Int, height: Int) -> [UInt8] {
        riff(canvas(width, height, flags: 0x08) + still.dropFirst(12) + chunk("EXIF", exif))
    }

    /// An animation of one frame, which may be smaller than its canvas; x and y are even.
    static func animation(
        width: Int, height: Int, frame still: [UInt8], x: Int, y: Int, frameWidth: Int, frameHeight: Int
    ) -> [UInt8] {
        let place = little(x / 2, 3) + little(y / 2, 3) + little(frameWidth - 1, 3) + little(frameHeight - 1, 3)
        let frame = place + little(100, 3) + [0] + still.dropFirst(12)
        return riff(
            canvas(width, height, flags: 0x02) + chunk("ANIM", [0xFF, 0, 0, 0xFF, 0, 0]) + chunk("ANMF", frame))
    }

    static func riff(_ chunks: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        Array(name.utf8) + little(content.count, 4) + content + (content.count % 2 == 1 ? [0] : [])
    }

    static func canvas(_ width: Int, _ height: Int, flags: UInt8) -> [UInt8] {
        chunk("VP8X", [flags, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3))
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func take(_ encode: (inout UnsafeMutablePointer<UInt8>?) -> Int) -> [UInt8] {
        var output: UnsafeMutablePointer<UInt8>?
        let size = encode(&output)
        defer { WebPFree(output) }
        return Array(UnsafeBufferPointer(start: output, count: size))
    }
}
