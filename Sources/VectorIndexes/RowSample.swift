/// Rows chosen evenly over all, the same ones for the same seed.
enum RowSample {
    /// `count` of the numbers from 0 to total - 1, in order, one from each of as many parts of equal length; all of them
    /// when there are no more.
    static func places(_ count: Int, of total: Int, seed: UInt64) -> [Int] {
        guard count < total else { return Array(0..<total) }
        var random = SplitMix64(state: seed)
        return (0..<count).map { part in
            let (from, to) = (part * total / count, (part + 1) * total / count)
            return from + Int(random.next() % UInt64(to - from))
        }
    }
}

/// The same numbers in every run.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
