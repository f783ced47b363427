/// Reads the files of a graph and refuses every number in them that cannot be used.
struct HNSWReading {
    private(set) var structure: HNSWStructure
    /// For each node, where its row begins.
    private(set) var addresses: [UnsafePointer<Float>] = []
    private let parameters: HNSWParameters
    private let built: Manifest.Generation
    private let generation: Int
    private var nodeSlots: Set<UInt32> = []
    /// What the log has set.
    private var lists: [HNSWGraph.List] = []

    /// - Parameter vector: where rows lie.
    /// - Throws: ``IndexError/damaged(_:what:)`` for whatever cannot be a graph over these rows, and what mapping throws.
    init(
        _ built: Manifest.Generation, generation: Int, in folder: IndexFolder, _ vector: RowVectors
    ) throws(IndexError) {
        parameters = try HNSWParameters(built.parameters)
        self.built = built
        self.generation = generation
        structure = try HNSWStructure(parameters, dimension: folder.dimension)
        let base = try folder.map(built.base, .graph, generation: generation)
        let log = try folder.map(built.log, .links, generation: generation)
        var words = WordReader(base)
        try readBase(&words, vector)
        // The base is looked at before the log, so that damage is looked for in the file that has it.
        if let fault = structure.graph.fault() { throw words.damaged(fault) }
        words = WordReader(log)
        try readBlocks(&words, vector)
    }

    /// Goes on where the files were read before: what came behind that alone is read.
    ///
    /// - Parameters:
    ///   - earlier: an earlier reading of the same generation of the same store; must be ``isBeginning(of:generation:)``.
    ///   - vector: where rows lie; those of `earlier` must lie where they did.
    /// - Throws: as reading all of it.
    /// - Complexity: a copy of the links in memory, and what came.
    init(
        continuing earlier: HNSWReading, to built: Manifest.Generation, in folder: IndexFolder, _ vector: RowVectors
    ) throws(IndexError) {
        parameters = earlier.parameters
        generation = earlier.generation
        self.built = built
        structure = try HNSWStructure(copying: earlier.structure)
        addresses = earlier.addresses
        nodeSlots = earlier.nodeSlots
        let log = try folder.map(built.log, .links, generation: generation, behind: earlier.built.log)
        var words = WordReader(log)
        try readBlocks(&words, vector)
    }

    /// Whether the files of a generation begin with what was read.
    func isBeginning(of next: Manifest.Generation, generation: Int) -> Bool {
        self.generation == generation && built.base == next.base && built.log.name == next.log.name
            && built.log.bytes <= next.log.bytes && built.covers <= next.covers
    }

    private mutating func readBlocks(_ words: inout WordReader, _ vector: RowVectors) throws(IndexError) {
        while !words.isAtEnd { try readBlock(&words, vector) }
        if let fault = structure.graph.fault(in: lists) { throw words.damaged(fault) }
        lists = []
        guard structure.rowCount == built.rows else {
            throw words.damaged("leads to \(structure.rowCount) rows, not \(built.rows)")
        }
    }

    private mutating func readBase(_ words: inout WordReader, _ vector: RowVectors) throws(IndexError) {
        let head = try words.next(8)
        guard Int(head[0]) == parameters.m else {
            throw words.damaged("was built with M \(head[0]), not \(parameters.m)")
        }
        let (nodes, twins) = (Int(head[1]), Int(head[2]))
        let slots = try words.next(nodes)
        let checksums = try words.next(nodes)
        let twinWords = try words.next(2 * twins)
        let levels = try words.next(HNSWFiles.paddedCount(nodes) / 4)
        try extend(
            slots, checksums, [UInt8](UnsafeRawBufferPointer(levels).prefix(nodes)), words, vector)
        try append(twinWords, words, vector)
        let neighbors = try words.next(words.remaining)
        guard UInt64(neighbors.count) == UInt64(head[6]) | UInt64(head[7]) << 32,
            neighbors.withMemoryRebound(to: Int32.self, { structure.graph.setAllNeighbors($0) })
        else { throw words.damaged("has lists of \(neighbors.count) neighbors, which its nodes do not have") }
        structure.graph.entry = (Int32(bitPattern: head[3]), Int32(bitPattern: head[4]))
    }

