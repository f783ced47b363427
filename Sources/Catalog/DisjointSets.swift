/// Numbers in sets that are joined two at a time; the smallest number of a set stands for it.
///
/// Source: R. E. Tarjan, "Efficiency of a good but not linear set union algorithm" (1975), with path halving; joined by the
/// smaller number instead of by rank, which costs O(log n) a step.
struct DisjointSets {
    private var parents: [Int64: Int64] = [:]

    /// The smallest number of the set of a number, which is one of its own until it is joined.
    mutating func representative(of number: Int64) -> Int64 {
        var number = number
        while let parent = parents[number], parent != number {
            if let grandparent = parents[parent] { parents[number] = grandparent }
            number = parent
        }
        return number
    }

    /// Joins the sets of two numbers.
    mutating func join(_ left: Int64, _ right: Int64) {
        let left = representative(of: left), right = representative(of: right)
        if left != right { parents[max(left, right)] = min(left, right) }
    }
}
