public import SystemPackage

/// A file that was exported.
public struct ExportedIndex: Sendable, Equatable {
    /// What the file holds: the type of the index, or flat when that is not built yet.
    public let type: IndexType
    /// Rows in it.
    public let rows: Int
    /// Its length.
    public let bytes: Int
    /// What a person should know of it.
    public let notices: [ExportNotice]
}

/// What a person should know about an exported file and that is no error.
public enum ExportNotice: Sendable, Equatable {
    /// The index is not built yet: the file holds a flat one.
    case notBuilt(IndexType)
    /// Rows that are no longer there stand in the graph: it was built anew without them.
    case builtAnew(dead: Int)

    /// One line.
    ///
    /// - Parameter name: of the index.
    public func text(index name: String) -> String {
        switch self {
        case .notBuilt(let type):
            """
            index \(name) is not built yet: the file holds a flat index instead of \(type.rawValue); build it: \
            likeness sync --once
            """
        case .builtAnew(let dead):
            """
            the graph of index \(name) leads over \(dead) rows that were deleted: the file has another one, built over the \
            rows that there are
            """
        }
    }
}

extension VectorStore {
    /// Writes an index and its live rows into a file that faiss reads, whichever language it is asked in: an `IndexIDMap2`
    /// whose ids are those of the rows.
    ///
    /// Inside is an `IndexFlatL2`, `IndexHNSWFlat`, `IndexIVFFlat` or `IndexRefineFlat` around an `IndexIVFPQ`, with the
    /// links, centroids, lists and codes of the index, and its efSearch, nprobe and re-ranked rows as what faiss does when
    /// it is told nothing else. faiss answers a query from the probed lists alone; ours goes on until it has k rows.
    ///
    /// The file is whole under its name or not there. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - name: of the index.
    ///   - file: where to; the folder must be there.
    ///   - mayReplace: whether a file of this name may be written over.
    ///   - threads: for a graph that must be built anew, 1 or more.
    ///   - control: tells how far it is, and ends it early.
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``, ``IndexError/damaged(_:what:)``, ``IndexError/cancelled(_:)``,
    ///   ``IndexError/native(_:)``, ``IndexError/locked(_:by:)`` while another export writes the file, or
    ///   ``IndexError/file(_:_:_:)``, with `fileExists` where the file is there.
    /// - Complexity: reads every live row once and writes it. A graph with dead nodes is built anew.
    public func export(
        index name: String, to file: FilePath, mayReplace: Bool = false, threads: Int = SearchLimits.defaultThreads,
        _ control: BuildControl = BuildControl()
    ) throws(IndexError) -> ExportedIndex {
        guard let entry = manifest.indexes.first(where: { $0.specification.name == name }) else {
            throw .noSuchIndex(name, have: manifest.indexes.map(\.specification.name))
        }
        // Before anything is computed.
        let file = try ExportFile(file, mayReplace: mayReplace)
        let writer = FaissFileWriter(
            file, of: name, dimension: manifest.identity.dimension, rows: liveCount, control)
        let wanted = entry.specification.type
        let type = entry.built == nil ? .flat : wanted
        var notices: [ExportNotice] = type == wanted ? [] : [.notBuilt(wanted)]
        switch type {
        case .flat: try writer.writeFlat(liveRows())
        case .hnsw:
            let dead = try export(graph: entry, threads, writer, control)
            if dead > 0 { notices.append(.builtAnew(dead: dead)) }
        case .ivfflat, .ivfpq: try export(lists: entry, writer)
        }
        try file.finish()
        return ExportedIndex(type: type, rows: liveCount, bytes: file.byteCount, notices: notices)
    }

    private func liveRows() -> ExportedRows {
        var rows = ExportedRows()
        for chunk in chunks {
            for row in chunk.liveRows() {
                rows.append(chunk.vectors + row * manifest.identity.dimension, chunk.id(row))
            }
        }
        return rows
    }

