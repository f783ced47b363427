extension DrawnOperation {
    /// How far the operation takes a picture from what it was, in units of its own; 0 changes nothing. nil for what can only
    /// be done or left.
    ///
    /// Degrees of a rotation; the share of the short side that a crop cuts off; the largest displacement of a corner; the
    /// distance of a factor from 1; the sigma of a blur and the standard deviation of noise; the hidden share of the area;
    /// 100 less the quality of a JPEG.
    public var magnitude: Double? {
        switch self {
        case .rotate(let degrees): abs(degrees)
        case .crop(let crop): 1 - crop.share
        case .flip, .grayscale: nil
        case .perspective(let corners):
            corners.clockwise.flatMap { [abs($0.dx), abs($0.dy)] }.reduce(0, max)
        case .brightness(let factor), .contrast(let factor), .saturation(let factor): abs(factor - 1)
        case .blur(let sigma): sigma
        case .noise(let noise): noise.standardDeviation
        case .occlusion(let occlusion): occlusion.share
        case .jpeg(let quality): Double(100 - quality)
        }
    }
}
