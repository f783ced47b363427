import CFaiss

/// The links of HNSW between rows that lie elsewhere; nodes are numbered from 0 in the order in which they were added.
///
/// Searches may run on several threads at once as long as nobody changes the graph. The rows must stay where they are
/// while it lives.
final class HNSWGraph {
    /// A list of neighbors: that of a node on a level.
    struct List {
        let node: Int32
        let level: Int32

        fileprivate var asFaissHasIt: cfaiss_list { cfaiss_list(node: node, level: level) }
    }

    private let handle: OpaquePointer
    private let dimension: Int

    /// Makes a graph without nodes.
    init(_ parameters: HNSWParameters, dimension: Int) throws(IndexError) {
        precondition(StoreLimits.dimensions.contains(dimension))
        let kernels = Kernels.forGraphs
        var made: OpaquePointer?
        try Faiss.call {
            cfaiss_graph_new(
                dimension, Int32(parameters.m), Int32(parameters.efConstruction),
                cfaiss_distances(one: kernels.one, many: kernels.many), &made, $0, $1)
        }
        guard let made else { throw .native("no graph was made") }
        handle = made
        self.dimension = dimension
    }

    /// Makes a graph with the same nodes and links over the same rows. The other one may be searched meanwhile.
    init(copying other: HNSWGraph) throws(IndexError) {
        var made: OpaquePointer?
        try Faiss.call { cfaiss_graph_copy(other.handle, &made, $0, $1) }
        guard let made else { throw .native("no graph was made") }
        handle = made
        dimension = other.dimension
    }

    deinit { cfaiss_graph_free(handle) }

    var count: Int { cfaiss_graph_count(handle) }

