import Testing
import VectorIndexes

/// What a graph finds, held against comparing with every row.
@Suite struct HNSWSearchTests {
    private static let rows = Rows.clustered(3_000, centers: 60, dimension: 24, seed: 1)
    private static let queries = Rows.clustered(200, centers: 60, dimension: 24, seed: 1)

    @Test func `the ten nearest are found among clusters, with the distances of the flat index`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows, rowsPerChunk: 700)
        let (graph, exact) = try scratch.indexes()
        #expect(graph.count == 3_000 && graph.generation == 1 && graph.dimension == 24)
        let answers = try graph.search(Self.queries.values, k: 10)
        let best = try exact.search(Self.queries.values, k: 10)
        #expect(recall(answers, of: best) >= 0.99)
        for (answer, best) in zip(answers, best) where answer.map(\.id) == best.map(\.id) { #expect(answer == best) }
        #expect(answers.allSatisfy { $0.count == 10 && Set($0.map(\.id)).count == 10 })
    }

    @Test func `the ten nearest photographs are found`() throws {
        let all = try Rows.photographs(1_500)
        let scratch = try Scratch()
        try scratch.graphWriter(all.prefix(1_400))
        let (graph, exact) = try scratch.indexes()
        let queries = all.dropFirst(1_400)
        #expect(recall(try graph.search(queries, k: 10), of: try exact.search(queries, k: 10)) >= 0.99)
    }

    @Test func `faiss's own index finds no more`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows)
        let (graph, exact) = try scratch.indexes()
        let plain = try PlainHNSWIndex(dimension: 24, m: 32, efConstruction: 200)
        try plain.add(Self.rows.values)
        #expect(plain.count == 3_000)
        let best = try exact.search(Self.queries.values, k: 10)
        let theirs = try plain.search(Self.queries.values, k: 10, efSearch: 64)
        let found = zip(theirs, best).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count }
        #expect(recall(try graph.search(Self.queries.values, k: 10), of: best) >= Double(found) / 2_000 - 0.005)
    }

    @Test(arguments: [0, 1, 2, 39, 41]) func `a small graph gives all rows when asked for more`(count: Int) throws {
        let rows = Rows.random(count, dimension: 8, seed: 3)
        let scratch = try Scratch()
        try scratch.graphWriter(rows)
        let (graph, exact) = try scratch.indexes()
        let query = Array(Self.queries[0].prefix(8))
        for k in [1, 10, 100] { #expect(try graph.search(query, k: k) == exact.search(query, k: k)) }
        #expect(graph.count == count)
        #expect(try graph.search([], k: 3) == [])
    }

    @Test func `deleted rows leave the answers, which stay k long even when few rows live`() throws {
        let scratch = try Scratch()
        let writer = try scratch.graphWriter(Self.rows, rowsPerChunk: 700)
        for share in [2, 20] {
            try writer.remove(ids((0..<3_000).filter { $0 % share != 1 }))
            try writer.publish()
            let (graph, exact) = try scratch.indexes()
            #expect(graph.count == 3_000 / share && exact.count == graph.count)
            let answers = try graph.search(Self.queries.values, k: 10)
            #expect(answers.allSatisfy { $0.count == 10 && $0.allSatisfy { $0.id.rawValue % Int64(share) == 1 } })
            #expect(recall(answers, of: try exact.search(Self.queries.values, k: 10)) >= 0.99)
            #expect(try graph.search(Self.queries[0], k: 2_000)[0].count == graph.count)
        }
        try writer.remove(ids(0..<3_000))
        try writer.publish()
        #expect(try scratch.indexes().graph.search(Self.queries[0], k: 10) == [[]])
    }

    @Test func `a filter leaves k rows while so many are admitted`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows)
        let (graph, exact) = try scratch.indexes()
        let filters: [IDFilter] = [
            .among(Set(ids(0..<2_500))), .among(Set(ids(stride(from: 0, to: 3_000, by: 50)))),
            .among(Set(ids([5, 700, 9_999]))), .among([]), .excluding(Set(ids(0..<1_500))),
            .excluding(Set(ids((0..<3_000).filter { $0 % 60 == 7 }))), .excluding(Set(ids(0..<2_995))),
        ]
        for filter in filters {
            let answers = try graph.search(Self.queries.values, k: 10, filter: filter)
            let best = try exact.search(Self.queries.values, k: 10, filter: filter)
            #expect(answers.map(\.count) == best.map(\.count))
            #expect(answers.allSatisfy { $0.allSatisfy { filter.admits($0.id) } })
            if !best[0].isEmpty { #expect(recall(answers, of: best) >= 0.99) }
        }
    }

    @Test func `a filter that shuts out all rows near the query is no dead end`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows)
        let (graph, exact) = try scratch.indexes()
        let near = Set(try exact.search(Self.rows[7], k: 700)[0].map(\.id))
        let answer = try graph.search(Self.rows[7], k: 10, filter: .excluding(near))
        #expect(answer == (try exact.search(Self.rows[7], k: 10, filter: .excluding(near))))
    }

    @Test func `rows that are equal are all found, and others beyond them`() throws {
        var rows = Rows.clustered(1_500, centers: 30, dimension: 16, seed: 5)
        for row in 0..<400 { rows.values.replaceSubrange(row * 16..<(row + 1) * 16, with: rows[0]) }
        let scratch = try Scratch()
        let writer = try scratch.graphWriter(rows.prefix(1_200), rowsPerChunk: 500)
        try writer.append(ids: ids(1_200..<1_500), vectors: rows.dropFirst(1_200))
        try writer.append(ids: ids(1_500..<1_550), vectors: (0..<50).flatMap { _ in rows[0] })
        try writer.publish()
        try writer.remove(ids([0, 17]))
        try writer.publish()
        let (graph, exact) = try scratch.indexes()
        #expect(graph.count == 1_548)
        let nearest = try graph.search(rows[0], k: 450)[0]
        #expect(nearest.prefix(448).map(\.id) == ids((1..<400).filter { $0 != 17 } + Array(1_500..<1_550)))
        #expect(nearest.prefix(448).allSatisfy { $0.distance == 0 } && nearest[448].distance > 0)
        #expect(try graph.search(rows[0], k: 20) == exact.search(rows[0], k: 20))
        let queries = rows.dropFirst(1_000)
        #expect(recall(try graph.search(queries, k: 10), of: try exact.search(queries, k: 10)) >= 0.99)
    }

    @Test func `values whose distance overflows are infinitely far, not lost`() throws {
        var rows = Rows.random(400, dimension: 2, seed: 8)
        rows.values.replaceSubrange(0..<4, with: [3e38, 3e38, -3e38, 3e38])
        let scratch = try Scratch()
        try scratch.graphWriter(rows)
        let (graph, exact) = try scratch.indexes()
        #expect(try graph.search([0, 0], k: 400) == exact.search([0, 0], k: 400))
        #expect(try graph.search([3e38, 3e38], k: 1)[0].count == 1)
    }

    @Test func `a query that cannot be asked is refused with the value that can`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows)
        let index = try scratch.indexes().graph
        #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...10_000)) {
            try index.search(Self.rows[0], k: 0)
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 24, got: 3)) { try index.search([1, 2, 3], k: 1) }
        #expect(throws: IndexError.queryNotFinite(query: 0, component: 23)) {
            try index.search(Self.rows[0].dropLast() + [.nan], k: 1)
        }
    }

    @Test func `searches at the same time give the answers of one after the other`() async throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows)
        let index = try scratch.indexes().graph
        let expected = try (0..<200).map { try index.search(Self.queries[$0], k: 10, filter: nil, threads: 1)[0] }
        #expect(try index.search(Self.queries.values, k: 10, filter: nil, threads: 4) == expected)
        let answers = try await withThrowingTaskGroup(of: [[Neighbor]].self) { group in
            for threads in [1, 2, 1, 3] {
                group.addTask { try index.search(Self.queries.values, k: 10, filter: nil, threads: threads) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 4 && answers.allSatisfy { $0 == expected })
    }
}
