/// A map of the plane that takes straight lines to straight lines: ((ax + by + c) / w, (dx + ey + f) / w) with
/// w = gx + hy + i.
struct Projection: Equatable {
    var a = 1.0
    var b = 0.0
    var c = 0.0
    var d = 0.0
    var e = 1.0
    var f = 0.0
    var g = 0.0
    var h = 0.0
    var i = 1.0

    static let identity = Projection()

    /// Whether parallels stay parallel, so that the division can be left out.
    var isAffine: Bool { g == 0 && h == 0 && i == 1 }

    /// First `first`, then this.
    func after(_ first: Projection) -> Projection {
        Projection(
            a: a * first.a + b * first.d + c * first.g, b: a * first.b + b * first.e + c * first.h,
            c: a * first.c + b * first.f + c * first.i,
            d: d * first.a + e * first.d + f * first.g, e: d * first.b + e * first.e + f * first.h,
            f: d * first.c + e * first.f + f * first.i,
            g: g * first.a + h * first.d + i * first.g, h: g * first.b + h * first.e + i * first.h,
            i: g * first.c + h * first.f + i * first.i)
    }

    /// This, and then x times `x` and y times `y`.
    func scaled(x: Double, y: Double) -> Projection {
        Projection(a: a * x, b: b * x, c: c * x, d: d * y, e: e * y, f: f * y, g: g, h: h, i: i)
    }

    /// Where a point comes to.
    @inline(__always)
    func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let weight = g * x + h * y + i
        return ((a * x + b * y + c) / weight, (d * x + e * y + f) / weight)
    }
}

extension Projection {
    /// From a rotated picture to the picture: a turn about the middle of `width` × `height`.
    static func rotation(degrees: Double, width: Double, height: Double) -> Projection {
        let (sine, cosine) = Elementary.sineAndCosine(degrees: degrees)
        let (x, y) = (width / 2, height / 2)
        return Projection(
            a: cosine, b: -sine, c: x - cosine * x + sine * y, d: sine, e: cosine, f: y - sine * x - cosine * y)
    }

    /// From the unit square to the quadrilateral of these corners, clockwise from (0, 0).
    ///
    /// Source: Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), 2.2.3.
    static func unitSquare(to corners: [(x: Double, y: Double)]) -> Projection {
        let (p, q, r, s) = (corners[0], corners[1], corners[2], corners[3])
        let sum = (x: p.x - q.x + r.x - s.x, y: p.y - q.y + r.y - s.y)
        let right = (x: q.x - r.x, y: q.y - r.y)
        let bottom = (x: s.x - r.x, y: s.y - r.y)
        let determinant = right.x * bottom.y - right.y * bottom.x
        let g = (sum.x * bottom.y - sum.y * bottom.x) / determinant
        let h = (right.x * sum.y - right.y * sum.x) / determinant
        return Projection(
            a: q.x - p.x + g * q.x, b: s.x - p.x + h * s.x, c: p.x,
            d: q.y - p.y + g * q.y, e: s.y - p.y + h * s.y, f: p.y, g: g, h: h, i: 1)
    }
}
