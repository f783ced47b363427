/// Divides each row of `length` values by its Euclidean length; sums in double precision, in order.
///
/// - Throws: `embeddingNotFinite` with the first row that is zero or not finite.
func normalizeRows(_ values: inout [Float], length: Int) throws(EmbeddingError) {
    for row in 0..<values.count / length {
        let range = row * length..<(row + 1) * length
        var sum = 0.0
        for index in range { sum += Double(values[index]) * Double(values[index]) }
        guard sum.isFinite, sum > 0 else { throw .embeddingNotFinite(position: row) }
        let factor = 1 / sum.squareRoot()
        for index in range { values[index] = Float(Double(values[index]) * factor) }
    }
}
