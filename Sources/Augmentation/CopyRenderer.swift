public import Imaging

/// Draws augmented copies; what it needs of memory it keeps for the next one.
///
/// The same operations on the same pixels give the same pixels: no result depends on what was drawn before, on threads
/// or on the processor. The bytes of a file also depend on libjpeg's version.
///
/// One renderer belongs to one thread at a time; each thread has its own.
public final class CopyRenderer {
    /// The quality of a file when the operations do not end in one.
    public static let usualQuality = 90

    private var canvas = Canvas()
    private var blur = GaussianBlur()
    private var coordinates: [Int32] = []

    /// A renderer without memory yet.
    public init() {}

    /// The copy as a JPEG file.
    ///
    /// The last operation is its quality when it is ``DrawnOperation/jpeg(quality:)``; without one it is
    /// ``usualQuality``.
    ///
    /// - Throws: ``AugmentationError/notRendered(_:)`` when libjpeg has no memory left.
    /// - Complexity: O(pixels of the copy) when the first operation makes the copy's size, otherwise O(pixels of the
    ///   parent).
    public func file(
        _ operations: [DrawnOperation], of parent: ParentPicture
    ) throws(AugmentationError) -> [UInt8] {
        guard case .jpeg(let quality)? = operations.last else {
            return try encoded(try image(operations, of: parent), quality: Self.usualQuality)
        }
        try draw(operations.dropLast(), of: parent)
        return try encoded(canvas.image(), quality: quality)
    }

    /// The copy as a picture.
    ///
    /// - Throws: ``AugmentationError/notRendered(_:)`` when libjpeg has no memory left.
    public func image(_ operations: [DrawnOperation], of parent: ParentPicture) throws(AugmentationError) -> RGBImage {
        try draw(operations[...], of: parent)
        return canvas.image()
    }

    private func draw(_ operations: ArraySlice<DrawnOperation>, of parent: ParentPicture) throws(AugmentationError) {
        let moves = operations.prefix { $0.kind.isGeometric }
        let warp = Warp(moves, width: parent.image.width, height: parent.image.height)
        if warp.isIdentity {
            canvas.set(parent.image)
        } else {
            sample(warp, levels: parent.levels.count) { parent.levels[$0] }
        }
        var rest = operations.dropFirst(moves.count)
        while let operation = rest.first {
            if operation.kind.isGeometric {
                let moves = rest.prefix { $0.kind.isGeometric }
                rest.removeFirst(moves.count)
                move(moves)
            } else {
                rest.removeFirst()
                try apply(operation)
            }
        }
    }

    private func move(_ operations: ArraySlice<DrawnOperation>) {
        let warp = Warp(operations, width: canvas.width, height: canvas.height)
        if warp.isIdentity { return }
        var level = canvas.image()
        var number = 0
        sample(warp, levels: .max) { wanted in
            while number < wanted {
                level = level.halved
                number += 1
            }
            return level
        }
    }

    private func sample(_ warp: Warp, levels: Int, _ level: (Int) -> RGBImage) {
        canvas.replace(width: warp.width, height: warp.height) { output in
            warp.sample(level, levels: levels, into: output, coordinates: &coordinates)
        }
    }

    private func apply(_ operation: DrawnOperation) throws(AugmentationError) {
        switch operation {
        case .rotate, .crop, .flip, .perspective: move([operation])
        case .brightness(let factor): canvas.multiply(by: factor)
        case .contrast(let factor): canvas.contrast(by: factor)
        case .saturation(let factor): canvas.saturate(by: factor)
        case .grayscale: canvas.removeColor()
        case .blur(let sigma):
            let (width, height) = (canvas.width, canvas.height)
            canvas.change { blur.apply(sigma: sigma, to: $0, width: width, height: height) }
        case .noise(let noise): canvas.add(noise)
        case .occlusion(let occlusion): canvas.hide(occlusion)
        case .jpeg(let quality): try lose(quality: quality)
        }
    }

    /// What a JPEG of this quality leaves of the picture.
    private func lose(quality: Int) throws(AugmentationError) {
        let file = try encoded(canvas.image(), quality: quality)
        do throws(ImagingError) {
            canvas.set(try ImageDecoder.decode(file).image)
        } catch {
            throw .notRendered(error)
        }
    }

    private func encoded(_ image: RGBImage, quality: Int) throws(AugmentationError) -> [UInt8] {
        do throws(ImagingError) {
            return try JPEGEncoder.encode(image, quality: quality)
        } catch {
            throw .notRendered(error)
        }
    }
}
