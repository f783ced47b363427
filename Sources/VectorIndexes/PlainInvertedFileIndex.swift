import CFaiss

/// A plain `faiss::IndexIVFFlat` or `faiss::IndexIVFPQ` with a copy of its rows: what answers and times are compared with,
/// in tests and in benchmarks.
///
/// One thread at a time: it is not Sendable.
package final class PlainInvertedFileIndex {
    private let handle: OpaquePointer
    private let dimension: Int
    private let nlist: Int
    private let bits: Int
    private var isTrained = false

    /// Makes an index that has to be trained.
    ///
    /// - Parameters:
    ///   - m: codes of a row, a divisor of the dimension; 0 for an IndexIVFFlat.
    ///   - bits: of a code, 1 to 8.
    package init(dimension: Int, nlist: Int, m: Int = 0, bits: Int = 8) throws(IndexError) {
        precondition(StoreLimits.dimensions.contains(dimension) && nlist >= 1 && (1...8).contains(bits))
        precondition(m == 0 || m > 0 && dimension.isMultiple(of: m))
        var made: OpaquePointer?
        try Faiss.call { cfaiss_inverted_file_new(dimension, nlist, m, bits, &made, $0, $1) }
        guard let made else { throw .native("no index was made") }
        handle = made
        self.dimension = dimension
        self.nlist = nlist
        self.bits = m == 0 ? 0 : bits
    }

    deinit { cfaiss_inverted_file_free(handle) }

    /// Trains it, once, with n × dimension finite values; n is at least nlist, and 2^bits for codes.
    package func train(_ rows: [Float], threads: Int = SearchLimits.defaultThreads) throws(IndexError) {
        precondition(!isTrained && rows.count.isMultiple(of: dimension) && threads >= 1)
        let count = rows.count / dimension
        precondition(count >= max(nlist, 1 << bits))
        try Faiss.call { cfaiss_inverted_file_train(handle, rows, count, Int32(threads), $0, $1) }
        isTrained = true
    }

    /// Adds a copy of n × dimension values; rows are numbered from 0 in the order in which they were added.
    package func add(_ rows: [Float], threads: Int = SearchLimits.defaultThreads) throws(IndexError) {
        precondition(isTrained && rows.count.isMultiple(of: dimension) && threads >= 1)
        try Faiss.call { cfaiss_inverted_file_add(handle, rows, rows.count / dimension, Int32(threads), $0, $1) }
    }

    /// The k nearest rows of each query in its nprobe nearest lists, whose ids are their numbers, as faiss orders them.
    package func search(
        _ queries: [Float], k: Int, nprobe: Int, threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) -> [[Neighbor]] {
        precondition(isTrained && k >= 1 && threads >= 1 && (1...nlist).contains(nprobe))
        precondition(queries.count.isMultiple(of: dimension))
        let asked = queries.count / dimension
        return try Faiss.neighbors(asked, k: k) { distances, ids, message, capacity in
            cfaiss_inverted_file_search(
                handle, queries, asked, k, nprobe, Int32(threads), distances, ids, message, capacity)
        }
    }
}
