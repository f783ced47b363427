/// An index, and rows laid over it that its files do not have yet: new ones, others in the place of old ones, and ids
/// that are gone.
///
/// The rows that are laid over are compared one by one, so that they are found exactly whatever the type of the index;
/// the others are found as the index finds them.
public struct OverlaidIndex: SearchableIndex {
    private let base: any SearchableIndex
    private let ids: [VectorID]
    private let vectors: [Float]
    /// What the index has otherwise, or has no more.
    private let replaced: Set<VectorID>
    /// Rows that can be found.
    public let count: Int

    /// Lays changes over an index.
    ///
    /// - Parameters:
    ///   - store: what the index was opened from.
    ///   - changed: every id of which the index may have an older state.
    ///   - ids: those of them that there are; each once.
    ///   - vectors: ids.count × dimension finite values, row-major.
    /// - Throws: ``IndexError/valueCountMismatch(ids:values:dimension:)``.
    public init(
        _ base: any SearchableIndex, of store: VectorStore, changed: Set<VectorID>, ids: [VectorID], vectors: [Float]
    ) throws(IndexError) {
        guard vectors.count == ids.count * base.dimension else {
            throw .valueCountMismatch(ids: ids.count, values: vectors.count, dimension: base.dimension)
        }
        self.base = base
        self.ids = ids
        self.vectors = vectors
        replaced = changed.filter { store.withVector(of: $0) { _ in true } ?? false }
        count = base.count - replaced.count + ids.count
    }

    /// Those of the index below.
    public var specification: IndexSpecification { base.specification }
    /// That of the index below.
    public var generation: Int { base.generation }
    /// Numbers in a query.
    public var dimension: Int { base.dimension }

    /// As ``SearchableIndex/search(_:k:filter:threads:)``.
    ///
    /// - Complexity: a search of the index below, and O(queries × rows that are laid over it × dimension).
    public func search(
        _ queries: [Float], k: Int, filter: IDFilter?, threads: Int
    ) throws(IndexError) -> [[Neighbor]] {
        let known = try base.search(
            queries, k: k, filter: replaced.isEmpty ? filter : filter.without(replaced), threads: threads)
        let places = ids.indices.filter { filter?.admits(ids[$0]) ?? true }
        if places.isEmpty { return known }
        let distances = distances(from: queries, toRowsAt: places, threads: threads)
        return known.enumerated().map { query, neighbors in
            var nearest = NearestNeighbors(k)
            for neighbor in neighbors { nearest.offer(neighbor.id, at: neighbor.distance) }
            for (column, place) in places.enumerated() {
                nearest.offer(ids[place], at: distances[query * places.count + column])
            }
            return nearest.sorted()
        }
    }

    private func distances(from queries: [Float], toRowsAt places: [Int], threads: Int) -> [Float] {
        let dimension = dimension
        let count = queries.count / dimension * places.count
        return queries.withUnsafeBufferPointer { queries in
            vectors.withUnsafeBufferPointer { vectors in
                guard let first = vectors.baseAddress else { return [] }
                let rows = places.map { first + $0 * dimension }
                return [Float](unsafeUninitializedCapacity: count) { distances, filled in
                    distances.initialize(repeating: 0)
                    rows.withUnsafeBufferPointer {
                        Kernels.squaredDistances(
                            from: queries, to: $0, dimension: dimension, threads: threads, into: distances)
                    }
                    filled = count
                }
            }
        }
    }
}
