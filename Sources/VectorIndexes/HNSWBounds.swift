import CKernels
import Synchronization

/// The sketches of the rows of a graph's nodes: what a search passes most rows over by, without reading them.
final class HNSWBounds: Sendable {
    private let sketches: StoreSketches
    private let dimension: Int
    /// For each node, where the sketch of its row lies.
    // Nobody changes it.
    nonisolated(unsafe) private let rows: UnsafeMutableBufferPointer<lk_code_row>
    /// Memory of searches that have ended, for those to come.
    private let spare = Mutex<[QuerySketch]>([])

    /// - Parameter slots: those of the nodes; rows of the store.
    init(_ sketches: StoreSketches, _ slots: [UInt32], of store: VectorStore) {
        self.sketches = sketches
        dimension = store.manifest.identity.dimension
        rows = .allocate(capacity: slots.count)
        for (node, slot) in slots.enumerated() {
            guard let (chunk, row) = store.rows.position(of: RowSlot(rawValue: slot)) else {
                preconditionFailure("a graph that was read has nodes for rows only")
            }
            rows.initializeElement(at: node, to: sketches.chunks[chunk].sketch(of: row))
        }
    }

    deinit { rows.deallocate() }

    /// Refuses damaged sketches; to be called before a search.
    func check() throws(IndexError) { try sketches.check() }

    /// Lends the bounds of a query, of finite values, for the time of `body`.
    func withBounds<Result>(
        of query: UnsafeBufferPointer<Float>, _ body: (HNSWQueryBounds) throws(IndexError) -> Result
    ) throws(IndexError) -> Result {
        guard let rows = rows.baseAddress, let query = query.baseAddress else {
            preconditionFailure("a graph without nodes is not searched")
        }
        let sketch = spare.withLock { $0.popLast() } ?? QuerySketch(sketches.projection)
        defer { spare.withLock { $0.append(sketch) } }
        let slack = sketch.set(query, sketches.projection) + sketches.slack
        return try withExtendedLifetime(self) { () throws(IndexError) in
            try body(
                HNSWQueryBounds(
                    rows: rows, codes: sketch.codes, terms: sketch.terms, gathered: sketch.gathered,
                    m: sketches.projection.m, dimension: dimension, slack: slack))
        }
    }
}

/// Bounds of a query and the rows of nodes, valid while they are lent.
struct HNSWQueryBounds {
    fileprivate let rows: UnsafePointer<lk_code_row>
    fileprivate let codes: UnsafePointer<Int16>
    fileprivate let terms: lk_code_terms
    fileprivate let gathered: UnsafeMutablePointer<Int8>
    fileprivate let m: Int
    fileprivate let dimension: Int
    fileprivate let slack: Double

    /// Sets `bounds` to numbers that the squared distances of nodes and the query are not below, but for the slack.
    func compute(_ nodes: UnsafePointer<Int32>, _ count: Int, into bounds: UnsafeMutablePointer<Float>) {
        var terms = terms
        lk_code_bounds_of(lk_kernels_of_this_cpu(), codes, &terms, rows, nodes, count, m, bounds, gathered)
    }

    /// What the bounds of rows as near as `distance` are not above.
    func threshold(_ distance: Float) -> Float { lk_bound_threshold(distance, slack, m, dimension) }
}
