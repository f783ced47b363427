import Imaging

// Points and weights are whole 2048ths: a picture's result is then one of whole numbers, and the error against real
// numbers is below one step of a sample.
private let fractionBits = 11
private let one = 1 << fractionBits

extension Warp {
    /// Samples the source into `output`, `3 * width * height` bytes of interleaved RGB.
    ///
    /// Where the result is as fine as the source or finer, between the four nearest pixels (bilinear). Where it is
    /// coarser, from the level that is less than twice too fine, by a triangle as wide as two pixels of the result: the
    /// filter of ``RGBImage/resized(width:height:)``.
    ///
    /// - Parameters:
    ///   - level: the source made smaller by so many halves.
    ///   - levels: how many of them there are.
    /// - Complexity: O(`width` · `height`), 16 pixels of the source each at most.
    func sample(
        _ level: (Int) -> RGBImage, levels: Int, into output: UnsafeMutablePointer<UInt8>, coordinates: inout [Int32]
    ) {
        var (number, rest) = (0, scale)
        // A scale of 2 that came out a bit smaller is still 2.
        while rest > 2 - 1e-9 && number < levels - 1 {
            rest /= 2
            number += 1
        }
        let source = level(number)
        let last = segments[segments.count - 1]
        let (shrinkX, shrinkY) = (Double(source.width) / last.width, Double(source.height) / last.height)
        let reach = min(max(scale * (shrinkX * shrinkY).squareRoot(), 1), 2)
        let kernel = reach > 1 + 1e-6 ? triangleWeights(reach: reach) : []
        if coordinates.count < 2 * width { coordinates = [Int32](repeating: 0, count: 2 * width) }
        coordinates.withUnsafeMutableBufferPointer { coordinates in
            source.pixels.withUnsafeBufferPointer { pixels in
                guard let coordinates = coordinates.baseAddress, let pixels = pixels.baseAddress else { return }
                let source = SampledPicture(pixels: pixels, width: source.width, height: source.height)
                for row in 0..<height {
                    let target = output + 3 * width * row
                    locate(row: row, shrinkX: shrinkX, shrinkY: shrinkY, into: coordinates)
                    if kernel.isEmpty {
                        source.interpolate(coordinates, count: width, into: target)
                    } else {
                        source.average(coordinates, count: width, weights: kernel, into: target)
                    }
                }
            }
        }
    }

    /// Writes, for each pixel of a row of the result, the x and the y of its middle in the source, in 2048ths, counted
    /// from the middle of the source's first pixel.
    private func locate(row: Int, shrinkX: Double, shrinkY: Double, into coordinates: UnsafeMutablePointer<Int32>) {
        let y = Double(row) + 0.5
        let last = segments[segments.count - 1].projection.scaled(x: shrinkX, y: shrinkY)
        if segments.count == 1 && last.isAffine {
            let (startX, startY) = (last.b * y + last.c, last.e * y + last.f)
            for column in 0..<width {
                let x = Double(column) + 0.5
                coordinates[2 &* column] = fixedPoint(last.a * x + startX)
                coordinates[2 &* column &+ 1] = fixedPoint(last.d * x + startY)
            }
            return
        }
        for column in 0..<width {
            var point = (x: Double(column) + 0.5, y: y)
            for segment in segments.dropLast() {
                point = segment.projection(point.x, point.y)
                point = (reflected(point.x, segment.width), reflected(point.y, segment.height))
            }
            point = last(point.x, point.y)
            coordinates[2 &* column] = fixedPoint(point.x)
            coordinates[2 &* column &+ 1] = fixedPoint(point.y)
        }
    }
}

/// The nearest whole 2048th, counted from the middle of the first pixel.
///
/// Coordinates stay within a few lengths of a picture's longest side, 65,500, so that 32 bits hold them.
@inline(__always)
private func fixedPoint(_ value: Double) -> Int32 {
    // Conversion cuts toward zero; of a positive number that is toward the smaller one.
    let offset = 1 << 30
    return Int32(truncatingIfNeeded: Int((value - 0.5) * Double(one) + (Double(offset) + 0.5)) &- offset)
}

