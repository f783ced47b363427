import Augmentation
import Glibc
import Imaging

/// The definition of the operations as straight as it can be written: each operation by itself, a point or a pixel at a
/// time, real numbers, the C library's functions.
enum SlowReference {
    /// All operations; geometric ones that follow each other are one resampling.
    static func image(_ operations: [DrawnOperation], of picture: RGBImage) throws -> RGBImage {
        var picture = picture
        var rest = operations[...]
        while let operation = rest.first {
            let moves = rest.prefix { [.rotate, .crop, .flip, .perspective].contains($0.kind) }
            if moves.isEmpty {
                rest.removeFirst()
                picture = try changed(picture, by: operation)
            } else {
                rest.removeFirst(moves.count)
                picture = resampled(picture, Array(moves))
            }
        }
        return picture
    }

    // MARK: Geometry

    private struct Size {
        var width: Double
        var height: Double
    }

    /// The point of the canvas before an operation that comes to (x, y) after it.
    private static func origin(_ x: Double, _ y: Double, _ operation: DrawnOperation, from: Size) -> (Double, Double) {
        switch operation {
        case .rotate(let degrees):
            let angle = degrees * .pi / 180
            let (dx, dy) = (x - from.width / 2, y - from.height / 2)
            return (
                from.width / 2 + cos(angle) * dx - sin(angle) * dy, from.height / 2 + sin(angle) * dx + cos(angle) * dy
            )
        case .crop(let crop):
            let side = crop.share * min(from.width, from.height)
            return (
                crop.x * (from.width - side) + x * side / Double(crop.size),
                crop.y * (from.height - side) + y * side / Double(crop.size)
            )
        case .flip: return (from.width - x, y)
        case .perspective(let corners):
            // The projection is the one for which the corners come out right: eight linear equations.
            let to = points(corners)
            let square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
            var rows: [[Double]] = []
            for ((u, v), (a, b)) in zip(square, to) {
                rows.append([u, v, 1, 0, 0, 0, -u * a, -v * a, a])
                rows.append([0, 0, 0, u, v, 1, -u * b, -v * b, b])
            }
            let h = solved(rows)
            let (u, v) = (x / from.width, y / from.height)
            let weight = h[6] * u + h[7] * v + 1
            return (
                (h[0] * u + h[1] * v + h[2]) / weight * from.width, (h[3] * u + h[4] * v + h[5]) / weight * from.height
            )
        default: return (x, y)
        }
    }

    private static func points(_ corners: CornerDisplacements) -> [(Double, Double)] {
        [
            (corners.topLeft.dx, corners.topLeft.dy), (1 - corners.topRight.dx, corners.topRight.dy),
            (1 - corners.bottomRight.dx, 1 - corners.bottomRight.dy),
            (corners.bottomLeft.dx, 1 - corners.bottomLeft.dy),
        ]
    }

    /// Gauss and Jordan, with pivoting.
    private static func solved(_ system: [[Double]]) -> [Double] {
        var rows = system
        for column in rows.indices {
            let pivot = rows[column...].indices.max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
            rows.swapAt(column, pivot)
            for row in rows.indices where row != column {
                let factor = rows[row][column] / rows[column][column]
                for index in rows[row].indices { rows[row][index] -= factor * rows[column][index] }
            }
        }
        return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    }

    private static func scale(of operation: DrawnOperation, from: Size) -> Double {
        switch operation {
        case .crop(let crop): return crop.share * min(from.width, from.height) / Double(crop.size)
        case .perspective(let corners):
            let p = points(corners)
            // Half the cross product of the diagonals.
            return abs((p[2].0 - p[0].0) * (p[3].1 - p[1].1) - (p[3].0 - p[1].0) * (p[2].1 - p[0].1)).squareRoot()
                / 2.0.squareRoot()
        default: return 1
        }
    }

    private static func mirrored(_ value: Double, _ length: Double) -> Double {
        var value = value
        while value < 0 || value > length { value = value < 0 ? -value : 2 * length - value }
        return value
    }

