/// The luminance of a picture, reduced to a size at which pictures compare.
struct Luminance {
    let width: Int
    let height: Int
    /// `width * height` samples, row by row; 0 black … 255 white.
    let samples: [UInt8]

    /// The luma of Rec. 601, as Pillow's `convert("L")` computes it, averaged over areas until neither side is longer than
    /// `bound`. The aspect ratio is kept, to the pixel, and no picture is enlarged.
    ///
    /// Rec. 601 and not 709, because it is the Y of JPEG and lossy WebP: what the picture's encoder kept, not what its
    /// conversion to RGB and back made of it.
    ///
    /// - Complexity: O(`image.width` · `image.height`).
    init(of image: RGBImage, bound: Int) {
        let longest = max(image.width, image.height)
        if longest <= bound {
            self.init(width: image.width, height: image.height, samples: luma(of: image))
        } else {
            let width = max(1, (image.width * bound + longest / 2) / longest)
            let height = max(1, (image.height * bound + longest / 2) / longest)
            self.init(width: width, height: height, samples: areaMeans(of: image, width: width, height: height))
        }
    }

    private init(width: Int, height: Int, samples: [UInt8]) {
        self.width = width
        self.height = height
        self.samples = samples
    }
}

/// Source: Pillow, `src/libImaging/Convert.c`, `rgb2l`: 0.299, 0.587 and 0.114 of 65,536, rounded.
@inline(__always)
private func luma(_ pixel: UnsafePointer<UInt8>) -> UInt32 {
    (UInt32(pixel[0]) &* 19595 &+ UInt32(pixel[1]) &* 38470 &+ UInt32(pixel[2]) &* 7471 &+ 0x8000) &>> 16
}

private func luma(of image: RGBImage) -> [UInt8] {
    let size = image.width * image.height
    return [UInt8](unsafeUninitializedCapacity: size) { output, count in
        image.pixels.withUnsafeBufferPointer { pixels in
            guard var pixel = pixels.baseAddress, let output = output.baseAddress else { return }
            for index in 0..<size {
                output[index] = UInt8(truncatingIfNeeded: luma(pixel))
                pixel += 3
            }
        }
        count = size
    }
}

/// Each output sample is the mean of the luma over its share of the picture, to which a pixel at the edge of the share
/// contributes by the part of it that lies within. Exact but for the rounding at the end.
private func areaMeans(of image: RGBImage, width: Int, height: Int) -> [UInt8] {
    let columns = shares(of: image.width, among: width)
    let rows = shares(of: image.height, among: height)
    // What the parts of an output sample add up to.
    let whole = image.width * image.height
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height)
    // One sum more than there are columns: the last input sample would have its second part there, which is nothing.
    var line = [Int](repeating: 0, count: width + 1)
    var sums = [Int](repeating: 0, count: width)
    image.pixels.withUnsafeBufferPointer { pixels in
        guard var pixel = pixels.baseAddress else { return }
        for row in rows {
            for column in line.indices { line[column] = 0 }
            line.withUnsafeMutableBufferPointer { line in
                guard let line = line.baseAddress else { return }
                for column in columns {
                    let value = Int(luma(pixel))
                    line[column.output] &+= value &* column.first
                    line[column.output &+ 1] &+= value &* column.second
                    pixel += 3
                }
            }
            for column in 0..<width { sums[column] &+= line[column] &* row.first }
            guard row.isLast else { continue }
            for column in 0..<width {
                samples.append(UInt8((sums[column] + whole / 2) / whole))
                sums[column] = line[column] &* row.second
            }
        }
    }
    return samples
}

/// How one input sample is divided among at most two output samples, in parts of which it has as many as there are
/// output samples.
private struct Share {
    /// The output sample that gets the first part; the next one gets the second.
    let output: Int
    let first: Int
    let second: Int
    /// Whether `output` gets nothing of later input samples.
    let isLast: Bool
}

/// The shares of each of `input` samples, when they become `output` ≤ `input` samples of equal width.
private func shares(of input: Int, among output: Int) -> [Share] {
    (0..<input).map { index in
        let target = index * output / input
        let first = min((target + 1) * input - index * output, output)
        return Share(
            output: target, first: first, second: output - first,
            isLast: (index + 1) * output >= (target + 1) * input)
    }
}
