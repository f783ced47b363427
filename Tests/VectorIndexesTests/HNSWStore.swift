import Testing
import VectorIndexes

let graph = IndexSpecification(name: "graph", type: .hnsw)

extension Scratch {
    /// A writer of a store with a flat index and a graph that was built over `rows`, whose ids are their numbers.
    @discardableResult
    func graphWriter(_ rows: Rows, rowsPerChunk: Int = 16_384) throws -> StoreWriter {
        let writer = try writer(rows.dimension, rowsPerChunk: rowsPerChunk)
        try writer.append(ids: ids(0..<rows.count), vectors: rows.values)
        try writer.add(flat)
        try writer.add(graph)
        try writer.publish()
        try #require(try writer.adopt(try buildGraph()))
        try writer.publish()
        return writer
    }

    func buildGraph(_ control: BuildControl = BuildControl()) throws -> GenerationDraft {
        try GenerationJob(graph, generation: 1, over: try open(), threads: 2).build(control)
    }

    /// The graph and the flat index, as they are published.
    func indexes() throws -> (graph: any SearchableIndex, exact: any SearchableIndex) {
        let store = try open()
        return (try store.index(named: "graph"), try store.index(named: "default"))
    }

    func graphFiles() throws -> Manifest.Generation {
        let entry = try open().manifest.indexes.first { $0.specification == graph }
        guard let built = entry?.built else { throw IndexError.noSuchIndex("graph", have: []) }
        return built
    }
}

extension Rows {
    /// Points around `centers` random ones, the same in every run.
    static func clustered(_ count: Int, centers: Int, dimension: Int, seed: UInt64) -> Rows {
        let middles = Rows.random(centers, dimension: dimension, seed: seed)
        var rows = Rows.random(count, dimension: dimension, seed: seed + 1)
        for row in 0..<count {
            for component in 0..<dimension {
                let place = row * dimension + component
                rows.values[place] = middles.values[row % centers * dimension + component] + 0.2 * rows.values[place]
            }
        }
        return rows
    }

    func prefix(_ count: Int) -> Rows { Rows(dimension: dimension, values: Array(values[..<(count * dimension)])) }
    func dropFirst(_ count: Int) -> [Float] { Array(values[(count * dimension)...]) }
}

/// Share of the rows of exact answers that others have; rows at the same distance as the last one count as well.
func recall(_ answers: [[Neighbor]], of exact: [[Neighbor]]) -> Double {
    var found = 0
    for (answer, best) in zip(answers, exact) {
        let farthest = best.last?.distance ?? 0
        found += answer.count { $0.distance <= farthest }
    }
    return Double(found) / Double(exact.reduce(0) { $0 + $1.count })
}
