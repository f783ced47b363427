import Foundation

/// Rows like embeddings of photographs of which each has 100 augmented copies: families around centers, with a spectrum that
/// decays as that of real embeddings does, every row of length 1.
///
/// Variances fall as (8 + j)^-1.3: the first 64, 128, 256 and 512 of 2,048 components have 68, 77, 85 and 91 % of the
/// energy (74, 83, 90 and 94 % were measured on photographs of trucks, 49, 65, 79 and 89 % on unrelated ones). Copies
/// deviate from their center with the same spectrum, at a tenth of the variance.
struct SyntheticFamilies {
    static let familySize = 101
    let dimension: Int
    private let spread: [Float]
    private let deviation: [Float]

    init(dimension: Int) {
        self.dimension = dimension
        var spread: [Float] = []
        for place in 0..<dimension { spread.append(Float(pow(Double(place + 8), -0.65))) }
        let energy = spread.reduce(0) { $0 + $1 * $1 }
        self.spread = spread.map { $0 / energy.squareRoot() }
        deviation = self.spread.map { $0 * Float(0.1).squareRoot() }
    }

    /// Rows of that number: row i belongs to family i % families, so that families are spread over the whole.
    func rows(_ range: Range<Int>, families: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(range.count * dimension)
        for row in range { result += self.row(row, families: families) }
        return result
    }

    /// A copy that is in no catalog: what a query brings.
    func stranger(_ number: Int, families: Int) -> [Float] {
        row(1 << 40 | number * 7 % families + number / families * families, families: families)
    }

    private func row(_ row: Int, families: Int) -> [Float] {
        var values = [Float](repeating: 0, count: dimension)
        var family = Normals(seed: UInt64(row % (1 << 40) % families) &* 0x9E37_79B9 &+ 17)
        family.add(spread, to: &values)
        var copy = Normals(seed: UInt64(row) &* 0xBF58_476D &+ 99)
        copy.add(deviation, to: &values)
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for place in values.indices { values[place] /= length }
        return values
    }
}
