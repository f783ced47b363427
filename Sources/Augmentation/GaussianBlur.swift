/// Blurs by a Gaussian that is cut at three standard deviations; the picture is reflected at its edges.
///
/// One pass along the rows and one along the columns, in single precision, rounded to whole samples at the end.
struct GaussianBlur {
    private var line: [Float] = []
    private var rows: [Float] = []

    /// - Complexity: O(`width` · `height` · `sigma`).
    mutating func apply(
        sigma: Double, to samples: UnsafeMutableBufferPointer<UInt8>, width: Int, height: Int
    ) {
        let weights = Self.weights(sigma: sigma)
        let radius = weights.count / 2
        if radius == 0 { return }
        let stride = 3 * width
        grow(&line, to: stride + 6 * radius)
        grow(&rows, to: stride * height)
        line.withUnsafeMutableBufferPointer { line in
            rows.withUnsafeMutableBufferPointer { rows in
                for row in 0..<height {
                    for column in -radius..<(width + radius) {
                        let from = stride * row + 3 * reflected(column, width)
                        for channel in 0..<3 {
                            line[3 * (column + radius) + channel] = Float(samples[from + channel])
                        }
                    }
                    let sums = rows.baseAddress! + stride * row
                    sums.update(repeating: 0, count: stride)
                    for tap in weights.indices {
                        add(line.baseAddress! + 3 * tap, times: weights[tap], to: sums, count: stride)
                    }
                }
                for row in 0..<height {
                    line.baseAddress!.update(repeating: 0.5, count: stride)
                    for tap in weights.indices {
                        let from = rows.baseAddress! + stride * reflected(row + tap - radius, height)
                        add(from, times: weights[tap], to: line.baseAddress!, count: stride)
                    }
                    let target = samples.baseAddress! + stride * row
                    for index in 0..<stride { target[index] = UInt8(min(max(line[index], 0), 255)) }
                }
            }
        }
    }

    /// An odd number of weights that add up to 1.
    static func weights(sigma: Double) -> [Float] {
        let radius = Int((3 * sigma).rounded(.up))
        if radius == 0 { return [1] }
        let heights = (-radius...radius).map { offset in
            Elementary.exponential(-Double(offset * offset) / (2 * sigma * sigma))
        }
        let sum = heights.reduce(0, +)
        return heights.map { Float($0 / sum) }
    }
}

private func grow(_ buffer: inout [Float], to count: Int) {
    if buffer.count < count { buffer = [Float](repeating: 0, count: count) }
}

@inline(__always)
private func add(
    _ values: UnsafePointer<Float>, times weight: Float, to sums: UnsafeMutablePointer<Float>, count: Int
) {
    for index in 0..<count { sums[index] += weight * values[index] }
}
