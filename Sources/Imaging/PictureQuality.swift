/// Figures by which poor pictures are found: unsharp, too dark, too bright, flat.
///
/// They are about the luma (Rec. 601) of the picture reduced to at most 224 pixels a side. Sharpness in single pixels
/// depends on the camera's resolution and on the scale that the picture was decoded at; at one size, pictures of
/// different sizes compare, and 224 is what every ``DecodeScale`` used for embeddings leaves at least. Smaller pictures
/// are measured as they are: enlarging adds nothing.
public struct PictureQuality: Sendable, Equatable {
    /// The variance of the 3 × 3 Laplacian of the luma, 0 … about 1,000,000; the unit is a step of 255, squared. Small
    /// means unsharp or empty: photographs in focus have some hundreds or thousands, but a plain wall in focus has few as
    /// well. 0 for pictures of which a side is shorter than 3 pixels.
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
        // The weights of the reduction add up to 1 but for their rounding: the ranges hold all the same.
        brightness = min(shades.mean / 255, 1)
        contrast = min(shades.variance.squareRoot() / 255, 0.5)
        blur = Moments(ofLaplacianOf: luminance).variance
    }
}

/// Sums of values and of their squares.
private struct Moments {
    private var count = 0
    private var sum = 0.0
    private var sumOfSquares = 0.0

    var mean: Double { count == 0 ? 0 : sum / Double(count) }
    /// Of all values, not an estimate from a sample; rounding may not take it below 0.
    var variance: Double { count == 0 ? 0 : max(0, sumOfSquares / Double(count) - mean * mean) }

    init(of luminance: Luminance) {
        count = luminance.samples.count
        for sample in luminance.samples {
            sum += Double(sample)
            sumOfSquares += Double(sample) * Double(sample)
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
                for column in 1..<(width - 1) {
                    let vertical = line[column &- width] + line[column &+ width]
                    let value = Double(vertical + line[column &- 1] + line[column &+ 1] - 4 * line[column])
                    sum += value
                    sumOfSquares += value * value
                }
            }
        }
    }
}
