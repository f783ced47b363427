import Testing
import VectorIndexes

/// What IVFFlat and IVFPQ answer.
@Suite struct InvertedFileSearchTests {
    @Test func `IVFFlat in all lists answers as an exact search does, bit for bit`() throws {
        let rows = Rows.random(900, dimension: 24, seed: 4)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 30, "nprobe": 30])
        let writer = try fixture.built(rows, rowsPerChunk: 200)
        try writer.remove(ids(stride(from: 0, to: 900, by: 7)))
        try writer.add(flat)
        try writer.publish()
        let exact = try fixture.scratch.open().index(named: "default")
        let index = try fixture.open()
        let queries = Rows.random(40, dimension: 24, seed: 5).values + rows.values.prefix(24 * 20)
        let some = Set(ids(stride(from: 1, to: 900, by: 2)))
        for filter in [nil, .among(some), .excluding(some)] as [IDFilter?] {
            #expect(try index.search(queries, k: 15, filter: filter) == exact.search(queries, k: 15, filter: filter))
        }
        #expect(index.count == exact.count)
    }

    @Test func `IVFFlat in all lists finds what faiss's IndexIVFFlat finds`() throws {
        let rows = try Rows.photographs(600)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 12])
        _ = try fixture.built(rows)
        let index = try #require(try fixture.open() as? any TunableIndex).with(parameters: ["nprobe": 12])
        let plain = try PlainInvertedFileIndex(dimension: 2048, nlist: 12)
        try plain.train(rows.values)
        try plain.add(rows.values)
        for query in stride(from: 0, to: 600, by: 40) {
            let ours = try index.search(rows[query], k: 10, filter: nil, threads: 2)[0]
            let theirs = try plain.search(rows[query], k: 10, nprobe: 12)[0]
            #expect(ours.map(\.id) == theirs.map(\.id))
            for (our, their) in zip(ours, theirs) { #expect(abs(our.distance - their.distance) <= 1e-5) }
        }
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `at its defaults it finds 95 of 100 neighbors in families of copies`(type: IndexType) throws {
        let rows = Rows.families(60, members: 50, dimension: 128, seed: 11)
        let fixture = try InvertedFileFixture(type)
        _ = try fixture.built(rows)
        let index = try fixture.open()
        let recall = try measureRecall(of: index, over: try fixture.scratch.open(), queries: 200, seed: 77)
        #expect(recall.recall >= 0.95 && recall.queries == 200)
        let generation = try fixture.generation()
        #expect(try #require(generation.recallAt10) >= 0.95)
        let nlist = try #require(generation.parameters["nlist"])
        let nprobe = try #require(generation.parameters["nprobe"])
        #expect(nlist == 3_000 / 39 && (1..<nlist).contains(nprobe))
    }

    @Test func `IVFPQ finds more neighbors than faiss's IndexIVFPQ, whose answers are not re-ranked`() throws {
        let rows = Rows.families(30, members: 40, dimension: 64, seed: 3)
        let fixture = try InvertedFileFixture(.ivfpq, ["nlist": 20, "nprobe": 4, "m": 8, "bits": 6, "rerank": 10])
        _ = try fixture.built(rows)
        let index = try fixture.open()
        let plain = try PlainInvertedFileIndex(dimension: 64, nlist: 20, m: 8, bits: 6)
        try plain.train(rows.values)
        try plain.add(rows.values)
        var (ours, theirs) = (0, 0)
        for query in stride(from: 0, to: rows.count, by: 12) {
            let exact = Set(try fixture.exact(rows[query], k: 10).map(\.id))
            ours += exact.intersection(try index.search(rows[query], k: 10)[0].map(\.id)).count
            theirs += exact.intersection(try plain.search(rows[query], k: 10, nprobe: 4)[0].map(\.id)).count
        }
        #expect(ours >= 900 && ours > theirs, "\(ours) and \(theirs) of 1000")
        #expect(theirs >= 300, "faiss's own estimates are no guesses either")
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `distances in answers are exact`(type: IndexType) throws {
        let rows = Rows.families(10, members: 60, dimension: 32, seed: 8)
        let fixture = try InvertedFileFixture(type, ["nlist": 10, "nprobe": 2])
        let writer = try fixture.built(rows)
        try writer.add(flat)
        try writer.publish()
        let store = try fixture.scratch.open()
        let exact = try store.index(named: "default").search(rows[33], k: 600)[0]
        let distances = Dictionary(uniqueKeysWithValues: exact.map { ($0.id, $0.distance) })
        let answer = try fixture.open().search(rows[33], k: 20)[0]
        #expect(answer.first == Neighbor(id: VectorID(33), distance: 0))
        #expect(answer.allSatisfy { distances[$0.id] == $0.distance })
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `an answer is never shorter than the rows there are`(type: IndexType) throws {
        let rows = Rows.random(400, dimension: 16, seed: 21)
        var parameters = ["nlist": 40, "nprobe": 1]
        if type == .ivfpq { parameters["rerank"] = 1 }
        let fixture = try InvertedFileFixture(type, parameters)
        let writer = try fixture.built(rows, rowsPerChunk: 64)
        let dead = (0..<400).filter { $0 % 3 == 0 }
        try writer.remove(ids(dead))
        try writer.publish()
        let index = try fixture.open()
        let living = 400 - dead.count
        #expect(index.count == living)
        for k in [1, 10, 100, living, 10_000] {
            let answer = try index.search(rows[5], k: k)[0]
            #expect(answer.count == min(k, living))
            #expect(Set(answer.map(\.id)).count == answer.count && answer.allSatisfy { $0.id.rawValue % 3 != 0 })
        }
        // More than are searched one by one, and far fewer than half of the rows.
        let most = Set(ids((0..<400).filter { $0 % 10 != 1 }))
        let left = (0..<400).filter { $0 % 10 == 1 && $0 % 3 != 0 }
        #expect(try index.search(rows[5], k: 400, filter: .excluding(most))[0].map(\.id).sorted() == ids(left))
        #expect(try index.search(rows[5], k: 5, filter: .excluding(most))[0].count == 5)
        #expect(
            try index.search(rows[5], k: 3, filter: .among(Set(ids([3, 4, 7, 999]))))[0].map(\.id).sorted()
                == ids([4, 7]))
        let many = Set(ids(1..<399))
        #expect(try index.search(rows[5], k: 390, filter: .among(many))[0].count == many.count - 132)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq], [0, 1, 3])
    func `a handful of rows is enough`(type: IndexType, count: Int) throws {
        for parameters in [[:], ["nlist": 100, "nprobe": 1], ["nlist": 100, "bits": 8, "m": 4]] {
            let rows = Rows.random(count, dimension: 8, seed: 2)
            let fixture = try InvertedFileFixture(
                type, type == .ivfpq ? parameters : parameters.filter { $0.key != "m" && $0.key != "bits" })
            let writer = try fixture.built(rows)
            #expect(try fixture.generation().parameters["nlist"] == (parameters.isEmpty ? 1 : max(1, count)))
            let query: [Float] = [1, 0, 0, 0, 0, 0, 0, 0]
            #expect(try fixture.open().search(query, k: 5)[0].map(\.id) == fixture.exact(query, k: 5).map(\.id))
            try writer.append(ids: ids([50]), vectors: query)
            try writer.publish()
            #expect(try fixture.open().search(query, k: 1)[0] == [Neighbor(id: VectorID(50), distance: 0)])
            #expect(try fixture.open().count == count + 1)
        }
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `equal rows come in the order of their ids`(type: IndexType) throws {
        let one = Rows.random(1, dimension: 16, seed: 9)
        let rows = Rows(dimension: 16, values: (0..<300).flatMap { _ in one.values })
        let fixture = try InvertedFileFixture(type, ["nlist": 7])
        _ = try fixture.built(rows)
        let answer = try fixture.open().search(one.values, k: 300)[0]
        #expect(answer.map(\.id) == ids(0..<300) && answer.allSatisfy { $0.distance == 0 })
    }

    @Test func `the classic set of 100 lists and 8 bits works with fewer rows than it wants`() throws {
        let rows = Rows.families(30, members: 30, dimension: 64, seed: 31)
        let fixture = try InvertedFileFixture(.ivfpq, ["nlist": 100, "bits": 8, "m": 8])
        _ = try fixture.built(rows)
        let generation = try fixture.generation()
        #expect(generation.parameters["nlist"] == 100 && generation.parameters["bits"] == 8)
        #expect(try #require(generation.recallAt10) >= 0.95)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `an answer depends neither on its company nor on the threads`(type: IndexType) throws {
        let rows = Rows.families(20, members: 30, dimension: 64, seed: 13)
        let fixture = try InvertedFileFixture(type, ["nlist": 15, "nprobe": 3])
        _ = try fixture.built(rows)
        let index = try fixture.open()
        let together = try index.search(rows.values, k: 5)
        for query in stride(from: 0, to: rows.count, by: 23) {
            #expect(try index.search(rows[query], k: 5, filter: nil, threads: query % 4 + 1)[0] == together[query])
        }
    }

    @Test func `rows with values that overflow are found all the same`() throws {
        let rows = Rows(dimension: 2, values: [3e38, 3e38, -3e38, 3e38, 0, 1, 0, 2, 1, 1])
        for type in [IndexType.ivfflat, .ivfpq] {
            let fixture = try InvertedFileFixture(type, ["nlist": 2, "nprobe": 1])
            _ = try fixture.built(rows)
            let answer = try fixture.open().search([0, 0], k: 5)[0]
            #expect(answer.map(\.id) == ids([2, 4, 3, 0, 1]))
        }
    }
}
