public import Imaging

/// Many pictures in one: a grid of equal cells, row by row from the top left.
public enum ContactSheet {
    /// Draws the grid. A picture keeps its proportions, fits its cell and stands in the middle of it.
    ///
    /// - Parameters:
    ///   - pictures: at least one.
    ///   - columns: cells in a row, at least 1; fewer when there are fewer pictures.
    ///   - cell: the side of a cell in pixels, at least 1.
    ///   - gap: between cells and around them, in pixels.
    ///   - background: the red, green and blue of everything else.
    /// - Complexity: O(pixels of the pictures + pixels of the sheet).
    public static func image(
        of pictures: [RGBImage], columns: Int, cell: Int, gap: Int = 4,
        background: (red: UInt8, green: UInt8, blue: UInt8) = (255, 255, 255)
    ) -> RGBImage {
        precondition(!pictures.isEmpty && columns > 0 && cell > 0 && gap >= 0, "a sheet has pictures in cells")
        let columns = min(columns, pictures.count)
        let rows = (pictures.count + columns - 1) / columns
        let width = columns * (cell + gap) + gap
        let height = rows * (cell + gap) + gap
        let color = [background.red, background.green, background.blue]
        var pixels = [UInt8](repeating: background.red, count: 3 * width * height)
        for index in pixels.indices { pixels[index] = color[index % 3] }
        for (number, picture) in pictures.enumerated() {
            let fitted = fit(picture, cell: cell)
            let left = gap + number % columns * (cell + gap) + (cell - fitted.width) / 2
            let top = gap + number / columns * (cell + gap) + (cell - fitted.height) / 2
            for row in 0..<fitted.height {
                let source = 3 * fitted.width * row
                let target = 3 * (width * (top + row) + left)
                pixels.replaceSubrange(
                    target..<(target + 3 * fitted.width), with: fitted.pixels[source..<(source + 3 * fitted.width)])
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    private static func fit(_ picture: RGBImage, cell: Int) -> RGBImage {
        let scale = Double(cell) / Double(max(picture.width, picture.height))
        return picture.resized(
            width: max(1, Int((Double(picture.width) * scale).rounded())),
            height: max(1, Int((Double(picture.height) * scale).rounded())))
    }
}
