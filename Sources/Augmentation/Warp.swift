/// What a run of geometric operations does: for each point of the result, the point of the source that comes there.
///
/// The definition: the operations are applied one after the other to the plane, not to pixels. Each has a canvas; what
/// an operation wants from beyond the edge of the canvas before it is that canvas reflected at its edge. The picture is
/// sampled once, at the end. So ten operations blur no more than one, and all that need no reflection between them are
/// one matrix.
struct Warp {
    /// Maps that are one matrix, and the canvas that its results are reflected into.
    struct Segment {
        let projection: Projection
        let width: Double
        let height: Double
    }

    /// The size of the result.
    let width: Int
    let height: Int
    /// From the result to the source, in this order; the last one's canvas is the source.
    let segments: [Segment]
    /// How long a pixel of the result is in the source, on average: the square root of the area that it covers.
    let scale: Double

    /// - Parameters:
    ///   - operations: geometric ones; none is a warp that changes nothing.
    ///   - width: the source's.
    ///   - height: the source's.
    init(_ operations: some BidirectionalCollection<DrawnOperation>, width: Int, height: Int) {
        var moves: [Move] = []
        var canvas = (width: width, height: height)
        var scale = 1.0
        for operation in operations {
            let move = Move(operation, width: canvas.width, height: canvas.height)
            canvas = (move.width, move.height)
            scale *= move.scale
            moves.append(move)
        }
        var segments: [Segment] = []
        if moves.isEmpty {
            segments = [Segment(projection: .identity, width: Double(width), height: Double(height))]
        }
        var projection = Projection.identity
        for (index, move) in moves.enumerated().reversed() {
            projection = move.projection.after(projection)
            let from = index == 0 ? (width: width, height: height) : (moves[index - 1].width, moves[index - 1].height)
            if index == 0 || move.reachesBeyond {
                segments.append(
                    Segment(projection: projection, width: Double(from.width), height: Double(from.height)))
                projection = .identity
            }
        }
        self.width = canvas.width
        self.height = canvas.height
        self.segments = segments
        self.scale = scale
    }

    /// Whether the result is the source.
    var isIdentity: Bool {
        segments.allSatisfy { $0.projection == .identity && $0.width == Double(width) && $0.height == Double(height) }
    }
}

/// What one geometric operation does to a canvas.
private struct Move {
    /// The size of the result.
    var width: Int
    var height: Int
    /// From the result to the source.
    var projection: Projection
    /// How long a pixel of the result is in the source, on average.
    var scale = 1.0
    /// Whether it may want points beyond the edges of the source.
    var reachesBeyond = false

    init(_ operation: DrawnOperation, width: Int, height: Int) {
        self.width = width
        self.height = height
        let (x, y) = (Double(width), Double(height))
        switch operation {
        case .rotate(let degrees):
            projection = .rotation(degrees: degrees, width: x, height: y)
            reachesBeyond = degrees != 0
        case .crop(let crop):
            let side = crop.share * min(x, y)
            scale = side / Double(crop.size)
            projection = Projection(a: scale, c: crop.x * (x - side), e: scale, f: crop.y * (y - side))
            self.width = crop.size
            self.height = crop.size
        case .flip: projection = Projection(a: -1, c: x)
        case .perspective(let corners):
            let points = corners.points
            projection = Projection.unitSquare(to: points).after(Projection(a: 1 / x, e: 1 / y)).scaled(x: x, y: y)
            scale = area(points).squareRoot()
            reachesBeyond = corners.clockwise.contains { $0.dx < 0 || $0.dy < 0 }
        default: preconditionFailure("\(operation.kind) moves nothing")
        }
    }
}

extension CornerDisplacements {
    /// The points that come to the corners, clockwise from the top left, where the picture is the unit square.
    fileprivate var points: [(x: Double, y: Double)] {
        [
            (topLeft.dx, topLeft.dy), (1 - topRight.dx, topRight.dy),
            (1 - bottomRight.dx, 1 - bottomRight.dy), (bottomLeft.dx, 1 - bottomLeft.dy),
        ]
    }
}

/// The area of a polygon that does not cross itself.
private func area(_ points: [(x: Double, y: Double)]) -> Double {
    var sum = 0.0
    for (point, next) in zip(points, points.dropFirst() + points.prefix(1)) {
        sum += point.x * next.y - next.x * point.y
    }
    return abs(sum) / 2
}