    private static func resampled(_ picture: RGBImage, _ operations: [DrawnOperation]) -> RGBImage {
        var canvases = [Size(width: Double(picture.width), height: Double(picture.height))]
        var scale = 1.0
        for operation in operations {
            let from = canvases[canvases.count - 1]
            scale *= self.scale(of: operation, from: from)
            if case .crop(let crop) = operation {
                canvases.append(Size(width: Double(crop.size), height: Double(crop.size)))
            } else {
                canvases.append(from)
            }
        }
        var level = picture
        var rest = scale
        while rest > 2 - 1e-9 && level.width * level.height > 1 {
            level = level.resized(width: (level.width + 1) / 2, height: (level.height + 1) / 2)
            rest /= 2
        }
        let shrink = (Double(level.width) / canvases[0].width, Double(level.height) / canvases[0].height)
        let reach = min(max(scale * (shrink.0 * shrink.1).squareRoot(), 1), 2)
        let result = canvases[canvases.count - 1]
        var pixels: [UInt8] = []
        for row in 0..<Int(result.height) {
            for column in 0..<Int(result.width) {
                var point = (Double(column) + 0.5, Double(row) + 0.5)
                for (index, operation) in operations.enumerated().reversed() {
                    point = origin(point.0, point.1, operation, from: canvases[index])
                    if index > 0 {
                        point = (
                            mirrored(point.0, canvases[index].width), mirrored(point.1, canvases[index].height)
                        )
                    }
                }
                pixels += color(of: level, x: point.0 * shrink.0, y: point.1 * shrink.1, reach: reach)
            }
        }
        return RGBImage(width: Int(result.width), height: Int(result.height), pixels: pixels)
    }

    /// The mean of all pixels within reach, weighted by a triangle along each axis.
    private static func color(of picture: RGBImage, x: Double, y: Double, reach: Double) -> [UInt8] {
        func weights(_ center: Double, _ count: Int) -> [(index: Int, weight: Double)] {
            let first = Int((center - reach - 1).rounded(.down))
            let taps = (first...(first + Int(2 * reach) + 3)).map { tap in
                let index = Int(mirrored(Double(tap) + 0.5, Double(count)))
                return (index: index, weight: max(0, reach - abs(Double(tap) + 0.5 - center)))
            }
            let sum = taps.reduce(0) { $0 + $1.weight }
            return taps.map { ($0.index, $0.weight / sum) }
        }
        var sums = [0.5, 0.5, 0.5]
        let across = weights(x, picture.width)
        for (row, down) in weights(y, picture.height) {
            for (column, weight) in across {
                for channel in 0..<3 {
                    let sample = picture.pixels[3 * (row * picture.width + column) + channel]
                    sums[channel] += down * weight * Double(sample)
                }
            }
        }
        return sums.map { UInt8($0) }
    }

    // MARK: Samples

    private static func changed(_ picture: RGBImage, by operation: DrawnOperation) throws -> RGBImage {
        switch operation {
        case .brightness(let factor): return blended(picture, factor) { _ in 0 }
        case .contrast(let factor):
            let grays = stride(from: 0, to: picture.pixels.count, by: 3).map { gray(picture, $0) }
            let mean = Int(Double(grays.reduce(0, +)) / Double(grays.count) + 0.5)
            return blended(picture, factor) { _ in mean }
        case .saturation(let factor): return blended(picture, factor) { gray(picture, $0) }
        case .grayscale: return blended(picture, 0) { gray(picture, $0) }
        case .blur(let sigma): return blurred(picture, sigma)
        case .jpeg(let quality): return try ImageDecoder.decode(try JPEGEncoder.encode(picture, quality: quality)).image
        default: return picture
        }
    }

    private static func gray(_ picture: RGBImage, _ pixel: Int) -> Int {
        let (red, green, blue) = (picture.pixels[pixel], picture.pixels[pixel + 1], picture.pixels[pixel + 2])
        return (19595 * Int(red) + 38470 * Int(green) + 7471 * Int(blue) + 32768) / 65536
    }

    private static func blended(_ picture: RGBImage, _ factor: Double, _ zero: (Int) -> Int) -> RGBImage {
        var pixels = picture.pixels
        for index in pixels.indices {
            let base = zero(index - index % 3)
            let value = Float(base) + Float(factor) * Float(Int(pixels[index]) - base)
            pixels[index] = value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
        }
        return RGBImage(width: picture.width, height: picture.height, pixels: pixels)
    }

    private static func blurred(_ picture: RGBImage, _ sigma: Double) -> RGBImage {
        if sigma == 0 { return picture }
        let radius = Int((3 * sigma).rounded(.up))
        func weights(_ middle: Int, _ count: Int) -> [(index: Int, weight: Double)] {
            (-radius...radius).map { offset in
                (
                    Int(mirrored(Double(middle + offset) + 0.5, Double(count))),
                    exp(-Double(offset * offset) / (2 * sigma * sigma))
                )
            }
        }
        var pixels: [UInt8] = []
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                var sums = [0.0, 0.0, 0.0]
                var total = 0.0
                for (y, down) in weights(row, picture.height) {
                    for (x, across) in weights(column, picture.width) {
                        total += down * across
                        for channel in 0..<3 {
                            let sample = picture.pixels[3 * (y * picture.width + x) + channel]
                            sums[channel] += down * across * Double(sample)
                        }
                    }
                }
                pixels += sums.map { UInt8($0 / total + 0.5) }
            }
        }
        return RGBImage(width: picture.width, height: picture.height, pixels: pixels)
    }
}
