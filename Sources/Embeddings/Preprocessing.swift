import Imaging

/// How an upright picture becomes the network's input; part of the model's identity.
public enum Preprocessing: String, Sendable, Codable, CaseIterable {
    /// The whole picture, squashed to 224 × 224.
    case squash224 = "squash224-bilinear-imagenet"
    /// The shorter side resized to 256, then the middle 224 × 224.
    case resize256Crop224 = "resize256-crop224-bilinear-imagenet"

    /// Pixels along each side of the network's input.
    public static let side = 224
    /// float32 values in one input: 3 channels of 224 × 224.
    public static let inputLength = 3 * side * side

    /// The smallest size a JPEG may be decoded to before it is resized: twice the resized size, so that the antialiased
    /// resize, not the decoder's coarser one, makes the last reduction.
    public var decodeScale: DecodeScale {
        switch self {
        case .squash224: .atLeast(width: 2 * Self.side, height: 2 * Self.side)
        case .resize256Crop224: .atLeast(width: 2 * Self.shorterSide, height: 2 * Self.shorterSide)
        }
    }

    /// Writes a picture as 3 × 224 × 224 values, channel by channel, row by row, normalized as ImageNet networks expect it:
    /// (value / 255 − mean) / deviation.
    ///
    /// - Precondition: `slot` has ``inputLength`` values.
    public func write(_ image: RGBImage, into slot: UnsafeMutableBufferPointer<Float>) {
        precondition(slot.count == Self.inputLength, "an input has \(Self.inputLength) values, not \(slot.count)")
        let resized = resized(image)
        let plane = Self.side * Self.side
        Self.normalized.withUnsafeBufferPointer { normalized in
            resized.pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<plane {
                    slot[index] = normalized[Int(pixels[3 * index])]
                    slot[plane + index] = normalized[256 + Int(pixels[3 * index + 1])]
                    slot[2 * plane + index] = normalized[512 + Int(pixels[3 * index + 2])]
                }
            }
        }
    }

    /// torchvision resizes the shorter side to this before it crops.
    private static let shorterSide = 256

    /// The normalized value of each byte, 256 for each of red, green and blue. Constants are torchvision's for ImageNet.
    private static let normalized: [Float] = {
        let mean: [Float] = [0.485, 0.456, 0.406]
        let deviation: [Float] = [0.229, 0.224, 0.225]
        return (0..<3).flatMap { channel in
            (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
        }
    }()

    private func resized(_ image: RGBImage) -> RGBImage {
        switch self {
        case .squash224:
            return image.resized(width: Self.side, height: Self.side)
        case .resize256Crop224:
            // torchvision's rule: the longer side is cut down to a whole number, the crop's corner rounded half to even.
            let image = withoutFarEnds(image)
            let shorter = min(image.width, image.height)
            let width = Self.shorterSide * image.width / shorter
            let height = Self.shorterSide * image.height / shorter
            let left = (Double(width - Self.side) / 2).rounded(.toNearestOrEven)
            let top = (Double(height - Self.side) / 2).rounded(.toNearestOrEven)
            return image.resized(width: width, height: height)
                .cropped(x: Int(left), y: Int(top), width: Self.side, height: Self.side)
        }
    }

    /// The picture without what lies far outside the crop: a picture of 1 × 60,000 pixels, resized whole, would take 11 GB.
    private func withoutFarEnds(_ image: RGBImage) -> RGBImage {
        let longest = 8 * min(image.width, image.height)
        let width = min(image.width, longest)
        let height = min(image.height, longest)
        if width == image.width && height == image.height { return image }
        return image.cropped(x: (image.width - width) / 2, y: (image.height - height) / 2, width: width, height: height)
    }
}
