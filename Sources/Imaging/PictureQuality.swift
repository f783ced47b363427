/// Figures by which poor pictures are found: unsharp, too dark, too bright, flat.
///
/// They are about the luma (Rec. 601) of the picture reduced to at most 224 pixels a side by averaging over areas. Sharpness
/// in single pixels depends on the camera's resolution and on the scale the picture was decoded at; at one size, pictures
/// of different sizes compare, and 224 is what every ``DecodeScale`` used for embeddings leaves at least. Smaller
/// pictures are measured as they are: enlarging adds nothing.
public struct PictureQuality: Sendable, Equatable {
    /// The variance of the 3 × 3 Laplacian of the luma, 0 … about 1,000,000; the unit is a step of 255, squared. Small
    /// means unsharp or empty: photographs in focus have some hundreds or thousands, a plain wall has few as well. 0
    /// for pictures of which a side is shorter than 3 pixels.
    ///
    /// The kernel is 0 1 0, 1 -4 1, 0 1 0, over all pixels that have four neighbors.
    ///
    /// Source: Pech-Pacheco, Cristóbal, Chamorro-Martínez and Fernández-Valdivia, "Diatom autofocusing in brightfield
    /// microscopy: a comparative study", ICPR 2000, LAPV.
    public let blur: Double
    /// The mean luma, 0 (black) … 1 (white).
    public let brightness: Double
    /// The standard deviation of the luma, 0 (one shade) … 0.5 (half black, half white).
    public let contrast: Double

    /// Measures a picture.
    ///
    /// - Complexity: O(`image.width` · `image.height`), under a millisecond for 400 × 400 pixels; memory for one row and
    ///   the reduced luma.
    public init(of image: RGBImage) {
        let luminance = Luminance(of: image, bound: 224)
        let shades = Moments(of: luminance)
        brightness = shades.mean / 255
        contrast = shades.variance.squareRoot() / 255
        blur = Moments(ofLaplacianOf: luminance).variance
    }
}

/// Sums of whole numbers and of their squares: no rounding until the end.
private struct Moments {
    private var count = 0
    private var sum = 0
    private var sumOfSquares = 0

    var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }
    /// Of all values, not an estimate from a sample.
    var variance: Double {
        count == 0 ? 0 : Double(count * sumOfSquares - sum * sum) / (Double(count) * Double(count))
    }

    init(of luminance: Luminance) {
        count = luminance.samples.count
        for sample in luminance.samples {
            sum &+= Int(sample)
            sumOfSquares &+= Int(sample) &* Int(sample)
        }
    }

    init(ofLaplacianOf luminance: Luminance) {
        let (width, height) = (luminance.width, luminance.height)
        guard width >= 3 && height >= 3 else { return }
        count = (width - 2) * (height - 2)
        luminance.samples.withUnsafeBufferPointer { samples in
            guard let samples = samples.baseAddress else { return }
            for row in 1..<(height - 1) {
                let line = samples + row &* width
                // A row of at most 222 values, each at most 1020, keeps its sums within 32 bits.
                var rowSum: Int32 = 0
                var rowSquares: Int32 = 0
                for column in 1..<(width - 1) {
                    let value =
                        Int32(line[column - width]) &+ Int32(line[column + width]) &+ Int32(line[column - 1])
                        &+ Int32(line[column + 1]) &- 4 &* Int32(line[column])
                    rowSum &+= value
                    rowSquares &+= value &* value
                }
                sum &+= Int(rowSum)
                sumOfSquares &+= Int(rowSquares)
            }
        }
    }
}
