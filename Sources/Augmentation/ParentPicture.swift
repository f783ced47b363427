public import Imaging

/// A decoded picture, and itself made smaller by halves, so that any number of copies can be drawn from it.
///
/// A copy that shows the picture smaller samples the first half that is not yet twice too fine: it costs by its own
/// size, not by the parent's.
public struct ParentPicture: Sendable {
    /// The picture, then each level half as wide and half as high as the one before (rounded up), down to one pixel.
    let levels: [RGBImage]

    /// The picture itself.
    public var image: RGBImage { levels[0] }

    /// Makes the levels.
    ///
    /// - Complexity: O(`image.width` · `image.height`); a third more memory than the picture has.
    public init(_ image: RGBImage) {
        var levels = [image]
        while levels[levels.count - 1].width > 1 || levels[levels.count - 1].height > 1 {
            levels.append(levels[levels.count - 1].halved)
        }
        self.levels = levels
    }

    /// Decodes a file whole, upright.
    ///
    /// - Throws: What is wrong with the file, or which limit it exceeds.
    public init(decoding bytes: [UInt8], limits: DecodeLimits = .standard) throws(ImagingError) {
        self.init(try ImageDecoder.decode(bytes, limits: limits).image)
    }
}

extension RGBImage {
    /// Half as wide and half as high, rounded up.
    var halved: RGBImage { resized(width: (width + 1) / 2, height: (height + 1) / 2) }
}
