import SystemPackage
import Testing
import VectorIndexes

/// Answers held against a plain faiss::IndexFlatL2 over the same rows.
@Suite struct FlatSearchTests {
    @Test func `photographs get faiss's answers`() throws {
        let rows = try Rows.photographs(2_000)
        let scratch = try Scratch()
        let index = try published(rows, in: scratch, rowsPerChunk: 700)
        let queries = (0..<12).map { rows[$0 * 150] }
        try expectFaissAnswers(of: index, over: rows, to: queries, k: 10)
        for (query, answer) in zip(0..., try index.search(queries.flatMap(\.self), k: 1)) {
            #expect(answer == [Neighbor(id: VectorID(Int64(query * 150)), distance: 0)])
        }
    }

    @Test(arguments: [1, 2, 3, 4, 8, 12, 13, 100])
    func `random rows of any dimension get faiss's answers`(dimension: Int) throws {
        let rows = Rows.random(500, dimension: dimension, seed: 7)
        let queries = Rows.random(6, dimension: dimension, seed: 8)
        let index = try published(rows, in: Scratch(), rowsPerChunk: 64)
        try expectFaissAnswers(of: index, over: rows, to: (0..<6).map { queries[$0] }, k: 25)
    }

    @Test func `equal rows come in the order of their ids, whatever the number of threads`() throws {
        let one = Rows.random(1, dimension: 16, seed: 1)
        let scratch = try Scratch()
        let writer = try scratch.writer(16, rowsPerChunk: 50)
        let shuffled = (0..<200).map { $0 * 77 % 200 }
        try writer.append(ids: ids(shuffled), vectors: (0..<200).flatMap { _ in one.values })
        try writer.add(flat)
        try writer.publish()
        let index = try scratch.open().index(named: "default")
        for threads in [1, 2, 3, 7] {
            let answer = try index.search(one.values, k: 30, filter: nil, threads: threads)
            #expect(answer[0].map(\.id) == ids(0..<30))
            #expect(answer[0].allSatisfy { $0.distance == 0 })
        }
    }

    @Test func `a query's answer depends neither on its company nor on the threads, bit for bit`() throws {
        let rows = try Rows.photographs(600)
        // For one query alone, the first chunk is enough work to be shared out, the second is not.
        let index = try published(rows, in: Scratch(), rowsPerChunk: 400)
        let together = try index.search(rows.values, k: 5)
        #expect(together.count == 600)
        for query in stride(from: 0, to: 600, by: 11) {
            let alone = try index.search(rows[query], k: 5, filter: nil, threads: query % 4 + 1)
            #expect(alone[0] == together[query])
            #expect(together[query][0].distance.bitPattern == 0)
        }
    }

