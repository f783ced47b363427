/// A picture in memory: 8-bit red, green and blue, interleaved, row by row from the top left, without padding.
public struct RGBImage: Sendable, Equatable {
    /// The number of columns, at least 1.
    public let width: Int
    /// The number of rows, at least 1.
    public let height: Int
    /// The samples, `3 * width * height` bytes: the red of column x in row y is at `3 * (y * width + x)`.
    public var pixels: [UInt8]

    /// A picture of samples that are already there.
    ///
    /// - Parameters:
    ///   - width: At least 1.
    ///   - height: At least 1.
    ///   - pixels: Exactly `3 * width * height` bytes, row-major, interleaved RGB. Not copied until someone writes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel, not \(width) × \(height)")
        precondition(
            pixels.count == 3 * width * height, "\(width) × \(height) pixels do not have \(pixels.count) bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The rectangle whose top left pixel is (`x`, `y`), as a picture of its own.
    ///
    /// The rectangle lies within the picture: `0 ≤ x`, `x + width ≤ self.width`, and so for y.
    ///
    /// - Complexity: O(`width` · `height`).
    public func cropped(x: Int, y: Int, width: Int, height: Int) -> RGBImage {
        precondition(
            x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= self.width && y + height <= self.height,
            "\(width) × \(height) at (\(x), \(y)) does not lie within \(self.width) × \(self.height)")
        var result: [UInt8] = []
        result.reserveCapacity(3 * width * height)
        for row in y..<(y + height) {
            let start = 3 * (row * self.width + x)
            result.append(contentsOf: pixels[start..<(start + 3 * width)])
        }
        return RGBImage(width: width, height: height, pixels: result)
    }
}
