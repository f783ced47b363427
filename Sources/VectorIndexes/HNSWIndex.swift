/// A graph over the rows of a store: hierarchical navigable small world.
///
/// Nodes whose rows are dead stay in the graph and lead to others, but not into answers. An answer that the graph leaves too
/// short is found by comparing with every row.
///
/// Where rows have sketches, a search finds its way by the bounds that they give, and reads only the rows that may be among
/// the k nearest of those it came by; where the bounds rule out less than half of these, it goes on by distances. Distances
/// in answers are exact either way.
struct HNSWIndex: TunableIndex {
    let specification: IndexSpecification
    let generation: Int
    let count: Int
    let dimension: Int
    private let store: VectorStore
    private let everyRow: FlatIndex
    private var efSearch: Int
    // Nobody changes it, and searches of its graph may run at the same time.
    nonisolated(unsafe) private let reading: HNSWReading
    /// The rows that are equal to those of nodes, by node.
    private let twins: [Int: [UInt32]]
    /// nil while rows have no sketches.
    private let bounds: HNSWBounds?

    /// The index as readers ask it.
    static func open(
        _ entry: Manifest.Index, over store: VectorStore, after earlier: (any SearchableIndex)?
    ) throws(IndexError) -> any SearchableIndex {
        try HNSWIndex(entry, over: store, after: earlier as? HNSWIndex)
    }

    /// The index as the writer adds to it.
    static func resume(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder, _ vector: RowVectors
    ) throws(IndexError) -> any GrowingIndex { try GrowingHNSWIndex(entry, built, in: folder, vector) }

    private var slots: [UInt32] { reading.structure.slots }

    private init(
        _ entry: Manifest.Index, over store: VectorStore, after earlier: HNSWIndex?
    ) throws(IndexError) {
        guard let built = entry.built else { preconditionFailure("a graph that was not built has nothing to open") }
        let folder = IndexFolder(
            entry.specification.name, layout: StoreLayout(folder: store.folder), manifest: store.manifest)
        let rows = store.rows
        let vector: RowVectors = { slot throws(IndexError) in rows.vector(slot) }
        let reading =
            if let earlier, earlier.isBeginning(of: built, entry, over: store) {
                try HNSWReading(continuing: earlier.reading, to: built, in: folder, vector)
            } else {
                try HNSWReading(built, generation: entry.generation, in: folder, vector)
            }
        self.store = store
        specification = entry.specification
        generation = entry.generation
        dimension = folder.dimension
        everyRow = FlatIndex(entry, over: store)
        efSearch = try HNSWParameters(built.parameters).efSearch
        self.reading = reading
        let slots = reading.structure.slots
        bounds = store.sketchSearch.map { HNSWBounds($0.sketches, slots, of: store) }
        twins = Dictionary(grouping: reading.structure.twins) { Int($0.node) }.mapValues { $0.map(\.slot) }
        if store.deadCount == 0 {
            count = reading.structure.rowCount
        } else {
            let twinSlots = reading.structure.twins.lazy.map(\.slot)
            let isLive: (UInt32) -> Bool = { rows.liveID(RowSlot(rawValue: $0)) != nil }
            count = slots.count(where: isLive) + twinSlots.count(where: isLive)
        }
    }

    /// Whether it is an index of the same store whose files had the beginning of what they have now.
    private func isBeginning(
        of built: Manifest.Generation, _ entry: Manifest.Index, over next: VectorStore
    ) -> Bool {
        specification.name == entry.specification.name && store.folder == next.folder
            && store.manifest.store == next.manifest.store && next.rows.keepPlaces(of: store.rows)
            && reading.isBeginning(of: built, generation: entry.generation)
    }

    func with(parameters: [String: Int]) -> HNSWIndex {
        var index = self
        if let asked = parameters[IndexParameters.Name.efSearch.rawValue] {
            let range = IndexParameters.range(of: .efSearch)
            index.efSearch = min(max(asked, range.lowerBound), range.upperBound)
        }
        return index
    }

    func search(_ queries: [Float], k: Int, filter: IDFilter?, threads: Int) throws(IndexError) -> [[Neighbor]] {
        try validate(queries: queries, dimension: dimension, k: k, threads: threads)
        let asked = queries.count / dimension
        guard let first = firstAttempt(k, filter) else {
            return try everyRow.search(queries, k: k, filter: filter, threads: threads)
        }
        try bounds?.check()
        var answers = try inParallel(asked, threads) { query throws(IndexError) in
            try queries.withUnsafeBufferPointer { queries throws(IndexError) in
                let query = UnsafeBufferPointer(rebasing: queries[query * dimension..<(query + 1) * dimension])
                guard let bounds else { return try search(query, nil, k: k, filter, first) }
                return try bounds.withBounds(of: query) { bounds throws(IndexError) in
                    try search(query, bounds, k: k, filter, first)
                }
            }
        }
        let short = answers.indices.filter { answers[$0] == nil }
        if !short.isEmpty {
            let rest = short.flatMap { queries[$0 * dimension..<($0 + 1) * dimension] }
            let exact = try everyRow.search(rest, k: k, filter: filter, threads: threads)
            for (place, answer) in zip(short, exact) { answers[place] = answer }
        }
        return answers.map { $0 ?? [] }
    }

    /// How many nodes to ask for at first; nil where comparing with every row that may be found is as fast.
    private func firstAttempt(_ k: Int, _ filter: IDFilter?) -> Int? {
        var admitted = count
        switch filter {
        case nil: break
        case .among(let ids): admitted = min(count, ids.count)
        case .excluding(let ids): admitted = max(0, count - ids.count)
        }
        guard admitted > 0 else { return nil }
        // As many as hold k that may be found, if those are spread evenly.
        let attempt = max(k, (k * slots.count + admitted - 1) / admitted)
        let isNarrow = filter != nil && admitted <= Self.distancesPerNode * max(attempt, efSearch)
        return isNarrow || !isWorthwhile(attempt) ? nil : attempt
    }

    /// Whether asking for so many nodes costs clearly less than comparing with all rows.
    private func isWorthwhile(_ nodes: Int) -> Bool { nodes <= slots.count / 4 }

    /// Nodes that are looked at for each that is kept in view, about.
    private static let distancesPerNode = 8

    /// The nearest rows that are live and admitted; nil when the graph does not lead to as many as there may be.
    private func search(
        _ query: UnsafeBufferPointer<Float>, _ bounds: HNSWQueryBounds?, k: Int, _ filter: IDFilter?, _ first: Int
    ) throws(IndexError) -> [Neighbor]? {
        var attempt = first
        while true {
            let found = try reading.structure.graph.search(query, bounds, k: attempt, efSearch: max(efSearch, attempt))
            var nearest = NearestNeighbors(k)
            var admitted = 0
            for (node, distance) in found {
                offer(slots[node], distance, filter, to: &nearest, &admitted)
                for twin in twins[node] ?? [] { offer(twin, distance, filter, to: &nearest, &admitted) }
            }
            if admitted >= min(k, count) { return nearest.sorted() }
            // A search that finds fewer than it was asked for has been everywhere that it can get to.
            guard found.count == attempt, isWorthwhile(2 * attempt) else { return nil }
            attempt *= 2
        }
    }

    private func offer(
        _ slot: UInt32, _ distance: Float, _ filter: IDFilter?, to nearest: inout NearestNeighbors,
        _ admitted: inout Int
    ) {
        guard let id = store.rows.liveID(RowSlot(rawValue: slot)), filter?.admits(id) ?? true else { return }
        nearest.offer(id, at: distance)
        admitted += 1
    }
}
