import Foundation
import Imaging
import TestSupport

/// Writes augmented copies of photographs: rotated by up to 10°, a square of 0.8 to 0.9 of the short side cut out and
/// resized to 224, flipped half of the time, brightness, contrast and saturation each from 0.8 to 1.2.
enum Copies {
    /// - Returns: the number of files written, originals included.
    static func write(_ photos: [URL], copies: Int, to folder: URL) throws -> Int {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (number, photo) in photos.enumerated() {
            let bytes = [UInt8](try Data(contentsOf: photo))
            let name = photo.deletingPathExtension().lastPathComponent
            try Data(bytes).write(to: folder.appending(path: name + ".jpg"))
            let image = try ImageDecoder.decode(bytes).image
            for copy in 1...copies {
                var random = SplitMix(state: UInt64(number) << 20 | UInt64(copy))
                let jpeg = try JPEGEncoder.encode(augmented(image, &random), quality: 90)
                try Data(jpeg).write(to: folder.appending(path: "\(name)_\(copy).jpg"))
            }
        }
        return photos.count * (copies + 1)
    }

    private static func augmented(_ image: RGBImage, _ random: inout SplitMix) -> RGBImage {
        let angle = Double.random(in: -10...10, using: &random) * .pi / 180
        let short = Double(min(image.width, image.height))
        let side = short * Double.random(in: 0.8...0.9, using: &random)
        let left = Double.random(in: 0...(Double(image.width) - side), using: &random)
        let top = Double.random(in: 0...(Double(image.height) - side), using: &random)
        let isFlipped = Bool.random(using: &random)
        let factors = (0..<3).map { _ in Double.random(in: 0.8...1.2, using: &random) }
        var result = sampled(image, angle: angle, left: left, top: top, side: side, isFlipped: isFlipped)
        recolor(&result, brightness: factors[0], contrast: factors[1], saturation: factors[2])
        return result
    }

    /// A square of the rotated picture, 224 × 224, between four pixels each.
    private static func sampled(
        _ image: RGBImage, angle: Double, left: Double, top: Double, side: Double, isFlipped: Bool
    ) -> RGBImage {
        let size = 224
        let (sine, cosine) = (sin(angle), cos(angle))
        let (middleX, middleY) = (Double(image.width) / 2, Double(image.height) / 2)
        var pixels = [UInt8](repeating: 0, count: 3 * size * size)
        for row in 0..<size {
            for column in 0..<size {
                let from = isFlipped ? size - 1 - column : column
                let x = left + side * (Double(from) + 0.5) / Double(size) - middleX
                let y = top + side * (Double(row) + 0.5) / Double(size) - middleY
                let sourceX = min(max(cosine * x - sine * y + middleX - 0.5, 0), Double(image.width - 1))
                let sourceY = min(max(sine * x + cosine * y + middleY - 0.5, 0), Double(image.height - 1))
                let (x0, y0) = (Int(sourceX), Int(sourceY))
                let (x1, y1) = (min(x0 + 1, image.width - 1), min(y0 + 1, image.height - 1))
                let (dx, dy) = (sourceX - Double(x0), sourceY - Double(y0))
                for channel in 0..<3 {
                    func sample(_ x: Int, _ y: Int) -> Double {
                        Double(image.pixels[3 * (y * image.width + x) + channel])
                    }
                    let upper = sample(x0, y0) * (1 - dx) + sample(x1, y0) * dx
                    let lower = sample(x0, y1) * (1 - dx) + sample(x1, y1) * dx
                    pixels[3 * (row * size + column) + channel] = UInt8(upper * (1 - dy) + lower * dy + 0.5)
                }
            }
        }
        return RGBImage(width: size, height: size, pixels: pixels)
    }

    private static func recolor(_ image: inout RGBImage, brightness: Double, contrast: Double, saturation: Double) {
        let count = image.width * image.height
        let mean = image.pixels.reduce(0.0) { $0 + Double($1) } / Double(3 * count)
        for pixel in 0..<count {
            let values = (0..<3).map { channel in
                (Double(image.pixels[3 * pixel + channel]) * brightness - mean) * contrast + mean
            }
            // Weights of ITU-R BT.601.
            let gray = 0.299 * values[0] + 0.587 * values[1] + 0.114 * values[2]
            for channel in 0..<3 {
                let value = gray + (values[channel] - gray) * saturation
                image.pixels[3 * pixel + channel] = UInt8(min(max(value, 0), 255).rounded())
            }
        }
    }
}
