import Synchronization

/// Finds the nearest of all live rows, where the rows lie: exact, and nothing to build.
///
/// Rows that have sketches are searched by ``SketchSearch``, which computes few distances; otherwise each query is compared
/// with every row. The answers are the same.
///
/// Distances come from our own kernels, a row at a time however many queries are asked: faiss's way with many, by
/// BLAS, gives a vector a distance to itself that is not 0 and answers that depend on the company a query comes in.
struct FlatIndex: SearchableIndex {
    let specification: IndexSpecification
    let generation: Int
    private let chunks: [OpenChunk]
    private let live: LiveRows
    private let bySketches: SketchSearch?
    let count: Int
    let dimension: Int

    init(_ entry: Manifest.Index, over store: VectorStore) {
        specification = entry.specification
        generation = entry.generation
        chunks = store.chunks
        live = store.live
        bySketches = store.sketchSearch
        count = store.liveCount
        dimension = store.manifest.identity.dimension
    }

    func search(_ queries: [Float], k: Int, filter: IDFilter?, threads: Int) throws(IndexError) -> [[Neighbor]] {
        try search(queries, k: k, filter: filter, within: .infinity, threads: threads)
    }

    /// The same; rows beyond a squared distance may be left out.
    func search(
        _ queries: [Float], k: Int, filter: IDFilter?, within distance: Float, threads: Int
    ) throws(IndexError) -> [[Neighbor]] {
        try validate(queries: queries, dimension: dimension, k: k, threads: threads)
        // Of few ids each is looked up; for almost all rows sketches would only be read in vain.
        if case .among(let ids)? = filter, ids.count < count / 32 {
            return search(queries, k, among: ids, threads)
        }
        guard let bySketches, k < count / 4 else { return scan(queries, k, filter, threads) }
        try bySketches.check()
        return search(queries, k, filter, distance, threads, bySketches)
    }

    private func search(
        _ queries: [Float], _ k: Int, _ filter: IDFilter?, _ distance: Float, _ threads: Int,
        _ bySketches: SketchSearch
    ) -> [[Neighbor]] {
        let asked = queries.count / dimension
        let dimension = dimension
        return queries.withUnsafeBufferPointer { queries in
            // Safe to share: it is only read.
            nonisolated(unsafe) let queries = queries
            @Sendable func answer(_ query: Int, threads: Int) -> [Neighbor] {
                guard let start = queries.baseAddress else { return [] }
                return bySketches.nearest(
                    to: start + query * dimension, k: k, filter: filter, within: distance, threads: threads
                ).neighbors
            }
            if asked < 2 || threads < 2 { return (0..<asked).map { answer($0, threads: threads) } }
            // A thread a query beats several threads for each.
            let answers = Mutex([[Neighbor]](repeating: [], count: asked))
            Kernels.shareOut(asked, inPartsOf: 1, among: threads) { part in
                for query in part {
                    let neighbors = answer(query, threads: 1)
                    answers.withLock { $0[query] = neighbors }
                }
            }
            return answers.withLock { $0 }
        }
    }

    private func search(_ queries: [Float], _ k: Int, among ids: Set<VectorID>, _ threads: Int) -> [[Neighbor]] {
        let rows = ids.compactMap(live.find)
        let addresses = rows.map { chunks[$0.chunk].vectors + $0.row * dimension }
        var distances = [Float](repeating: 0, count: rows.count)
        return (0..<queries.count / dimension).map { query in
            withExtendedLifetime(chunks) {
                computeDistances(queries, query..<query + 1, addresses, threads, &distances)
            }
            var nearest = NearestNeighbors(k)
            for (row, distance) in zip(rows, distances) { nearest.offer(row.id, at: distance) }
            return nearest.sorted()
        }
    }

    /// Compares each query with every row.
    private func scan(_ queries: [Float], _ k: Int, _ filter: IDFilter?, _ threads: Int) -> [[Neighbor]] {
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
