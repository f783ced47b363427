import CFaiss

/// A plain `faiss::IndexHNSWFlat` with a copy of its rows: what answers and times of a graph over mapped rows are compared
/// with, in tests and in benchmarks.
///
/// One thread at a time: it is not Sendable.
package final class PlainHNSWIndex {
    private let handle: OpaquePointer
    private let dimension: Int
    package private(set) var count = 0

    /// Makes an empty index of vectors with 1 or more dimensions.
    ///
    /// - Parameters:
    ///   - m: faiss's M, 2 or more.
    ///   - efConstruction: 1 or more.
    package init(dimension: Int, m: Int, efConstruction: Int) throws(IndexError) {
        precondition(StoreLimits.dimensions.contains(dimension) && m >= 2 && efConstruction >= 1)
        var made: OpaquePointer?
        try Faiss.call { cfaiss_plain_hnsw_new(dimension, Int32(m), Int32(efConstruction), &made, $0, $1) }
        guard let made else { throw .native("no index was made") }
        handle = made
        self.dimension = dimension
    }

    deinit { cfaiss_plain_hnsw_free(handle) }

    /// Adds a copy of n × dimension values; rows are numbered from 0 in the order in which they were added.
    package func add(_ rows: [Float], threads: Int = SearchLimits.defaultThreads) throws(IndexError) {
        precondition(rows.count.isMultiple(of: dimension) && threads >= 1)
        let added = rows.count / dimension
        try Faiss.call { cfaiss_plain_hnsw_add(handle, rows, added, Int32(threads), $0, $1) }
        count += added
    }

    /// The k nearest rows of each query that faiss finds, whose ids are their numbers; fewer when there are fewer.
    ///
    /// - Parameters:
    ///   - queries: n × dimension values, row-major, finite.
    ///   - k: 1 or more.
    package func search(
        _ queries: [Float], k: Int, efSearch: Int, threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) -> [[Neighbor]] {
        precondition(k >= 1 && efSearch >= 1 && threads >= 1 && queries.count.isMultiple(of: dimension))
        let asked = queries.count / dimension
        return try Faiss.neighbors(asked, k: k) { distances, ids, message, capacity in
            cfaiss_plain_hnsw_search(
                handle, queries, asked, k, Int32(efSearch), Int32(threads), distances, ids, message, capacity)
        }
    }
}
