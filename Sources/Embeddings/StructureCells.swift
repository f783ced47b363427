import Imaging

/// The cells of `structure-2048`: votes of pixels in, square roots of normalized histograms out.
///
/// A pixel votes in its up to four nearest cells with bilinear weights, and in each histogram in the two nearest bins with
/// linear weights, so that a small shift changes little. With red, green and blue from 0 to 1:
///
/// - luma Y = 0.299 R + 0.587 G + 0.114 B; its gradient by central differences votes its length in 16 directions;
/// - intensity Y in 6 bins;
/// - opponents R − G and (R + G)/2 − B, each as sign(o)·√|o| from −1 to 1, in 5 bins.
///
/// The directions are divided by their sum plus ``flatness``, which keeps noise in flat cells small, each of the others
/// by its sum; colors then weigh as much as directions: a third for each histogram. Of all, the square root.
struct StructureCells {
    /// Pixels along each side.
    static let side = 128
    /// Values in one input: red, green and blue of 128 × 128 pixels.
    static let inputLength = 3 * side * side
    /// What catalogs call the way from a picture to the input.
    static let preparationName = "squash128-bilinear"
    /// Cells along each side.
    static let cellsPerSide = 8
    /// Values of one picture.
    static let dimension = cellsPerSide * cellsPerSide * valuesPerCell

    private static let valuesPerCell = 32
    /// Sum of gradient lengths that counts as half a structure: 256 pixels of a length of 0.02.
    private static let flatness: Float = 5

    /// Each histogram's place in a cell's 32 values.
    private static let directions = 0..<16
    private static let intensities = 16..<22
    private static let redGreen = 22..<27
    private static let yellowBlue = 27..<32

    /// Sums of votes, cell by cell.
    private var votes = [Float](repeating: 0, count: dimension)
    /// For each column (and row) of pixels the two nearest cells and the second one's share.
    private let neighbors = (0..<side).map { Neighbors(pixel: $0) }

    /// Writes a picture squashed to 128 × 128: values 0 to 255, interleaved RGB, row by row.
    ///
    /// - Precondition: `slot` has ``inputLength`` values.
    static func write(_ image: RGBImage, into slot: UnsafeMutableBufferPointer<Float>) {
        precondition(slot.count == inputLength, "an input has \(inputLength) values, not \(slot.count)")
        let resized = image.resized(width: side, height: side)
        for index in 0..<inputLength { slot[index] = Float(resized.pixels[index]) }
    }

    /// The picture's 64 cells × 32 values, row by row, not yet normalized as a whole; all finite, never all zero.
    ///
    /// - Parameter pixels: 128 × 128 × 3 values from 0 to 255, row-major, interleaved RGB.
    mutating func describe(_ pixels: UnsafeBufferPointer<Float>) -> [Float] {
        precondition(pixels.count == Self.inputLength)
        let luma = (0..<Self.side * Self.side).map { (index: Int) -> Float in
            let sum: Float = 0.299 * pixels[3 * index] + 0.587 * pixels[3 * index + 1]
            return (sum + 0.114 * pixels[3 * index + 2]) / 255
        }
        let neighbors = neighbors
        votes.withUnsafeMutableBufferPointer { votes in
            votes.update(repeating: 0)
            for y in 0..<Self.side {
                for x in 0..<Self.side {
                    let index = y * Self.side + x
                    let pixel = PixelVotes(
                        luma: luma[index],
                        right: luma[index + (x < Self.side - 1 ? 1 : 0)] - luma[index - (x > 0 ? 1 : 0)],
                        down: luma[index + (y < Self.side - 1 ? Self.side : 0)] - luma[index - (y > 0 ? Self.side : 0)],
                        red: pixels[3 * index] / 255, green: pixels[3 * index + 1] / 255,
                        blue: pixels[3 * index + 2] / 255)
                    let (row, column) = (neighbors[y], neighbors[x])
                    pixel.cast(votes, row.first, column.first, (1 - row.share) * (1 - column.share))
                    pixel.cast(votes, row.first, column.second, (1 - row.share) * column.share)
                    pixel.cast(votes, row.second, column.first, row.share * (1 - column.share))
                    pixel.cast(votes, row.second, column.second, row.share * column.share)
                }
            }
        }
        return normalized()
    }

