/// Compares each query with every live row, where the row lies: exact, and nothing to build.
///
/// Distances come from the routine that faiss's IndexFlatL2 uses for a few queries, however many are asked: its other one,
/// by BLAS, gives a vector a distance to itself that is not 0 and answers that depend on the company a query comes in.
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
        for chunk in chunks {
            try search(chunk, for: queries, filter, threads, &nearest)
        }
        return nearest.map { $0.sorted() }
    }

    private func search(
        _ chunk: OpenChunk, for queries: [Float], _ filter: IDFilter?, _ threads: Int,
        _ nearest: inout [NearestNeighbors]
    ) throws(IndexError) {
        let rows = admitted(chunk, filter)
        let tile = nearest.count < queriesWorthTiles ? max(rows.count, 1) : tileSize
        var distances = [Float](repeating: 0, count: min(tile, rows.count) * min(queriesAtOnce, nearest.count))
        var firstRow = 0
        while firstRow < rows.count {
            let selected = firstRow..<min(firstRow + tile, rows.count)
            var firstQuery = 0
            while firstQuery < nearest.count {
                let asked = firstQuery..<min(firstQuery + queriesAtOnce, nearest.count)
                try computeDistances(queries, asked, chunk, rows, selected, threads, &distances)
                for query in asked {
                    let start = (query - firstQuery) * selected.count
                    offer(distances[start..<start + selected.count], of: chunk, rows[selected], to: &nearest[query])
                }
                firstQuery = asked.upperBound
            }
            firstRow = selected.upperBound
        }
    }

    private func computeDistances(
        _ queries: [Float], _ asked: Range<Int>, _ chunk: OpenChunk, _ rows: [Int64], _ selected: Range<Int>,
        _ threads: Int, _ distances: inout [Float]
    ) throws(IndexError) {
        try queries.withUnsafeBufferPointer { queries throws(IndexError) in
            try rows.withUnsafeBufferPointer { rows throws(IndexError) in
                try distances.withUnsafeMutableBufferPointer { distances throws(IndexError) in
                    try Faiss.squaredDistances(
                        from: .init(rebasing: queries[asked.lowerBound * dimension..<asked.upperBound * dimension]),
                        to: chunk.vectors, dimension: dimension, selected: .init(rebasing: rows[selected]),
                        threads: threads, into: distances)
                }
            }
        }
    }

    private func offer(
        _ distances: ArraySlice<Float>, of chunk: OpenChunk, _ rows: ArraySlice<Int64>,
        to nearest: inout NearestNeighbors
    ) {
        for (distance, row) in zip(distances, rows) where !(distance > nearest.bound) {
            nearest.offer(chunk.id(Int(row)), at: distance)
        }
    }

    /// The rows of a chunk that may be in an answer.
    private func admitted(_ chunk: OpenChunk, _ filter: IDFilter?) -> [Int64] {
        let live = chunk.liveRows()
        guard let filter else { return live.map(Int64.init) }
        return live.filter { filter.admits(chunk.id($0)) }.map(Int64.init)
    }

    /// Rows that are compared with a group of queries before the next rows are: as many as fit into a core's cache with
    /// room to spare, but so many that sharing them out among threads costs little.
    private var tileSize: Int { max(64, 4 << 20 / (4 * dimension)) }

    /// Fewer queries than this pass over a chunk in one go: threads wait for each other after every tile, which on a busy
    /// machine costs more than what the cache saves.
    private var queriesWorthTiles: Int { 8 }

    /// Queries that are compared with a tile in one call; bounds the memory for distances.
    private var queriesAtOnce: Int { 64 }
}