/// For each 2048th of a pixel that a point lies beyond a pixel's middle, the weights of the pixel before that one, of
/// itself and of the two behind it: a triangle that reaches `reach` pixels, 1 … 2, to either side. They add up to 2048.
private func triangleWeights(reach: Double) -> [Int32] {
    var weights = [Int32](repeating: 0, count: 4 * one)
    for phase in 0..<one {
        let fraction = Double(phase) / Double(one)
        let distances = (1 + fraction, fraction, 1 - fraction, 2 - fraction)
        let heights = (
            max(0, reach - distances.0), max(0, reach - distances.1), max(0, reach - distances.2),
            max(0, reach - distances.3)
        )
        let factor = Double(one) / (heights.0 + heights.1 + heights.2 + heights.3)
        // Differences of rounded sums: the rounding errors do not add up.
        let first = Int32(heights.0 * factor + 0.5)
        let second = Int32((heights.0 + heights.1) * factor + 0.5)
        let third = Int32((heights.0 + heights.1 + heights.2) * factor + 0.5)
        weights[4 * phase] = first
        weights[4 * phase + 1] = second - first
        weights[4 * phase + 2] = third - second
        weights[4 * phase + 3] = Int32(one) - third
    }
    return weights
}

/// The pixels that are sampled; valid as long as they are borrowed.
private struct SampledPicture {
    let pixels: UnsafePointer<UInt8>
    let width: Int
    let height: Int

    /// Each point's color between the four pixels around it.
    func interpolate(
        _ coordinates: UnsafePointer<Int32>, count: Int, into output: UnsafeMutablePointer<UInt8>
    ) {
        var output = output
        for point in 0..<count {
            let (x, y) = (coordinates[2 &* point], coordinates[2 &* point &+ 1])
            let (column, row) = (Int(x >> 11), Int(y >> 11))
            let (right, below) = (x & 2047, y & 2047)
            var (topLeft, topRight) = (3 &* (row &* width &+ column), 3)
            var bottom = 3 &* width
            if column < 0 || row < 0 || column &+ 1 >= width || row &+ 1 >= height {
                let columns = (reflected(column, width), reflected(column + 1, width))
                let rows = (reflected(row, height), reflected(row + 1, height))
                topLeft = 3 * (rows.0 * width + columns.0)
                topRight = 3 * (columns.1 - columns.0)
                bottom = 3 * width * (rows.1 - rows.0)
            }
            let (left, above) = (2048 &- right, 2048 &- below)
            let upper = pixels + topLeft
            let lower = upper + bottom
            for channel in 0..<3 {
                let top = Int32(upper[channel]) &* left &+ Int32(upper[channel &+ topRight]) &* right
                let low = Int32(lower[channel]) &* left &+ Int32(lower[channel &+ topRight]) &* right
                output[channel] = UInt8(truncatingIfNeeded: (top &* above &+ low &* below &+ (1 << 21)) &>> 22)
            }
            output += 3
        }
    }

    /// Each point's color as the weighted mean of the sixteen pixels around it.
    func average(
        _ coordinates: UnsafePointer<Int32>, count: Int, weights: [Int32], into output: UnsafeMutablePointer<UInt8>
    ) {
        weights.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            var output = output
            for point in 0..<count {
                let (x, y) = (coordinates[2 &* point], coordinates[2 &* point &+ 1])
                let (column, row) = (Int(x >> 11) &- 1, Int(y >> 11) &- 1)
                let across = weights + 4 &* Int(x & 2047)
                let down = weights + 4 &* Int(y & 2047)
                let isInside = column >= 0 && row >= 0 && column &+ 3 < width && row &+ 3 < height
                var (red, green, blue) = (Int32(1 << 21), Int32(1 << 21), Int32(1 << 21))
                for j in 0..<4 {
                    let line = pixels + 3 &* width &* (isInside ? row &+ j : reflected(row + j, height))
                    var sums = (red: Int32(0), green: Int32(0), blue: Int32(0))
                    for i in 0..<4 {
                        let pixel = line + 3 &* (isInside ? column &+ i : reflected(column + i, width))
                        sums.red &+= Int32(pixel[0]) &* across[i]
                        sums.green &+= Int32(pixel[1]) &* across[i]
                        sums.blue &+= Int32(pixel[2]) &* across[i]
                    }
                    red &+= sums.red &* down[j]
                    green &+= sums.green &* down[j]
                    blue &+= sums.blue &* down[j]
                }
                output[0] = UInt8(truncatingIfNeeded: red &>> 22)
                output[1] = UInt8(truncatingIfNeeded: green &>> 22)
                output[2] = UInt8(truncatingIfNeeded: blue &>> 22)
                output += 3
            }
        }
    }
}
