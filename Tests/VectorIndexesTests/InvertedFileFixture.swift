import SystemPackage
import Testing
import VectorIndexes

/// A store with an inverted file called "lists".
struct InvertedFileFixture {
    let scratch: Scratch
    let specification: IndexSpecification

    init(_ type: IndexType, _ parameters: [String: Int] = [:]) throws {
        scratch = try Scratch()
        specification = IndexSpecification(name: "lists", type: type, parameters: parameters)
    }

    /// A writer of a store with these rows under ids from 0 on, published, and the index built over them.
    func built(_ rows: Rows, rowsPerChunk: Int = 16_384) throws -> StoreWriter {
        let writer = try scratch.writer(rows.dimension, rowsPerChunk: rowsPerChunk)
        try writer.append(ids: ids(0..<rows.count), vectors: rows.values)
        try writer.add(specification)
        try writer.publish()
        try build(writer)
        return writer
    }

    /// Builds the next generation over what is published, and publishes it.
    func build(_ writer: StoreWriter, _ remedy: GenerationJob.Remedy = .full) throws {
        let job = GenerationJob(
            specification, generation: try writer.nextGeneration(of: specification.name), remedy: remedy,
            over: try scratch.open())
        #expect(try writer.adopt(try job.build()))
        try writer.publish()
    }

    func open() throws -> any SearchableIndex { try scratch.open().index(named: specification.name) }

    func generation() throws -> Manifest.Generation {
        try #require(try scratch.open().manifest.indexes.first { $0.specification == specification }?.built)
    }

    /// The published records, each of them whole.
    func records() throws -> [[UInt8]] {
        let generation = try generation()
        let bytes = Array(try scratch.read("lists/" + generation.log.name).dropFirst(64).prefix(generation.log.bytes))
        guard generation.rows > 0 else { return [] }
        let size = bytes.count / generation.rows
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<$0 + size]) }
    }

    /// The slots of the records, in the order of the log.
    func slots() throws -> [UInt32] { try records().map { number($0, at: 0) } }

    /// The exact answer, from the same store.
    func exact(_ query: [Float], k: Int, filter: IDFilter? = nil) throws -> [Neighbor] {
        let store = try scratch.open()
        let admitted = store.liveIDs().filter { filter?.admits($0) ?? true }
        let all = admitted.map { id in
            Neighbor(id: id, distance: store.vector(of: id).map { distance($0, query) } ?? .nan)
        }
        return Array(all.sorted { ($0.distance, $0.id) < ($1.distance, $1.id) }.prefix(k))
    }

    private func distance(_ x: [Float], _ y: [Float]) -> Float {
        Float(zip(x, y).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) })
    }
}

/// A little-endian number.
func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
}

extension Rows {
    /// Families of near copies, normalized: around each of `count` points that share a direction, members apart from it in
    /// a few of the directions that also tell the points apart.
    static func families(_ count: Int, members: Int, dimension: Int, seed: UInt64) -> Rows {
        let rank = min(32, dimension)
        let directions = Rows.random(rank, dimension: dimension, seed: seed)
        let centers = Rows.random(count, dimension: rank, seed: seed + 1)
        let offsets = Rows.random(count * members, dimension: rank, seed: seed + 2)
        let noise = Rows.random(count * members, dimension: dimension, seed: seed + 3)
        var values: [Float] = []
        for row in 0..<count * members {
            let (center, offset, grain) = (centers[row / members], offsets[row], noise[row])
            var vector = grain.map { 0.5 + 0.1 * $0 }
            for direction in 0..<rank {
                let weight = (center[direction] + 0.35 * offset[direction]) / Float(direction + 1).squareRoot()
                for component in 0..<dimension {
                    vector[component] += weight * directions.values[direction * dimension + component]
                }
            }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            values += vector.map { $0 / norm }
        }
        return Rows(dimension: dimension, values: values)
    }
}