    @Test func `faiss's own answers to many queries differ only by rounding`() throws {
        let rows = try Rows.photographs(400)
        let index = try published(rows, in: Scratch())
        let plain = try PlainFlatIndex(dimension: 2048)
        try plain.add(rows.values)
        for (ours, theirs) in zip(try index.search(rows.values, k: 3), try plain.search(rows.values, k: 3)) {
            for (our, their) in zip(ours, theirs) { #expect(abs(our.distance - their.distance) <= 1e-5) }
        }
    }

    @Test func `more neighbors than rows gives all rows`() throws {
        let rows = Rows.random(9, dimension: 4, seed: 3)
        let index = try published(rows, in: Scratch())
        #expect(try index.search(rows[0], k: 10_000)[0].count == 9)
        try expectFaissAnswers(of: index, over: rows, to: [rows[4]], k: 9)
    }

    @Test func `no query gives no answer and no row gives an empty one`() throws {
        let index = try published(Rows(dimension: 4, values: []), in: Scratch())
        #expect(try index.search([], k: 1) == [])
        #expect(try index.search([0, 0, 0, 1], k: 1) == [[]])
    }

    @Test func `filters choose among ids without shortening the answer`() throws {
        let rows = Rows.random(300, dimension: 8, seed: 5)
        let index = try published(rows, in: Scratch(), rowsPerChunk: 100)
        let all = try index.search(rows[10], k: 300)[0]
        let even = Set(ids(stride(from: 0, to: 300, by: 2)))
        #expect(
            try index.search(rows[10], k: 20, filter: .among(even))[0]
                == Array(all.filter { even.contains($0.id) }.prefix(20)))
        #expect(
            try index.search(rows[10], k: 20, filter: .excluding(even))[0]
                == Array(all.filter { !even.contains($0.id) }.prefix(20)))
        #expect(try index.search(rows[10], k: 20, filter: .among(Set(ids([5, 999]))))[0].map(\.id) == ids([5]))
        #expect(try index.search(rows[10], k: 20, filter: .among([])) == [[]])
    }

    @Test func `a query that cannot be asked is refused with the value that can`() throws {
        let index = try published(Rows.random(3, dimension: 4, seed: 1), in: Scratch())
        let asked: [Float] = [1, 2, 3, 4]
        #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...10_000)) {
            try index.search(asked, k: 0)
        }
        #expect(throws: IndexError.outOfRange(name: "k", value: 10_001, allowed: 1...10_000)) {
            try index.search(asked, k: 10_001)
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 4, got: 3)) { try index.search([1, 2, 3], k: 1) }
        #expect(throws: IndexError.queryNotFinite(query: 1, component: 2)) {
            try index.search(asked + [1, 2, .nan, 4], k: 1)
        }
        #expect(throws: IndexError.queryNotFinite(query: 0, component: 0)) {
            try index.search([.infinity, 2, 3, 4], k: 1)
        }
        #expect(throws: IndexError.outOfRange(name: "the number of threads", value: 0, allowed: 1...1_024)) {
            try index.search(asked, k: 1, filter: nil, threads: 0)
        }
    }

    @Test func `values whose distance overflows are infinitely far, not lost`() throws {
        let rows = Rows(dimension: 2, values: [3e38, 3e38, -3e38, 3e38, 0, 1])
        let index = try published(rows, in: Scratch())
        let answer = try index.search([0, 0], k: 3)[0]
        #expect(answer.map(\.id) == ids([2, 0, 1]))
        #expect(answer.map(\.distance) == [1, .infinity, .infinity])
    }

    @Test func `tasks can wait for searches on a thread of their own`() async throws {
        let rows = Rows.random(50, dimension: 8, seed: 2)
        let index = try published(rows, in: Scratch())
        let thread = SearchThread(name: "test search", threads: 2)
        let answers = try await thread.search(index, rows[3], k: 4)
        #expect(answers == (try index.search(rows[3], k: 4)))
    }

    private func published(
        _ rows: Rows, in scratch: Scratch, rowsPerChunk: Int = 16_384
    ) throws -> any SearchableIndex {
        let writer = try scratch.writer(rows.dimension, rowsPerChunk: rowsPerChunk)
        try writer.append(ids: ids(0..<rows.count), vectors: rows.values)
        try writer.add(flat)
        try writer.publish()
        return try scratch.open().index(named: "default")
    }

    /// Asks faiss each query alone, when it subtracts as we do, and puts its equal distances in the order of ids.
    private func expectFaissAnswers(
        of index: any SearchableIndex, over rows: Rows, to queries: [[Float]], k: Int
    ) throws {
        let plain = try PlainFlatIndex(dimension: rows.dimension)
        try plain.add(rows.values)
        let answers = try index.search(queries.flatMap(\.self), k: k)
        #expect(answers.count == queries.count)
        for (query, answer) in zip(queries, answers) {
            let all = try plain.search(query, k: rows.count)[0]
            let expected = all.sorted { ($0.distance, $0.id) < ($1.distance, $1.id) }.prefix(k)
            #expect(answer.map(\.id) == expected.map(\.id))
            for (ours, theirs) in zip(answer, expected) {
                // Normalized vectors are at most 4 apart; beyond, rounding grows with the distance.
                let tolerance = 1e-5 * max(1, theirs.distance / 4)
                #expect(abs(ours.distance - theirs.distance) <= tolerance)
            }
        }
    }
}
