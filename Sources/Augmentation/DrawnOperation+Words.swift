import Faults

extension DrawnOperation {
    /// The operation for people, in a few words: `rotate 4.2°`, `crop 87 %`, `brightness ×0.93`, `jpeg 85`.
    ///
    /// A crop and an occlusion have the share of the short side and of the area, a perspective its largest displacement, a
    /// blur its sigma in pixels, noise its standard deviation, a JPEG its quality.
    public var words: String {
        switch self {
        case .rotate(let degrees): "\(kind.rawValue) \(fixed(degrees, 1))°"
        case .crop(let crop): "\(kind.rawValue) \(fixed(100 * crop.share, 0)) %"
        case .perspective: "\(kind.rawValue) \(fixed(100 * (magnitude ?? 0), 0)) %"
        case .brightness(let factor), .contrast(let factor), .saturation(let factor):
            "\(kind.rawValue) ×\(fixed(factor, 2))"
        case .flip, .grayscale: kind.rawValue
        case .blur(let sigma): "\(kind.rawValue) \(fixed(sigma, 1)) px"
        case .noise(let noise): "\(kind.rawValue) ±\(fixed(noise.standardDeviation, 1))"
        case .occlusion(let occlusion): "\(kind.rawValue) \(fixed(100 * occlusion.share, 0)) %"
        case .jpeg(let quality): "\(kind.rawValue) \(quality)"
        }
    }
}