    private mutating func readBlock(_ words: inout WordReader, _ vector: RowVectors) throws(IndexError) {
        let head = try words.next(5)
        let nodes = try words.next(3 * Int(head[0]))
        let twins = try words.next(2 * Int(head[1]))
        let rows = stride(from: 0, to: nodes.count, by: 3)
        // What is no number of levels at all must not become one by being cut.
        try extend(
            rows.map { nodes[$0] }, rows.map { nodes[$0 + 1] }, rows.map { UInt8(exactly: nodes[$0 + 2]) ?? .max },
            words, vector)
        try append(twins, words, vector)
        for _ in 0..<head[2] {
            let list = try words.next(2)
            let neighbors = try words.next(Int(list[1] & 0xFFFF))
            let node = HNSWGraph.List(node: Int32(bitPattern: list[0]), level: Int32(list[1] >> 16))
            guard neighbors.withMemoryRebound(to: Int32.self, { structure.graph.setNeighbors(of: node, $0) }) else {
                throw words.damaged("has \(neighbors.count) neighbors of node \(list[0]) on level \(node.level)")
            }
            lists.append(node)
        }
        structure.graph.entry = (Int32(bitPattern: head[3]), Int32(bitPattern: head[4]))
    }

    private mutating func extend(
        _ slots: some Collection<UInt32>, _ checksums: some Collection<UInt32>, _ levels: [UInt8],
        _ words: WordReader, _ vector: RowVectors
    ) throws(IndexError) {
        guard levels.count <= Int(Int32.max) - addresses.count else { throw words.damaged("has too many nodes") }
        var last = structure.slots.last
        var added: [UnsafePointer<Float>] = []
        added.reserveCapacity(levels.count)
        for slot in slots {
            if let last, slot <= last { throw words.damaged("names slot \(slot) after slot \(last)") }
            last = slot
            added.append(try address(of: slot, words, vector))
        }
        guard try structure.graph.extend(levels: levels, rows: added) else {
            throw words.damaged("has a node on more levels than there are")
        }
        structure.append(slots: slots, checksums: checksums)
        addresses += added
        if !structure.twins.isEmpty || !nodeSlots.isEmpty { nodeSlots.formUnion(slots) }
    }

    private mutating func append(
        _ twins: UnsafeBufferPointer<UInt32>, _ words: WordReader, _ vector: RowVectors
    ) throws(IndexError) {
        guard !twins.isEmpty else { return }
        if nodeSlots.isEmpty { nodeSlots = Set(structure.slots) }
        for place in stride(from: 0, to: twins.count, by: 2) {
            let twin = HNSWStructure.Twin(slot: twins[place], node: twins[place + 1])
            if let last = structure.twins.last, twin.slot <= last.slot {
                throw words.damaged("names slot \(twin.slot) after slot \(last.slot)")
            }
            guard !nodeSlots.contains(twin.slot) else { throw words.damaged("names slot \(twin.slot) twice") }
            guard twin.node < addresses.count else { throw words.damaged("has no node \(twin.node)") }
            _ = try address(of: twin.slot, words, vector)
            structure.append(twins: CollectionOfOne(twin))
        }
    }

    private func address(
        of slot: UInt32, _ words: WordReader, _ vector: RowVectors
    ) throws(IndexError) -> UnsafePointer<Float> {
        guard slot < built.covers, let address = try vector(RowSlot(rawValue: slot)) else {
            throw words.damaged("names slot \(slot), in which there is no row")
        }
        return address
    }
}

/// The contents of a file as numbers of 32 bits, one after the other.
private struct WordReader {
    private let file: CheckedFile
    private var offset = 0

    init(_ file: CheckedFile) { self.file = file }

    /// Whole numbers that were not read.
    var remaining: Int { (file.content.count - offset) / 4 }
    /// Whether nothing is left.
    var isAtEnd: Bool { offset == file.content.count }

    /// The next so many numbers, which stay readable while the file is mapped.
    mutating func next(_ count: Int) throws(IndexError) -> UnsafeBufferPointer<UInt32> {
        guard count <= remaining, let start = file.content.baseAddress else {
            throw damaged("ends in the midst of its numbers")
        }
        let words = UnsafeBufferPointer(start: (start + offset).assumingMemoryBound(to: UInt32.self), count: count)
        offset += 4 * count
        return words
    }

    func damaged(_ what: String) -> IndexError { .damaged(file.path, what: what) }
}
