import CFaiss

/// faiss, as far as it is used: only files that wrap one of its classes call it.
enum Faiss {
    /// The version that this was built with.
    static var version: String { String(cString: cfaiss_version()) }

    /// The number of cores that this process may use, 1 or more.
    static var usableCores: Int { Int(cfaiss_usable_cores()) }

    /// Runs a function of the shim and turns what it says into an error.
    static func call(
        _ body: (UnsafeMutablePointer<CChar>?, Int) -> cfaiss_status
    ) throws(IndexError) {
        var status = CFAISS_OK
        let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            buffer.initialize(repeating: 0)
            status = body(buffer.baseAddress, buffer.count)
            return status == CFAISS_OK ? "" : String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        }
        guard status == CFAISS_OK else { throw .native(message) }
    }
}

extension Faiss {
    /// Runs a search of the shim for the `k` nearest of each of `asked` queries. What faiss gives as -1 it did not find.
    static func neighbors(
        _ asked: Int, k: Int,
        _ search: (
            _ distances: UnsafeMutablePointer<Float>, _ ids: UnsafeMutablePointer<Int64>,
            _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
        ) -> cfaiss_status
    ) throws(IndexError) -> [[Neighbor]] {
        var distances = [Float](repeating: 0, count: asked * k)
        var ids = [Int64](repeating: -1, count: asked * k)
        try Faiss.call { message, capacity in search(&distances, &ids, message, capacity) }
        return (0..<asked).map { query in
            (query * k..<(query + 1) * k).filter { ids[$0] != -1 }
                .map { Neighbor(id: VectorID(ids[$0]), distance: distances[$0]) }
        }
    }
}

/// A plain `faiss::IndexFlatL2` with a copy of its rows: what answers are compared with, in tests and in benchmarks.
///
/// One thread at a time: it is not Sendable.
package final class PlainFlatIndex {
    private let handle: OpaquePointer
    private let dimension: Int
    package private(set) var count = 0

    /// Makes an empty index of vectors with 1 or more dimensions.
    package init(dimension: Int) throws(IndexError) {
        precondition(StoreLimits.dimensions.contains(dimension))
        var made: OpaquePointer?
        try Faiss.call { cfaiss_flat_new(dimension, &made, $0, $1) }
        guard let made else { throw .native("no index was made") }
        handle = made
        self.dimension = dimension
    }

    deinit { cfaiss_flat_free(handle) }

    /// Adds a copy of n × dimension values; rows are numbered from 0 in the order in which they were added.
    package func add(_ rows: [Float]) throws(IndexError) {
        precondition(rows.count.isMultiple(of: dimension))
        let added = rows.count / dimension
        try Faiss.call { cfaiss_flat_add(handle, rows, added, $0, $1) }
        count += added
    }

    /// The k nearest rows of each query, whose ids are their numbers, as faiss orders them; fewer when there are fewer.
    ///
    /// - Parameters:
    ///   - queries: n × dimension values, row-major, finite.
    ///   - k: 1 or more.
    package func search(
        _ queries: [Float], k: Int, threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) -> [[Neighbor]] {
        precondition(k >= 1 && threads >= 1 && queries.count.isMultiple(of: dimension))
        let asked = queries.count / dimension
        return try Faiss.neighbors(asked, k: k) { distances, ids, message, capacity in
            cfaiss_flat_search(handle, queries, asked, k, Int32(threads), distances, ids, message, capacity)
        }
    }
}
