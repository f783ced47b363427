/// The middle of several measurements; between the two middle ones when they are even in number.
///
/// - Precondition: there is at least one.
func median(_ values: [Duration]) -> Duration {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// The middle of several measurements; between the two middle ones when they are even in number.
///
/// - Precondition: there is at least one.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// The cosine of the angle between two vectors of the same length, computed in double precision.
func cosineSimilarity(_ first: some Sequence<Float>, _ second: some Sequence<Float>) -> Double {
    var product = 0.0
    var firstSquare = 0.0
    var secondSquare = 0.0
    for (a, b) in zip(first, second) {
        product += Double(a) * Double(b)
        firstSquare += Double(a) * Double(a)
        secondSquare += Double(b) * Double(b)
    }
    return product / (firstSquare * secondSquare).squareRoot()
}
