/// One operation with the parameters that were drawn for it: what is done to a picture, to the last digit.
///
/// Pictures are those of ``Imaging/RGBImage``: x to the right, y down, the pixel in column 0 of row 0 covers (0, 0) to
/// (1, 1). An operation works on what the one before it leaves. Encoded it is the object that the catalog keeps:
/// `{"operation": "rotate", "degrees": 4.2}`.
public enum DrawnOperation: Sendable, Equatable {
    /// A turn about the middle, counterclockwise by -180 … 180 degrees; the picture keeps its size. What the turn brings
    /// in is the picture reflected at its edges.
    case rotate(degrees: Double)
    /// A square of the picture, at another size.
    case crop(SquareCrop)
    /// The picture mirrored left to right.
    case flip
    /// The picture seen from elsewhere; it keeps its size.
    case perspective(CornerDisplacements)
    /// Every sample times the factor, 0 … 4; 1 changes nothing. As Pillow's `ImageEnhance.Brightness`, bit by bit.
    case brightness(factor: Double)
    /// Every sample's distance from the mean brightness times the factor, 0 … 4; 1 changes nothing. As Pillow's
    /// `ImageEnhance.Contrast`, bit by bit.
    case contrast(factor: Double)
    /// Every sample's distance from the pixel's brightness times the factor, 0 … 4; 1 changes nothing. As Pillow's
    /// `ImageEnhance.Color`, bit by bit.
    case saturation(factor: Double)
    /// Every pixel's brightness in place of its color, as Pillow's `convert("L")`, bit by bit.
    case grayscale
    /// A Gaussian of `sigma` pixels, 0 … 20; 0 changes nothing.
    case blur(sigma: Double)
    /// Independent Gaussian deviates on all samples.
    case noise(GaussianNoise)
    /// A rectangle painted over.
    case occlusion(Occlusion)
    /// The losses of a JPEG of this quality, 1 … 100. As the last operation it is how the copy's file is written.
    case jpeg(quality: Int)

    /// What is done, without how much.
    public var kind: OperationKind {
        switch self {
        case .rotate: .rotate
        case .crop: .crop
        case .flip: .flip
        case .perspective: .perspective
        case .brightness: .brightness
        case .contrast: .contrast
        case .saturation: .saturation
        case .grayscale: .grayscale
        case .blur: .blur
        case .noise: .noise
        case .occlusion: .occlusion
        case .jpeg: .jpeg
        }
    }
}

/// Which square of a picture is kept, and the size it gets.
public struct SquareCrop: Sendable, Equatable {
    /// The side of the square as a share of the picture's short side, 0.01 … 1.
    public var share: Double
    /// Where the square lies within the room to its left and right: 0 at the left edge, 1 at the right one.
    public var x: Double
    /// Where the square lies within the room above and below it: 0 at the top, 1 at the bottom.
    public var y: Double
    /// The side of the result in pixels, 1 … 4096.
    public var size: Int

    /// A square; 0.5 and 0.5 is the middle.
    public init(share: Double, x: Double, y: Double, size: Int) {
        self.share = share
        self.x = x
        self.y = y
        self.size = size
    }
}

/// Which points of a picture come to the corners of the result.
///
/// Each corner's point lies `dx` of the width and `dy` of the height, both -0.2 … 0.2, inward of the corner; a negative
/// number is outward, where the picture is reflected at its edges.
public struct CornerDisplacements: Sendable, Equatable {
    /// How far the point that comes to a corner lies inward of it.
    public struct Corner: Sendable, Equatable {
        /// Share of the width.
        public var dx: Double
        /// Share of the height.
        public var dy: Double

        /// A displacement; 0 and 0 leaves the corner where it is.
        public init(dx: Double, dy: Double) {
            self.dx = dx
            self.dy = dy
        }
    }

    /// At the top left.
    public var topLeft: Corner
    /// At the top right.
    public var topRight: Corner
    /// At the bottom right.
    public var bottomRight: Corner
    /// At the bottom left.
    public var bottomLeft: Corner

    /// Four displacements.
    public init(topLeft: Corner, topRight: Corner, bottomRight: Corner, bottomLeft: Corner) {
        self.topLeft = topLeft
        self.topRight = topRight
        self.bottomRight = bottomRight
        self.bottomLeft = bottomLeft
    }

    /// From the top left clockwise, as they are encoded.
    var clockwise: [Corner] { [topLeft, topRight, bottomRight, bottomLeft] }
}

/// How much noise, and which.
public struct GaussianNoise: Sendable, Equatable {
    /// In steps of a sample, 0 … 100; 0 changes nothing.
    public var standardDeviation: Double
    /// Which noise of that strength.
    public var seed: UInt32

    /// Noise that is the same for the same numbers.
    public init(standardDeviation: Double, seed: UInt32) {
        self.standardDeviation = standardDeviation
        self.seed = seed
    }
}

/// A rectangle that hides a part of a picture.
///
/// Source of the shape: Zhong et al., "Random Erasing Data Augmentation" (2017): a share of the area and an aspect ratio.
public struct Occlusion: Sendable, Equatable {
    /// What the rectangle shows.
    public enum Fill: Sendable, Equatable {
        /// 128 in all samples.
        case gray
        /// Independent samples, all values equally likely.
        case noise(seed: UInt32)
    }

    /// The rectangle's share of the picture's area, 0 … 1; a side that would be longer than the picture's is cut.
    public var share: Double
    /// Width over height, in pixels, 0.1 … 10.
    public var aspect: Double
    /// Where it lies within the room to its left and right: 0 at the left edge, 1 at the right one.
    public var x: Double
    /// Where it lies within the room above and below it: 0 at the top, 1 at the bottom.
    public var y: Double
    /// What it shows.
    public var fill: Fill

    /// A rectangle.
    public init(share: Double, aspect: Double, x: Double, y: Double, fill: Fill) {
        self.share = share
        self.aspect = aspect
        self.x = x
        self.y = y
        self.fill = fill
    }
}
