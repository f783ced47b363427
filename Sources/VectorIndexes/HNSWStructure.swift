import Glibc

/// A graph and the rows that its nodes stand for.
///
/// Rows that are equal, value by value, share a node. Nodes at no distance from one another would have nothing but one
/// another for neighbors, and no search would find a way out of or into such a crowd.
struct HNSWStructure {
    let graph: HNSWGraph
    /// For each node, its row.
    private(set) var slots: [UInt32] = []
    /// For each node, the CRC-32C of its row's values.
    private(set) var checksums: [UInt32] = []
    /// Rows that are equal to that of a node, in order of their slots.
    private(set) var twins: [Twin] = []

    /// A row that is equal to a node's.
    struct Twin: Equatable {
        let slot: UInt32
        let node: UInt32
    }

    init(_ parameters: HNSWParameters, dimension: Int) throws(IndexError) {
        graph = try HNSWGraph(parameters, dimension: dimension)
    }

    /// Makes one that can be added to while the other stays as it is.
    init(copying other: HNSWStructure) throws(IndexError) {
        graph = try HNSWGraph(copying: other.graph)
        slots = other.slots
        checksums = other.checksums
        twins = other.twins
    }

    /// Rows that it stands for.
    var rowCount: Int { slots.count + twins.count }

    /// Notes rows that the graph has, or is about to have, as its next nodes.
    mutating func append(slots: some Collection<UInt32>, checksums: some Collection<UInt32>) {
        self.slots += slots
        self.checksums += checksums
    }

    mutating func append(twins: some Collection<Twin>) { self.twins += twins }
}

/// Finds out which rows are equal to one that has a node, and gives the others nodes.
struct HNSWAdder {
    private(set) var structure: HNSWStructure
    private let dimension: Int
    private var addresses: [UnsafePointer<Float>]
    /// The first node whose row has the checksum.
    private var nodes: [UInt32: Int] = [:]

    /// - Parameter addresses: for each node of the structure, where its row begins.
    init(_ structure: HNSWStructure, _ addresses: [UnsafePointer<Float>], dimension: Int) {
        precondition(structure.slots.count == addresses.count)
        self.structure = structure
        self.addresses = addresses
        self.dimension = dimension
        nodes.reserveCapacity(addresses.count)
        for (node, checksum) in structure.checksums.enumerated() where nodes[checksum] == nil { nodes[checksum] = node }
    }

    /// Adds rows that come after all that there are; see ``HNSWGraph/add(_:recording:threads:)``. After an error this must
    /// not be used any more.
    mutating func add(_ rows: some Collection<AddedRow>, recording: Bool, threads: Int) throws(IndexError) {
        let first = addresses.count
        for row in rows {
            let bytes = UnsafeRawBufferPointer(start: row.vector, count: 4 * dimension)
            let checksum = CRC32C.checksum(bytes)
            if let node = nodes[checksum], memcmp(addresses[node], row.vector, bytes.count) == 0 {
                structure.append(twins: CollectionOfOne(.init(slot: row.slot.rawValue, node: UInt32(node))))
                continue
            }
            if nodes[checksum] == nil { nodes[checksum] = addresses.count }
            structure.append(slots: CollectionOfOne(row.slot.rawValue), checksums: CollectionOfOne(checksum))
            addresses.append(row.vector)
        }
        try structure.graph.add(Array(addresses[first...]), recording: recording, threads: threads)
    }
}
