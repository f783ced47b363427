/// 4,096 equally likely standard normal deviates; the largest is 3.67.
private let deviates: [Double] = (0..<4096).map { Elementary.normalQuantile((Double($0) + 0.5) / 4096) }

extension Canvas {
    /// Adds a deviate of its own to every sample, rounded to whole steps.
    mutating func add(_ noise: GaussianNoise) {
        if noise.standardDeviation == 0 { return }
        let steps = deviates.map { Int32(($0 * noise.standardDeviation).rounded()) }
        var random = CopyRandom(seed: noise.seed)
        change { samples in
            steps.withUnsafeBufferPointer { steps in
                for start in stride(from: 0, to: samples.count, by: 5) {
                    var bits = random.next()
                    for index in start..<min(start &+ 5, samples.count) {
                        let sum = Int32(samples[index]) &+ steps[Int(truncatingIfNeeded: bits & 4095)]
                        samples[index] = UInt8(truncatingIfNeeded: min(max(sum, 0), 255))
                        bits >>= 12
                    }
                }
            }
        }
    }

    /// Paints over a rectangle; its sides are rounded to whole pixels.
    mutating func hide(_ occlusion: Occlusion) {
        let rectangle = Rectangle(occlusion, width: width, height: height)
        var random: CopyRandom?
        if case .noise(let seed) = occlusion.fill { random = CopyRandom(seed: seed) }
        let width = width
        change { samples in
            for row in rectangle.rows {
                let first = 3 * (width * row + rectangle.columns.lowerBound)
                for index in first..<(first + 3 * rectangle.columns.count) {
                    samples[index] = UInt8(truncatingIfNeeded: random?.next() ?? 128)
                }
            }
        }
    }
}

/// The pixels of an occlusion.
private struct Rectangle {
    let columns: Range<Int>
    let rows: Range<Int>

    init(_ occlusion: Occlusion, width: Int, height: Int) {
        let area = occlusion.share * Double(width) * Double(height)
        let wide = (area * occlusion.aspect).squareRoot()
        let high = (area / occlusion.aspect).squareRoot()
        columns = Self.range(length: wide, at: occlusion.x, of: width)
        rows = Self.range(length: high, at: occlusion.y, of: height)
    }

    private static func range(length: Double, at position: Double, of count: Int) -> Range<Int> {
        let length = min(Int(length.rounded()), count)
        let start = Int((position * Double(count - length)).rounded())
        return start..<(start + length)
    }
}