    private func normalized() -> [Float] {
        var values = votes
        for cell in stride(from: 0, to: Self.dimension, by: Self.valuesPerCell) {
            for (range, added, weight) in [
                (Self.directions, Self.flatness, 1), (Self.intensities, 0, 1 / 3), (Self.redGreen, 0, 1 / 3),
                (Self.yellowBlue, 0, 1 / 3),
            ] as [(Range<Int>, Float, Float)] {
                var sum = added
                for bin in range { sum += votes[cell + bin] }
                for bin in range { values[cell + bin] = (votes[cell + bin] * weight / sum).squareRoot() }
            }
        }
        return values
    }

    /// The cells whose centers lie on both sides of a pixel's center; at the edge, one cell twice.
    private struct Neighbors {
        let first: Int
        let second: Int
        let share: Float

        init(pixel: Int) {
            let cell = Float(StructureCells.side / StructureCells.cellsPerSide)
            let position = (Float(pixel) + 0.5) / cell - 0.5
            let below = position.rounded(.down)
            first = max(0, Int(below))
            second = min(StructureCells.cellsPerSide - 1, Int(below) + 1)
            share = position - below
        }
    }

    /// What one pixel gives to every cell near it, before the cell's share.
    private struct PixelVotes {
        private let length: Float
        private let direction: (first: Int, second: Int, share: Float)
        private let bins: (Bin, Bin, Bin)

        /// Two neighboring bins and the second one's share.
        private struct Bin {
            let first: Int
            let share: Float

            /// The place of a value from 0 to 1 among a histogram's bins.
            init(_ value: Float, _ range: Range<Int>) {
                let position = value * Float(range.count - 1)
                let below = min(Int(position), range.count - 2)
                first = range.lowerBound + below
                share = position - Float(below)
            }

            @inline(__always)
            func cast(_ votes: UnsafeMutableBufferPointer<Float>, _ cell: Int, _ cellShare: Float) {
                votes[cell + first] += cellShare * (1 - share)
                votes[cell + first + 1] += cellShare * share
            }
        }

        @inline(__always)
        init(luma: Float, right: Float, down: Float, red: Float, green: Float, blue: Float) {
            length = (right * right + down * down).squareRoot()
            let angle = Self.angle(right, down)
            let below = Int(angle)
            direction = (below & 15, (below + 1) & 15, angle - Float(below))
            let redGreen = Self.opened(red - green)
            let yellowBlue = Self.opened((red + green) / 2 - blue)
            bins = (
                Bin(luma, StructureCells.intensities), Bin(redGreen, StructureCells.redGreen),
                Bin(yellowBlue, StructureCells.yellowBlue)
            )
        }

        @inline(__always)
        func cast(_ votes: UnsafeMutableBufferPointer<Float>, _ row: Int, _ column: Int, _ share: Float) {
            let cell = (row * StructureCells.cellsPerSide + column) * StructureCells.valuesPerCell
            votes[cell + direction.first] += share * length * (1 - direction.share)
            votes[cell + direction.second] += share * length * direction.share
            bins.0.cast(votes, cell, share)
            bins.1.cast(votes, cell, share)
            bins.2.cast(votes, cell, share)
        }

        /// An opponent from −1 to 1 as a value from 0 to 1, with room around gray, where most pixels are.
        private static func opened(_ opponent: Float) -> Float {
            let root = abs(opponent).squareRoot()
            return min(max(0.5 + (opponent < 0 ? -root : root) / 2, 0), 1)
        }

        /// A gradient's angle in sixteenths of a turn, 0 ..< 16 but for rounding; within 0.25° of the arctangent, without it: in an
        /// octant, arctan t is about π/4 · (t + 0.3476 t (1 − t)).
        private static func angle(_ x: Float, _ y: Float) -> Float {
            let (width, height) = (abs(x), abs(y))
            let longer = max(width, height)
            guard longer > 0 else { return 0 }
            let ratio = min(width, height) / longer
            var octants = ratio + 0.3476 * ratio * (1 - ratio)
            if height > width { octants = 2 - octants }
            if x < 0 { octants = 4 - octants }
            if y < 0 { octants = 8 - octants }
            return 2 * octants
        }
    }
}
