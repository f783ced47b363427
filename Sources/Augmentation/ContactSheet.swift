public import Imaging

/// Many pictures in one: a grid of equal cells, row by row from the top left.
public enum ContactSheet {
    /// Draws the grid. A picture keeps its proportions, fits its cell and stands in the middle of it.
    ///
    /// - Parameters:
    ///   - pictures: at least one; nil is an empty cell, a little darker than the background.
    ///   - columns: cells in a row, at least 1; fewer when there are fewer pictures.
    ///   - cell: the side of a cell in pixels, at least 1.
    ///   - gap: between cells and around them, in pixels.
    ///   - background: the red, green and blue of everything else.
    ///   - framed: the cell that gets a frame, in the gap around it; nil: none.
    /// - Complexity: O(pixels of the pictures + pixels of the sheet).
    public static func image(
        of pictures: [RGBImage?], columns: Int, cell: Int, gap: Int = 4,
        background: (red: UInt8, green: UInt8, blue: UInt8) = (255, 255, 255), framed: Int? = nil
    ) -> RGBImage {
        precondition(!pictures.isEmpty && columns > 0 && cell > 0 && gap >= 0, "a sheet has pictures in cells")
        let columns = min(columns, pictures.count)
        let rows = (pictures.count + columns - 1) / columns
        var sheet = Sheet(
            width: columns * (cell + gap) + gap, height: rows * (cell + gap) + gap,
            color: [background.red, background.green, background.blue])
        for (number, picture) in pictures.enumerated() {
            let left = gap + number % columns * (cell + gap)
            let top = gap + number / columns * (cell + gap)
            if number == framed {
                let width = min(gap, 3)
                sheet.fill(left - width, top - width, side: cell + 2 * width, with: frameColor)
                sheet.fill(left, top, side: cell, with: [background.red, background.green, background.blue])
            }
            if let fitted = picture.map({ fit($0, cell: cell) }) {
                sheet.put(fitted, left + (cell - fitted.width) / 2, top + (cell - fitted.height) / 2)
            } else {
                let color = [background.red, background.green, background.blue].map { UInt8(Int($0) * 9 / 10) }
                sheet.fill(left, top, side: cell, with: color)
            }
        }
        return RGBImage(width: sheet.width, height: sheet.height, pixels: sheet.pixels)
    }

    private static let frameColor: [UInt8] = [214, 69, 27]

    private static func fit(_ picture: RGBImage, cell: Int) -> RGBImage {
        let scale = Double(cell) / Double(max(picture.width, picture.height))
        return picture.resized(
            width: max(1, Int((Double(picture.width) * scale).rounded())),
            height: max(1, Int((Double(picture.height) * scale).rounded())))
    }
}

/// Pixels that are painted over.
private struct Sheet {
    let width: Int
    let height: Int
    private(set) var pixels: [UInt8]

    /// - Parameter color: red, green and blue.
    init(width: Int, height: Int, color: [UInt8]) {
        (self.width, self.height) = (width, height)
        pixels = [UInt8](repeating: color[0], count: 3 * width * height)
        for index in pixels.indices { pixels[index] = color[index % 3] }
    }

    /// Paints a square, which lies within the sheet.
    mutating func fill(_ left: Int, _ top: Int, side: Int, with color: [UInt8]) {
        for row in top..<(top + side) {
            for index in 0..<(3 * side) { pixels[3 * (width * row + left) + index] = color[index % 3] }
        }
    }

    /// Paints a picture, which lies within the sheet.
    mutating func put(_ picture: RGBImage, _ left: Int, _ top: Int) {
        for row in 0..<picture.height {
            let source = 3 * picture.width * row
            let target = 3 * (width * (top + row) + left)
            pixels.replaceSubrange(
                target..<(target + 3 * picture.width), with: picture.pixels[source..<(source + 3 * picture.width)])
        }
    }
}
