import CKernels
import TestSupport

/// A center and a basis for a test, and the sketches that `lk_sketch` makes with them.
struct Projection {
    let basis: [Float]
    let center: [Float]
    let m: Int
    let d: Int

    /// Where a basis comes from.
    enum Kind: CaseIterable {
        /// Random directions, orthonormalized.
        case random
        /// Rows of the data, orthonormalized: neither principal nor random.
        case fromRows
        /// Coordinates: orthonormal without any rounding.
        case coordinates
        /// Random directions as they are: far from orthonormal.
        case skewed
        /// The same direction again and again.
        case repeated
    }

    init(_ kind: Kind, m: Int, rows: [[Float]], center: [Float], random: inout SplitMix) {
        let d = center.count
        (self.m, self.d, self.center) = (m, d, center)
        switch kind {
        case .random: basis = orthonormal((0..<m).map { _ in random.normals(d) })
        case .fromRows:
            basis = orthonormal((0..<m).map { index in index < rows.count ? rows[index] : random.normals(d) })
        case .coordinates: basis = (0..<m).flatMap { j in (0..<d).map { $0 == j * d / max(m, 1) ? Float(1) : 0 } }
        case .skewed: basis = random.normals(m * d, scale: 1 / Float(d).squareRoot())
        case .repeated:
            let direction = orthonormal([random.normals(d)])
            basis = (0..<m).flatMap { _ in direction }
        }
    }

    /// How far the basis is from orthonormal, by the kernels.
    func defect(_ table: KernelTable) -> Double {
        withProjection { projection, scratch in lk_orthonormality_defect(table.pointer, projection, scratch) }
    }

    /// The sketches of rows: heads one after the other, and tails.
    func sketches(of rows: [[Float]], _ table: KernelTable) -> (heads: [Float], tails: [Float]) {
        var heads = [Float](repeating: .nan, count: rows.count * m)
        var tails = [Float](repeating: .nan, count: rows.count)
        let numbers = rows.flatMap { $0 }
        withProjection { projection, scratch in
            lk_sketch(table.pointer, projection, numbers, d, rows.count, &heads, m, &tails, scratch)
        }
        return (heads, tails)
    }

    /// V z and the norm of what the rows of V do not span of z = x - center, in double precision, for each row x.
    func exactSketches(of rows: [[Float]]) -> [(head: [Double], tail: Double)] {
        let directions = (0..<m).map { row in basis[(row * d)..<((row + 1) * d)].map(Double.init) }
        let spanned = orthonormalRows(directions)
        return rows.map { row in
            let z = zip(row, center).map { Double($0) - Double($1) }
            let head = directions.map { direction in zip(direction, z).reduce(0) { $0 + $1.0 * $1.1 } }
            return (head, norm(remainder(z, besides: spanned)))
        }
    }

    /// |x - center| in double precision.
    func radius(of x: [Float]) -> Double { exactDistance(x, center).squareRoot() }

    private func withProjection<Result>(
        _ body: (UnsafePointer<lk_projection>, UnsafeMutablePointer<Double>) -> Result
    ) -> Result {
        var scratch = [Double](repeating: .nan, count: lk_sketch_scratch(m, d))
        return basis.withUnsafeBufferPointer { basis in
            center.withUnsafeBufferPointer { center in
                // An empty array has no address, and a basis of no rows is never read.
                let anything = center.baseAddress!
                var projection = lk_projection(
                    basis: basis.baseAddress ?? anything, stride: d, center: anything, m: m, d: d)
                return body(&projection, &scratch)
            }
        }
    }
}

/// The rows, made orthonormal in double precision (Gram and Schmidt, twice) and rounded.
func orthonormal(_ rows: [[Float]]) -> [Float] {
    orthonormalRows(rows.map { $0.map(Double.init) }).flatMap { $0.map(Float.init) }
}

/// The same before rounding; a row that the others span already is replaced by a coordinate that they do not span.
private func orthonormalRows(_ rows: [[Double]]) -> [[Double]] {
    var result: [[Double]] = []
    for row in rows {
        var candidate = remainder(row, besides: result)
        if norm(candidate) < 1e-3 * max(norm(row), 1e-30) {
            // The squares of all coordinates' remainders add up to what is not spanned, so one of them is large.
            let enough = (Double(row.count - result.count) / Double(row.count) / 2).squareRoot()
            let remainders = row.indices.lazy.map { position in
                remainder(row.indices.map { $0 == position ? 1 : 0 }, besides: result)
            }
            candidate = remainders.first { norm($0) > enough }!
        }
        let length = norm(candidate)
        result.append(candidate.map { $0 / length })
    }
    return result
}

private func remainder(_ row: [Double], besides others: [[Double]]) -> [Double] {
    var row = row
    for _ in 0..<2 {
        for other in others {
            var product = 0.0
            for position in row.indices { product += row[position] * other[position] }
            for position in row.indices { row[position] -= product * other[position] }
        }
    }
    return row
}

private func norm(_ row: [Double]) -> Double { row.reduce(0) { $0 + $1 * $1 }.squareRoot() }
