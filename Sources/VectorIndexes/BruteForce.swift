/// Traverses every row in plain Swift: what people write first, the oracle of the other types, and what they are compared
/// with in benchmarks.
///
/// Exact but for rounding: sums run in float32, eight lanes at a time, as a compiler makes them of such a loop.
public struct BruteForce: SearchableIndex {
    /// A name for people: there is nothing on the disk.
    public let specification = IndexSpecification(name: "bruteforce", type: .flat)
    /// Always 0: there is nothing to train.
    public let generation = 0
    private let store: VectorStore

    /// Reads the rows of an opened store where they lie.
    public init(over store: VectorStore) { self.store = store }

    /// Live rows.
    public var count: Int { store.liveCount }
    /// Numbers in a query.
    public var dimension: Int { store.manifest.identity.dimension }

    /// As ``SearchableIndex/search(_:k:filter:threads:)``, on the calling thread alone.
    public func search(
        _ queries: [Float], k: Int, filter: IDFilter?, threads: Int
    ) throws(IndexError) -> [[Neighbor]] {
        try validate(queries: queries, dimension: dimension, k: k, threads: threads)
        return stride(from: 0, to: queries.count, by: dimension).map { start in
            var nearest = NearestNeighbors(k)
            queries.withUnsafeBufferPointer { queries in
                let query = UnsafeBufferPointer(rebasing: queries[start..<start + dimension])
                store.forEachVector { id, row in
                    guard filter?.admits(id) ?? true else { return }
                    nearest.offer(id, at: Self.squaredDistance(query, row))
                }
            }
            return nearest.sorted()
        }
    }

    /// Source: the definition, sum of (x - y)².
    private static func squaredDistance(_ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>) -> Float {
        var sums = SIMD8<Float>.zero
        var place = 0
        while place + 8 <= x.count {
            var difference = SIMD8<Float>()
            for lane in 0..<8 { difference[lane] = x[place + lane] - y[place + lane] }
            sums += difference * difference
            place += 8
        }
        var sum = sums.sum()
        while place < x.count {
            let difference = x[place] - y[place]
            sum += difference * difference
            place += 1
        }
        return sum
    }
}
