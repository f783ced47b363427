import Testing
import VectorIndexes

/// Recall as it is measured on the rows themselves.
@Suite struct RecallMeasurementTests {
    @Test func `an exact search finds everything`() throws {
        let (store, index) = try lists(Rows.random(200, dimension: 8, seed: 1), nprobe: 1)
        let exact = try measureRecall(of: try store.index(named: "default"), over: store, queries: 50)
        #expect(exact.recall == 1 && exact.high == 1 && exact.queries == 50 && exact.k == 10)
        // Wilson's lower end for 500 of 500.
        #expect(abs(exact.low - 500 / (500 + 3.8414588)) < 1e-6)
        let all = try measureRecall(of: index.with(parameters: ["nprobe": 20]), over: store, queries: 50)
        #expect(all == exact)
    }

    @Test func `what an index misses is counted`() throws {
        let rows = Rows.random(400, dimension: 8, seed: 2)
        let (store, index) = try lists(rows, nprobe: 1)
        let measured = try measureRecall(of: index, over: store, queries: 400, k: 10)
        let exact = try store.index(named: "default").search(rows.values, k: 10)
        let found = try index.search(rows.values, k: 10)
        let hits = zip(exact, found).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count }
        #expect(abs(measured.recall - Double(hits) / 4_000) < 1e-12)
        #expect(measured.recall < 0.9 && measured.low < measured.recall && measured.recall < measured.high)
        #expect(measured.high - measured.low < 0.1)
        let few = try measureRecall(of: index, over: store, queries: 20, k: 10)
        #expect(few.high - few.low > measured.high - measured.low)
    }

    @Test func `a sample is the same for the same seed and another one for another`() throws {
        let (store, index) = try lists(Rows.random(400, dimension: 8, seed: 3), nprobe: 1)
        let measured = try (1...6).map { try measureRecall(of: index, over: store, queries: 25, seed: $0) }
        #expect(try measureRecall(of: index, over: store, queries: 25, seed: 1) == measured[0])
        #expect(Set(measured.map(\.recall)).count > 1)
    }

    @Test func `fewer rows than queries or neighbors are all that can be found`() throws {
        let (store, index) = try lists(Rows.random(4, dimension: 8, seed: 4), nprobe: 1)
        let measured = try measureRecall(of: index, over: store, queries: 100, k: 10)
        #expect(measured.recall == 1 && measured.queries == 4)
        let (empty, none) = try lists(Rows(dimension: 8, values: []), nprobe: 1)
        let nothing = try measureRecall(of: none, over: empty)
        #expect(nothing.recall == 1 && nothing.low == 0 && nothing.queries == 0)
    }

    @Test func `asking with other parameters leaves the index as it is`() throws {
        let rows = Rows.random(400, dimension: 8, seed: 5)
        let (_, index) = try lists(rows, nprobe: 1)
        let before = try index.search(rows.values, k: 10)
        let wider = index.with(parameters: ["nprobe": 10_000, "efSearch": 3])
        #expect(try wider.search(rows.values, k: 10) != before)
        #expect(try index.search(rows.values, k: 10) == before)
        #expect(try wider.with(parameters: ["nprobe": -5]).search(rows.values, k: 10) == before)
    }

    private func lists(_ rows: Rows, nprobe: Int) throws -> (VectorStore, any TunableIndex) {
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 20, "nprobe": nprobe])
        let writer = try fixture.built(rows)
        try writer.add(flat)
        try writer.publish()
        return (try fixture.scratch.open(), try #require(try fixture.open() as? any TunableIndex))
    }
}
