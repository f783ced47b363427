/// The luminance of a picture, reduced to a size at which pictures compare.
struct Luminance {
    let width: Int
    let height: Int
    /// `width * height` samples, row by row; 0 black … 255 white.
    let samples: [Float]

    /// The luma of Rec. 601, 0.299 R + 0.587 G + 0.114 B, reduced as ``RGBImage/resized(width:height:)`` does it until
    /// neither side is longer than `bound`. The aspect ratio is kept, to the pixel, and no picture is enlarged.
    ///
    /// Rec. 601 and not 709, because it is the Y of JPEG and lossy WebP: what the picture's encoder kept. The triangle and
    /// not the mean of an area, because it leaves less of the finest detail, which depends on whether the picture was
    /// reduced before.
    ///
    /// - Complexity: O(`image.width` · `image.height`); memory for a row of the picture and the result.
    init(of image: RGBImage, bound: Int) {
        let longest = max(image.width, image.height)
        // Sides of which the longest becomes the bound, rounded to the nearest pixel.
        let shrinks = longest > bound
        let width = shrinks ? max(1, (image.width * bound + longest / 2) / longest) : image.width
        let height = shrinks ? max(1, (image.height * bound + longest / 2) / longest) : image.height
        self.width = width
        self.height = height
        let size = width * height
        samples = [Float](unsafeUninitializedCapacity: size) { output, count in
            reduce(image, width: width, height: height, into: UnsafeMutableBufferPointer(rebasing: output[..<size]))
            count = size
        }
    }
}

/// Columns first: each row of the result is a weighted sum of whole rows, and then shrinks by itself.
private func reduce(_ image: RGBImage, width: Int, height: Int, into output: UnsafeMutableBufferPointer<Float>) {
    let rows = ResampleWeights(inputSize: image.height, outputSize: height)
    let columns = ResampleWeights(inputSize: image.width, outputSize: width)
    let rowWeights = rows.weights.map(ResampleWeights.fraction)
    let columnWeights = columns.weights.map(ResampleWeights.fraction)
    image.pixels.withUnsafeBufferPointer { pixels in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: image.width) { line in
            guard let pixels = pixels.baseAddress, let line = line.baseAddress, var target = output.baseAddress
            else { return }
            for row in 0..<height {
                line.initialize(repeating: 0, count: image.width)
                for tap in 0..<rows.counts[row] {
                    let source = pixels + 3 &* image.width &* (rows.starts[row] &+ tap)
                    add(source, count: image.width, weight: rowWeights[row &* rows.stride &+ tap], to: line)
                }
                shrink(line, by: columns, columnWeights, to: target)
                target += width
            }
        }
    }
}

/// Adds the weighted luma of a row of `count` pixels.
private func add(_ pixels: UnsafePointer<UInt8>, count: Int, weight: Float, to line: UnsafeMutablePointer<Float>) {
    let (red, green, blue) = (weight * 0.299, weight * 0.587, weight * 0.114)
    for column in 0..<count {
        let pixel = pixels + 3 &* column
        line[column] += Float(pixel[0]) * red + Float(pixel[1]) * green + Float(pixel[2]) * blue
    }
}

private func shrink(
    _ line: UnsafePointer<Float>, by table: ResampleWeights, _ weights: [Float],
    to target: UnsafeMutablePointer<Float>
) {
    weights.withUnsafeBufferPointer { weights in
        for column in table.starts.indices {
            let source = line + table.starts[column]
            var sum: Float = 0
            for tap in 0..<table.counts[column] { sum += source[tap] * weights[column &* table.stride &+ tap] }
            target[column] = sum
        }
    }
}

extension ResampleWeights {
    /// A weight as a fraction of 1.
    fileprivate static func fraction(_ weight: Int32) -> Float { Float(weight) / Float(1 << fractionBits) }
}
