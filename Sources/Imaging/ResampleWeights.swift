/// What one axis of an antialiased bilinear resize needs: for each output sample, the input samples it is made of.
///
/// The filter is a triangle, as wide as one output sample covers of the input, but never narrower than two input
/// samples. Weights are fixed-point numbers that add up to about 1.
///
/// Source: Pillow, `src/libImaging/Resample.c`, `precompute_coeffs` and `normalize_coeffs_8bpc`: the same order of the
/// same double-precision operations, so that the fixed-point weights come out the same to the last bit.
struct ResampleWeights {
    /// The fraction bits of a weight: 8 bits of sample, 2 bits of headroom and the sign leave these of 32.
    static let fractionBits: Int32 = 32 - 8 - 2
    /// One half, which turns the truncation at the end into rounding.
    static let half: Int32 = 1 << (fractionBits - 1)

    /// How many weights each output sample has room for; those beyond its `counts` are 0.
    let stride: Int
    /// The first input sample of each output sample.
    let starts: [Int]
    /// How many input samples each output sample is made of: 1 … `stride`.
    let counts: [Int]
    /// `stride` weights for each output sample.
    let weights: [Int32]

    /// The weights that turn `inputSize` samples into `outputSize`.
    ///
    /// - Complexity: O(`inputSize` + `outputSize`).
    init(inputSize: Int, outputSize: Int) {
        let scale = Double(inputSize) / Double(outputSize)
        // The triangle reaches one (stretched) sample to either side of its center.
        let support = max(scale, 1)
        let stride = Int(support.rounded(.up)) * 2 + 1
        var starts = [Int](repeating: 0, count: outputSize)
        var counts = [Int](repeating: 0, count: outputSize)
        var weights = [Int32](repeating: 0, count: outputSize * stride)
        var exact = [Double](repeating: 0, count: stride)
        for output in 0..<outputSize {
            let center = (Double(output) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let count = min(Int(center + support + 0.5), inputSize) - start
            let sum = Self.triangle(from: start, count: count, center: center, support: support, into: &exact)
            for tap in 0..<count {
                let weight = sum == 0 ? exact[tap] : exact[tap] / sum
                weights[output * stride + tap] = Int32(0.5 + weight * Double(1 << Self.fractionBits))
            }
            starts[output] = start
            counts[output] = count
        }
        self.stride = stride
        self.starts = starts
        self.counts = counts
        self.weights = weights
    }

    /// Samples the triangle at `count` input samples and returns the sum.
    private static func triangle(
        from start: Int, count: Int, center: Double, support: Double, into exact: inout [Double]
    ) -> Double {
        // Multiplying by the reciprocal is what Pillow does; dividing would round otherwise.
        let reciprocal = 1 / support
        var sum = 0.0
        for tap in 0..<count {
            let distance = abs((Double(tap + start) - center + 0.5) * reciprocal)
            let weight = distance < 1 ? 1 - distance : 0
            exact[tap] = weight
            sum += weight
        }
        return sum
    }
}
