import TestSupport
import Testing
import VectorIndexes

/// Graphs over rows that have sketches, held against the same graph over the same rows without, and against exact search.
@Suite struct HNSWSketchTests {
    @Test(arguments: RowKind.allCases, DirectionKind.allCases)
    func `whatever sketches were made with, as much is found, at the distances that exact search gives`(
        kind: RowKind, directions: DirectionKind
    ) throws {
        let rows = kind.rows(600, dimension: 24, seed: 3)
        let pair = try GraphPair(rows, directions.directions(24, seed: 3))
        let later = RowKind.clustered.rows(60, dimension: 24, seed: 4)
        try pair.write { writer in
            try writer.append(ids: ids(1_000..<1_060), vectors: later.values)
            try writer.append(ids: ids(2_000..<2_030), vectors: Array(rows.values.prefix(30 * 24)))
            try writer.publish()
            try writer.remove(ids(stride(from: 3, to: 600, by: 9)))
            try writer.publish()
        }
        var random = SplitMix(state: 5)
        let asked = (0..<120).flatMap { query -> [Float] in
            let row = rows[query * 5]
            switch query % 3 {
            case 0: return row
            case 1: return row.map { $0 * Float.random(in: 0.98...1, using: &random) }
            default: return row.map { _ in Float.random(in: -1...1, using: &random) }
            }
        }
        // Graphs over rows of sizes so different lose some, with sketches as without: 16 of 960 at k = 1, over 8 seeds. In
        // which order threads linked the rows is chance: one run in some dozens loses 7 of 120 more than the other graph.
        let chance = kind == .huge ? 0.08 : 0.01
        for k in [1, 10, 33] {
            let best = try pair.exact().search(asked, k: k)
            let answers = try pair.sketched.graph().search(asked, k: k)
            #expect(answers.map(\.count) == best.map(\.count))
            let without = recall(try pair.plain.graph().search(asked, k: k), of: best)
            #expect(recall(answers, of: best) >= without - chance, "k \(k)")
            try pair.expectExactDistances(answers, asked)
        }
    }

    @Test func `filters and tombstones shorten no answer`() throws {
        let rows = Rows.clustered(2_000, centers: 40, dimension: 24, seed: 6)
        let pair = try GraphPair(rows, .components(8))
        try pair.write { writer in
            try writer.remove(ids((0..<2_000).filter { $0 % 3 == 1 }))
            try writer.publish()
        }
        let queries = Rows.clustered(100, centers: 40, dimension: 24, seed: 6).values
        let filters: [IDFilter?] = [
            nil, .among(Set(ids(0..<1_500))), .excluding(Set(ids(0..<900))),
            .excluding(Set(ids((0..<2_000).filter { $0 % 40 == 7 }))),
        ]
        for filter in filters {
            let answers = try pair.sketched.graph().search(queries, k: 10, filter: filter)
            let best = try pair.exact().search(queries, k: 10, filter: filter)
            #expect(answers.allSatisfy { $0.count == 10 && $0.allSatisfy { filter?.admits($0.id) ?? true } })
            #expect(recall(answers, of: best) >= 0.99)
            #expect(answers.allSatisfy { $0.allSatisfy { $0.id.rawValue % 3 != 1 } })
        }
    }

    @Test func `sketches that tell no row from another do not lead astray`() throws {
        // The direction is one in which rows do not differ, and all rows are equally far from the center in the others.
        var rows = Rows.clustered(3_000, centers: 60, dimension: 24, seed: 7)
        for row in 0..<rows.count {
            let start = row * 24
            rows.values[start] = 0
            let length = rows[row].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for component in start..<start + 24 { rows.values[component] /= length }
        }
        let pair = try GraphPair(
            rows,
            .given(
                center: [Float](repeating: 0, count: 24), basis: [1] + [Float](repeating: 0, count: 23)))
        let queries = (0..<150).flatMap { rows[$0 * 20].map { $0 + 0.001 } }
        let best = try pair.exact().search(queries, k: 10)
        #expect(recall(try pair.sketched.graph().search(queries, k: 10), of: best) >= 0.99)
    }

    @Test func `the ten nearest photographs are found`() throws {
        let all = try Rows.photographs(1_500)
        let pair = try GraphPair(all.prefix(1_400), .chosen, rowsPerChunk: 500)
        #expect(try pair.sketched.scratch.open().manifest.sketch != nil)
        let queries = all.dropFirst(1_400)
        let best = try pair.exact().search(queries, k: 10)
        #expect(recall(try pair.sketched.graph().search(queries, k: 10), of: best) >= 0.99)
    }

    @Test func `an answer depends neither on its company nor on the threads`() throws {
        let pair = try GraphPair(RowKind.clustered.rows(800, dimension: 24, seed: 8), .components(8))
        let index = try pair.sketched.graph()
        let queries = RowKind.clustered.rows(60, dimension: 24, seed: 8)
        let alone = try (0..<60).map { try index.search(queries[$0], k: 10, filter: nil, threads: 1)[0] }
        #expect(StorePair.same(try index.search(queries.values, k: 10, filter: nil, threads: 4), alone))
    }

    @Test(arguments: ["vectors/projection-00000001", "vectors/00000002.sketches-00000001"])
    func `damaged sketches are refused by name`(name: String) throws {
        let pair = try GraphPair(RowKind.clustered.rows(600, dimension: 24, seed: 9), .components(8))
        let scratch = pair.sketched.scratch
        var bytes = try scratch.read(name)
        bytes[bytes.count - 3] ^= 4
        try scratch.write(bytes, to: name)
        let index = try pair.sketched.graph()
        let error = #expect(throws: IndexError.self) {
            try index.search([Float](repeating: 0, count: 24), k: 5)
        }
        guard case .damaged(scratch.file(name), _) = try #require(error) else { throw try #require(error) }
    }
}

/// The same rows and graphs in two stores, one of them with sketches.
private struct GraphPair {
    let sketched: SketchedScratch
    let plain: SketchedScratch

    init(_ rows: Rows, _ directions: SketchJob.Directions, rowsPerChunk: Int = 128) throws {
        sketched = try SketchedScratch(rows, directions, rowsPerChunk: rowsPerChunk)
        plain = try SketchedScratch(rows, nil, rowsPerChunk: rowsPerChunk)
        try write { writer in
            try writer.add(graph)
            try writer.publish()
        }
        for store in [sketched, plain] {
            try #require(try store.writer.adopt(try store.scratch.buildGraph()))
            try store.writer.publish()
        }
    }

    /// Does the same to both stores.
    func write(_ change: (StoreWriter) throws -> Void) throws {
        for store in [sketched, plain] { try change(store.writer) }
    }

    func exact() throws -> any SearchableIndex { try plain.store().exact }

    /// Every distance must be, bit for bit, that which exact search gives the row.
    func expectExactDistances(_ answers: [[Neighbor]], _ queries: [Float]) throws {
        let exact = try exact()
        let all = try exact.search(queries, k: exact.count)
        for (answer, all) in zip(answers, all) {
            let distances = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.distance.bitPattern) })
            #expect(answer.allSatisfy { distances[$0.id] == $0.distance.bitPattern })
        }
    }
}

extension SketchedScratch {
    fileprivate func graph() throws -> any SearchableIndex { try store().index(named: "graph") }
}
