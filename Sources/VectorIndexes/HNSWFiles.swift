/// The files of a graph. All numbers are 32 bits, little-endian.
///
/// The base, `.graph`, is a whole graph:
///
///     M · nodes · equal rows · entry · highest level · 0 · numbers in all lists (64 bits)
///     for each node        slot of its row
///     for each node        CRC-32C of its row's values
///     for each equal row   slot · node
///     for each node        number of levels, a byte, filled up with zeros to 4 bytes
///     for each node, for each level from 0 up: 2 M neighbors on level 0, M above, unused room filled with -1
///
/// The log, `.links`, has a block for each publication that changed the graph:
///
///     nodes that are new · equal rows that are new · lists that changed · entry · highest level
///     for each node        slot · CRC-32C · number of levels
///     for each equal row   slot · node
///     for each list        node · level × 65536 + number of neighbors · neighbors
enum HNSWFiles {
    static func baseName(_ generation: Int, _ publication: Int) -> String {
        "\(StoreLayout.padded(generation)).graph-\(StoreLayout.padded(publication))"
    }

    static func logName(_ generation: Int, _ publication: Int) -> String {
        "\(StoreLayout.padded(generation)).links-\(StoreLayout.padded(publication))"
    }

    /// Writes a graph and an empty log of changes to it, and waits until the disk has both.
    static func begin(
        _ structure: HNSWStructure, m: Int, generation: Int, publication: Int, in folder: IndexFolder
    ) throws(IndexError) -> (base: Manifest.Generation.File, log: GenerationFileWriter) {
        let base = try GenerationFileWriter(
            baseName(generation, publication), .graph, generation: generation, in: folder)
        let entry = structure.graph.entry
        try structure.graph.withAllNeighbors { neighbors throws(IndexError) in
            try base.append(
                words: [
                    UInt32(m), UInt32(structure.slots.count), UInt32(structure.twins.count),
                    UInt32(bitPattern: entry.node), UInt32(bitPattern: entry.level), 0,
                    UInt32(truncatingIfNeeded: neighbors.count), UInt32(neighbors.count >> 32),
                ])
            try base.append(words: structure.slots)
            try base.append(words: structure.checksums)
            try base.append(words: structure.twins.flatMap { [$0.slot, $0.node] })
            let levels = structure.slots.indices.map { UInt8(structure.graph.levels(of: $0)) }
            try base.append(levels + [UInt8](repeating: 0, count: paddedCount(levels.count) - levels.count))
            try base.append(UnsafeRawBufferPointer(neighbors))
        }
        try base.synchronize()
        let log = try GenerationFileWriter(
            logName(generation, publication), .links, generation: generation, in: folder)
        try log.synchronize()
        return (base.state, log)
    }

    /// What the log gets for a publication.
    ///
    /// - Parameters:
    ///   - nodes: those that the files do not have yet.
    ///   - twins: places of those that the files do not have yet.
    ///   - lists: those that changed.
    static func block(
        _ structure: HNSWStructure, nodes: Range<Int>, twins: Range<Int>, lists: [HNSWGraph.List]
    ) -> [UInt32] {
        let entry = structure.graph.entry
        var words = [
            UInt32(nodes.count), UInt32(twins.count), UInt32(lists.count), UInt32(bitPattern: entry.node),
            UInt32(bitPattern: entry.level),
        ]
        for node in nodes {
            words += [structure.slots[node], structure.checksums[node], UInt32(structure.graph.levels(of: node))]
        }
        for twin in structure.twins[twins] { words += [twin.slot, twin.node] }
        for list in lists {
            structure.graph.withNeighbors(of: list) { neighbors in
                words.append(UInt32(list.node))
                words.append(UInt32(list.level) << 16 | UInt32(neighbors.count))
                for neighbor in neighbors { words.append(UInt32(bitPattern: neighbor)) }
            }
        }
        return words
    }

    static func paddedCount(_ levels: Int) -> Int { (levels + 3) / 4 * 4 }
}

extension GenerationFileWriter {
    func append(words: [UInt32]) throws(IndexError) {
        try words.withUnsafeBufferPointer { words throws(IndexError) in try append(UnsafeRawBufferPointer(words)) }
    }
}
