/// How a stored picture must be turned to stand upright: the EXIF tag `Orientation` (0x0112).
///
/// The names say where the top of the picture lies in what is stored.
///
/// Source: CIPA DC-008 (Exif 2.32), 4.6.4.A.
public enum Orientation: Int, Sendable, CaseIterable {
    /// Upright as stored.
    case up = 1
    /// Mirrored left to right.
    case upMirrored = 2
    /// Upside down.
    case down = 3
    /// Mirrored top to bottom.
    case downMirrored = 4
    /// Mirrored over the diagonal from the top left (transposed).
    case leftMirrored = 5
    /// Stands upright after a quarter turn clockwise.
    case right = 6
    /// Mirrored over the diagonal from the top right (transversed).
    case rightMirrored = 7
    /// Stands upright after a quarter turn counterclockwise.
    case left = 8

    /// Whether the upright picture is as wide as the stored one is high.
    public var swapsAxes: Bool { rawValue >= 5 }
}

extension RGBImage {
    /// The picture turned upright, as Pillow's `ImageOps.exif_transpose` does it.
    ///
    /// - Complexity: O(`width` · `height`); ``Orientation/up`` costs nothing.
    public func oriented(_ orientation: Orientation) -> RGBImage {
        if orientation == .up { return self }
        let outputWidth = orientation.swapsAxes ? height : width
        let outputHeight = orientation.swapsAxes ? width : height
        let walk = orientation.walk(width: width, height: height)
        let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
            pixels.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                copy(source, along: walk, to: target, width: outputWidth, height: outputHeight)
            }
            count = pixels.count
        }
        return RGBImage(width: outputWidth, height: outputHeight, pixels: result)
    }
}

/// The order in which an upright picture takes the pixels of the stored one; all in pixels.
private struct Walk {
    /// Where the top left pixel of the result is.
    let origin: Int
    /// What one column to the right in the result is in the source.
    let column: Int
    /// What one row down in the result is in the source.
    let row: Int
}

extension Orientation {
    fileprivate func walk(width: Int, height: Int) -> Walk {
        let last = width * height - 1
        return switch self {
        case .up: Walk(origin: 0, column: 1, row: width)
        case .upMirrored: Walk(origin: width - 1, column: -1, row: width)
        case .down: Walk(origin: last, column: -1, row: -width)
        case .downMirrored: Walk(origin: last - width + 1, column: 1, row: -width)
        case .leftMirrored: Walk(origin: 0, column: width, row: 1)
        case .right: Walk(origin: last - width + 1, column: -width, row: 1)
        case .rightMirrored: Walk(origin: last, column: -width, row: -1)
        case .left: Walk(origin: width - 1, column: width, row: -1)
        }
    }
}

/// Copies pixels in strips of 32 columns: a turned picture reads down the source's columns, and the lines of the cache
/// that a strip touches stay there until the next row of the result wants their neighbors.
private func copy(
    _ source: UnsafePointer<UInt8>, along walk: Walk, to target: UnsafeMutablePointer<UInt8>, width: Int, height: Int
) {
    let step = 3 &* walk.column
    for strip in stride(from: 0, to: width, by: 32) {
        let columns = min(32, width &- strip)
        for row in 0..<height {
            var from = source + 3 &* (walk.origin &+ row &* walk.row &+ strip &* walk.column)
            var to = target + 3 &* (row &* width &+ strip)
            for _ in 0..<columns {
                to[0] = from[0]
                to[1] = from[1]
                to[2] = from[2]
                to += 3
                from += step
            }
        }
    }
}
