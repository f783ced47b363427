import TestSupport

/// Rows to sketch, of the kinds that catalogs hold and of those that break careless arithmetic.
enum RowPattern: CaseIterable {
    case random, clustered, duplicated, onALine, tiny, large, mixed

    /// `count` rows of `d` numbers.
    func rows(_ count: Int, d: Int, random: inout SplitMix) -> [[Float]] {
        switch self {
        case .random: return (0..<count).map { _ in normalized(random.normals(d)) }
        case .clustered:
            let centers = (0..<3).map { _ in random.normals(d) }
            return (0..<count).map { index in
                normalized(zip(centers[index % 3], random.normals(d, scale: 0.02)).map { $0 + $1 })
            }
        case .duplicated:
            let originals = (0..<2).map { _ in normalized(random.normals(d)) }
            return (0..<count).map { originals[$0 % 2] }
        case .onALine:
            // Nothing is left beside the head of a basis from these rows: the tail is all cancellation.
            let direction = random.normals(d)
            return (1...count).map { index in direction.map { $0 * Float(index) } }
        case .tiny: return (0..<count).map { _ in random.normals(d, scale: 1e-24) }
        case .large: return (0..<count).map { _ in random.normals(d, scale: 1e15) }
        case .mixed:
            return (0..<count).map { index in random.normals(d, scale: [1e-30, 1e-6, 1, 1e12][index % 4]) }
        }
    }
}

private func normalized(_ row: [Float]) -> [Float] {
    let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm > 0 ? row.map { $0 / norm } : row
}