    /// - Returns: how many dead nodes made another graph necessary.
    private func export(
        graph entry: Manifest.Index, _ threads: Int, _ writer: FaissFileWriter, _ control: BuildControl
    ) throws(IndexError) -> Int {
        guard let built = entry.built else { preconditionFailure("a graph is exported once it is built") }
        let folder = IndexFolder(
            entry.specification.name, layout: StoreLayout(folder: folder), manifest: manifest)
        let parameters = try HNSWParameters(built.parameters)
        let reading = try HNSWReading(built, generation: entry.generation, in: folder) { slot throws(IndexError) in
            rows.vector(slot)
        }
        var nodes = LiveNodes(reading.structure, rows)
        let dead = nodes.dead
        if dead > 0 {
            let structure = try HNSWStructure(
                over: rows, parameters, threads: threads
            ) { share throws(IndexError) in
                try control.check(entry.specification.name)
                control.report("building the graph anew", share)
            }
            nodes = LiveNodes(structure, rows)
        }
        try withExtendedLifetime(self) { () throws(IndexError) in
            try writer.write(nodes.graph, nodes.rows, twins: nodes.twins, efSearch: parameters.efSearch)
        }
        return dead
    }

    private func export(lists entry: Manifest.Index, _ writer: FaissFileWriter) throws(IndexError) {
        guard let built = entry.built else { preconditionFailure("lists are exported once they are built") }
        let index = InvertedFile(try InvertedFileLists(entry, built, over: self))
        let lists = index.lists
        let shape = lists.shape
        var numbers = [UInt32](repeating: 0, count: lists.count)
        for list in 0..<shape.nlist {
            for place in lists.entries(of: list) { numbers[place] = UInt32(list) }
        }
        // In the order in which they lie in the store, which is how they are read fastest.
        let order = (0..<lists.count).sorted { lists.slots[$0] < lists.slots[$1] }
        var exported = ExportedRows()
        var codes: [UInt8] = []
        codes.reserveCapacity(order.count * shape.m)
        for place in order {
            exported.append(lists.vectors[place], lists.id(place))
            if shape.m > 0 {
                let offset = Int(lists.ordinals[place]) * shape.recordSize + InvertedFileShape.codesOffset
                codes += lists.records[offset..<offset + shape.m]
            }
        }
        try withExtendedLifetime(self) { () throws(IndexError) in
            try writer.write(index, exported, listNumbers: order.map { numbers[$0] }, codes: codes)
        }
    }
}

/// The nodes of a graph as a file is to have them: each with a live row that it stands for, behind them the other rows that
/// are equal to one.
private struct LiveNodes {
    let graph: HNSWGraph
    private(set) var rows = ExportedRows()
    /// For each row behind those of the nodes, the node.
    private(set) var twins: [Int32] = []
    /// Nodes that stand for no live row. With any, the rest is of no use.
    private(set) var dead = 0

    init(_ structure: HNSWStructure, _ store: StoreRows) {
        graph = structure.graph
        let ofNode = Dictionary(grouping: structure.twins) { Int($0.node) }
        var further: [(node: Int, slot: RowSlot)] = []
        for (node, slot) in structure.slots.enumerated() {
            let equal = [RowSlot(rawValue: slot)] + (ofNode[node] ?? []).map { RowSlot(rawValue: $0.slot) }
            let live = equal.filter { store.liveID($0) != nil }
            guard let first = live.first else {
                dead += 1
                continue
            }
            append(first, store)
            further += live.dropFirst().map { (node, $0) }
        }
        guard dead == 0 else { return }
        for row in further {
            append(row.slot, store)
            twins.append(Int32(row.node))
        }
    }

    private mutating func append(_ slot: RowSlot, _ store: StoreRows) {
        guard let vector = store.vector(slot), let id = store.liveID(slot) else {
            preconditionFailure("live rows have vectors and ids")
        }
        rows.append(vector, id)
    }
}
