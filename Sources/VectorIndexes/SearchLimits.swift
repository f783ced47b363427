/// What a search can be asked for.
public enum SearchLimits {
    /// Rows that one query may ask for.
    public static let neighbors = 1...10_000
    /// Threads that one search may use.
    public static let threads = 1...1_024
    /// The number of cores that this process may use, which a container or `taskset` may have limited.
    public static let defaultThreads = min(Faiss.usableCores, threads.upperBound)
}

/// Checks what every search checks first: what computes distances takes what it is given.
func validate(
    queries: [Float], dimension: Int, k: Int, threads: Int
) throws(IndexError) {
    guard SearchLimits.neighbors.contains(k) else {
        throw .outOfRange(name: "k", value: k, allowed: SearchLimits.neighbors)
    }
    guard SearchLimits.threads.contains(threads) else {
        throw .outOfRange(name: "the number of threads", value: threads, allowed: SearchLimits.threads)
    }
    guard queries.count.isMultiple(of: dimension) else {
        throw .dimensionMismatch(
            expected: dimension, got: queries.count < dimension ? queries.count : queries.count % dimension)
    }
    if let position = firstNonFinite(queries) {
        throw .queryNotFinite(query: position / dimension, component: position % dimension)
    }
}

/// The position of the first infinity or NaN; nil when there is none.
///
/// - Complexity: O(n), at the speed of memory when all are finite.
func firstNonFinite(_ values: [Float]) -> Int? {
    values.withUnsafeBufferPointer { firstNonFinite($0) }
}

/// The same where values lie.
func firstNonFinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
    // Integers instead of `isFinite` with an early end, so that the compiler can take many values at a time.
    let exponent: UInt32 = 0x7F80_0000
    var found: UInt32 = 0
    for value in values { found |= value.bitPattern & exponent == exponent ? 1 : 0 }
    return found == 0 ? nil : values.firstIndex { !$0.isFinite }
}
