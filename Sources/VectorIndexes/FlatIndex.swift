/// Compares each query with every live row, where the row lies: exact, and nothing to build.
///
/// Distances come from our own kernels, a row at a time however many queries are asked: faiss's way with many, by
/// BLAS, gives a vector a distance to itself that is not 0 and answers that depend on the company a query comes in.
struct FlatIndex: SearchableIndex {
    let specification: IndexSpecification
    let generation: Int
    private let chunks: [OpenChunk]
    let count: Int
    let dimension: Int

    init(_ entry: Manifest.Index, over store: VectorStore) {
        specification = entry.specification
        generation = entry.generation
        chunks = store.chunks
        count = store.liveCount
        dimension = store.manifest.identity.dimension
    }

    func search(_ queries: [Float], k: Int, filter: IDFilter?, threads: Int) throws(IndexError) -> [[Neighbor]] {
        try validate(queries: queries, dimension: dimension, k: k, threads: threads)
        var nearest = [NearestNeighbors](repeating: NearestNeighbors(k), count: queries.count / dimension)
        for chunk in chunks { search(chunk, for: queries, filter, threads, &nearest) }
        return nearest.map { $0.sorted() }
    }

    private func search(
        _ chunk: OpenChunk, for queries: [Float], _ filter: IDFilter?, _ threads: Int,
        _ nearest: inout [NearestNeighbors]
    ) {
        let rows = admitted(chunk, filter)
        let vectors = chunk.vectors
        let addresses = rows.map { vectors + $0 * dimension }
        // A bound for the memory that distances take; so many queries that each part of the rows is read but few times.
        let queriesAtOnce = max(1, min(64, 1 << 22 / max(1, rows.count)))
        var distances = [Float](repeating: 0, count: rows.count * min(queriesAtOnce, nearest.count))
        for firstQuery in stride(from: 0, to: nearest.count, by: queriesAtOnce) {
            let asked = firstQuery..<min(firstQuery + queriesAtOnce, nearest.count)
            withExtendedLifetime(chunk) { computeDistances(queries, asked, addresses, threads, &distances) }
            for query in asked {
                let start = (query - firstQuery) * rows.count
                offer(distances[start..<start + rows.count], of: chunk, rows, to: &nearest[query])
            }
        }
    }

    private func computeDistances(
        _ queries: [Float], _ asked: Range<Int>, _ rows: [UnsafePointer<Float>], _ threads: Int,
        _ distances: inout [Float]
    ) {
        queries.withUnsafeBufferPointer { queries in
            rows.withUnsafeBufferPointer { rows in
                distances.withUnsafeMutableBufferPointer { distances in
                    Kernels.squaredDistances(
                        from: .init(rebasing: queries[asked.lowerBound * dimension..<asked.upperBound * dimension]),
                        to: rows, dimension: dimension, threads: threads, into: distances)
                }
            }
        }
    }

    private func offer(
        _ distances: ArraySlice<Float>, of chunk: OpenChunk, _ rows: [Int], to nearest: inout NearestNeighbors
    ) {
        for (distance, row) in zip(distances, rows) where !(distance > nearest.bound) {
            nearest.offer(chunk.id(row), at: distance)
        }
    }

    /// The rows of a chunk that may be in an answer.
    private func admitted(_ chunk: OpenChunk, _ filter: IDFilter?) -> [Int] {
        let live = chunk.liveRows()
        guard let filter else { return live }
        return live.filter { filter.admits(chunk.id($0)) }
    }
}