    /// Lends the graph as the shim has it.
    func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(handle) }
    }

    /// The node at which searches begin, and its highest level; -1 and -1 in an empty graph.
    var entry: (node: Int32, level: Int32) {
        get {
            var entry: (node: Int32, level: Int32) = (-1, -1)
            cfaiss_graph_entry(handle, &entry.node, &entry.level)
            return entry
        }
        set { cfaiss_graph_set_entry(handle, newValue.node, newValue.level) }
    }

    /// Adds a node for each row; see cfaiss_graph_add.
    ///
    /// - Parameters:
    ///   - rows: where each begins.
    ///   - recording: whether to add in order, on this thread alone, and to remember which lists change.
    func add(_ rows: [UnsafePointer<Float>], recording: Bool, threads: Int) throws(IndexError) {
        precondition(threads >= 1 && rows.count <= Int(Int32.max) - count)
        try rows.withUnsafeBufferPointer { rows throws(IndexError) in
            guard let start = rows.baseAddress else { return }
            try Faiss.call { cfaiss_graph_add(handle, start, rows.count, recording, Int32(threads), $0, $1) }
        }
    }

    /// The lists that changed since ``forgetChanges()``, each once.
    func changes() throws(IndexError) -> [List] {
        var lists: UnsafePointer<cfaiss_list>?
        var count = 0
        try Faiss.call { cfaiss_graph_changes(handle, &lists, &count, $0, $1) }
        return UnsafeBufferPointer(start: lists, count: count).map { List(node: $0.node, level: $0.level) }
    }

    func forgetChanges() { cfaiss_graph_forget_changes(handle) }

    /// The number of levels that a node is on.
    func levels(of node: Int) -> Int {
        precondition(node < count)
        return Int(cfaiss_graph_levels(handle, node))
    }

    /// Lends the neighbors in a list that ``changes()`` names.
    func withNeighbors<Result>(of list: List, _ body: (UnsafeBufferPointer<Int32>) -> Result) -> Result {
        withExtendedLifetime(self) {
            var count = 0
            let start = cfaiss_graph_list(handle, list.asFaissHasIt, &count)
            return body(UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// Lends all lists one after the other, with -1 in the room that is not used.
    func withAllNeighbors(
        _ body: (UnsafeBufferPointer<Int32>) throws(IndexError) -> Void
    ) throws(IndexError) {
        var count = 0
        let start = cfaiss_graph_neighbors(handle, &count)
        try body(UnsafeBufferPointer(start: start, count: count))
        withExtendedLifetime(self) {}
    }

    /// Adds nodes without neighbors; false when one has more levels than there can be.
    func extend(levels: [UInt8], rows: [UnsafePointer<Float>]) throws(IndexError) -> Bool {
        precondition(levels.count == rows.count && rows.count <= Int(Int32.max) - count)
        var taken = true
        try rows.withUnsafeBufferPointer { rows throws(IndexError) in
            guard let start = rows.baseAddress else { return }
            try Faiss.call { cfaiss_graph_extend(handle, levels, start, rows.count, &taken, $0, $1) }
        }
        return taken
    }

    /// Sets all lists; false when they are not as long as the nodes' levels want.
    func setAllNeighbors(_ neighbors: UnsafeBufferPointer<Int32>) -> Bool {
        guard let start = neighbors.baseAddress else { return count == 0 }
        return cfaiss_graph_set_neighbors(handle, start, neighbors.count)
    }

    /// Sets a list; false when there is none such or it has no room for so many.
    func setNeighbors(of list: List, _ neighbors: UnsafeBufferPointer<Int32>) -> Bool {
        guard let start = neighbors.baseAddress else { return false }
        return cfaiss_graph_set_list(handle, list.asFaissHasIt, start, neighbors.count)
    }

    /// What is wrong with a graph that was read; nil when every number in it can be used.
    ///
    /// - Parameter lists: those that were set since nothing was wrong with it; nil: all are looked at.
    func fault(in lists: [List]? = nil) -> String? {
        var node: Int32 = -1
        let fault =
            if let lists {
                cfaiss_graph_check_lists(handle, lists.map(\.asFaissHasIt), lists.count, &node)
            } else {
                cfaiss_graph_check(handle, &node)
            }
        switch fault {
        case CFAISS_GRAPH_SOUND: return nil
        case CFAISS_GRAPH_BAD_ENTRY: return "begins at node \(entry.node) on level \(entry.level), which it cannot"
        default: return "links node \(node) to one that is not there or not on that level"
        }
    }

    /// The nodes that are found nearest to a query, nearest first.
    ///
    /// - Parameters:
    ///   - query: as many finite values as a row has.
    ///   - bounds: those of the query, to find the way by; see cfaiss_graph_search.
    ///   - k: 1 or more; fewer are found where no more can be reached.
    ///   - efSearch: nodes that are kept in view, 1 or more.
    func search(
        _ query: UnsafeBufferPointer<Float>, _ bounds: HNSWQueryBounds?, k: Int, efSearch: Int
    ) throws(IndexError) -> [(node: Int, distance: Float)] {
        precondition(query.count == dimension && k >= 1 && efSearch >= 1)
        guard let query = query.baseAddress else { return [] }
        var nodes = [Int32](repeating: -1, count: k)
        var distances = [Float](repeating: 0, count: k)
        var found = 0
        func search(_ bounds: UnsafePointer<cfaiss_bounds>?) throws(IndexError) {
            try Faiss.call { message, capacity in
                cfaiss_graph_search(
                    handle, query, bounds, k, efSearch, &nodes, &distances, &found, message, capacity)
            }
        }
        if let bounds {
            try withUnsafePointer(to: bounds) { context throws(IndexError) in
                var callbacks = cfaiss_bounds(context)
                try search(&callbacks)
            }
        } else {
            try search(nil)
        }
        return (0..<found).map { (Int(nodes[$0]), distances[$0]) }
    }
}

extension cfaiss_bounds {
    /// Asks bounds that stay where they are while this is used.
    fileprivate init(_ bounds: UnsafePointer<HNSWQueryBounds>) {
        self.init(
            compute: { context, nodes, count, bounds in
                context.assumingMemoryBound(to: HNSWQueryBounds.self).pointee.compute(nodes, count, into: bounds)
            },
            threshold: { context, distance in
                context.assumingMemoryBound(to: HNSWQueryBounds.self).pointee.threshold(distance)
            }, context: bounds)
    }
}
