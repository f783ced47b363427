/// An index as the store had it when it was opened; safe to ask from several threads at once.
///
/// What is published later does not show. Files that are replaced stay readable until the last reference goes.
public protocol SearchableIndex: Sendable {
    var specification: IndexSpecification { get }
    /// The training that this is the result of, from 1 on.
    var generation: Int { get }
    /// Rows that can be found.
    var count: Int { get }
    /// Numbers in a query.
    var dimension: Int { get }

    /// The nearest rows of each query, nearest first, rows at equal distances by id.
    ///
    /// Blocks the calling thread for the time of the search. The answer for a query depends neither on the others nor on
    /// the number of threads.
    ///
    /// - Parameters:
    ///   - queries: whole vectors one after the other (n × dimension, row-major), finite values; may be empty.
    ///   - k: rows to find for each query, 1 to ``SearchLimits/neighbors``' upper bound.
    ///   - filter: which ids may be found; nil for all.
    ///   - threads: threads to use, the calling one included, 1 or more.
    /// - Returns: an array for each query, of k rows or of all that there are when they are fewer.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, ``IndexError/dimensionMismatch(expected:got:)`` or
    ///   ``IndexError/queryNotFinite(query:component:)``.
    func search(_ queries: [Float], k: Int, filter: IDFilter?, threads: Int) throws(IndexError) -> [[Neighbor]]
}

extension SearchableIndex {
    /// The nearest rows of each query, on as many threads as this process has cores.
    public func search(_ queries: [Float], k: Int, filter: IDFilter? = nil) throws(IndexError) -> [[Neighbor]] {
        try search(queries, k: k, filter: filter, threads: SearchLimits.defaultThreads)
    }
}
