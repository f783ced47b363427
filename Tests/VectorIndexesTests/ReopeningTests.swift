import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// Who opens again what was published since need not map again what is mapped.
@Suite struct ReopeningTests {
    @Test func `rows that were mapped stay where they are, and those that came since are beside them`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(100, dimension: 8, seed: 5)
        let writer = try scratch.writer(8, rowsPerChunk: 40)
        try writer.append(ids: ids(0..<50), vectors: Array(rows.values[..<400]))
        try writer.add(flat)
        try writer.publish()
        let earlier = try scratch.open()
        try writer.append(ids: ids(50..<100), vectors: Array(rows.values[400...]))
        try writer.remove(ids([3, 60]))
        try writer.publish()
        let store = try #require(try VectorStore.open(scratch.store, after: earlier))
        for id in [0, 39, 40, 49] {
            #expect(try address(of: id, in: store) == address(of: id, in: earlier))
        }
        // The old one is as it was; the new one is what opening it alone gives.
        #expect(earlier.liveCount == 50 && earlier.vector(of: VectorID(3)) == rows[3])
        let alone = try scratch.open()
        #expect(store.liveIDs() == alone.liveIDs() && store.liveCount == 98)
        #expect(try address(of: 0, in: alone) != address(of: 0, in: store))
        for id in store.liveIDs() { #expect(store.vector(of: id) == rows[Int(id.rawValue)]) }
        let query = rows[70]
        #expect(
            try store.index(named: "default").search(query, k: 98)
                == alone.index(named: "default").search(query, k: 98))
        #expect(try store.verify() == [])
    }

    @Test func `a store that was written anew is mapped anew`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(20, dimension: 8, seed: 6)
        var writer = try scratch.writer(8)
        try writer.append(ids: ids(0..<10), vectors: Array(rows.values[..<80]))
        try writer.publish()
        let earlier = try scratch.open()
        writer.close()
        writer = try StoreWriter.rebuild(scratch.store, identity: scratch.identity(8), fence: 2)
        try writer.append(ids: ids(0..<10), vectors: Array(rows.values[80...]))
        try writer.publish()
        let store = try #require(try VectorStore.open(scratch.store, after: earlier))
        for id in 0..<10 {
            #expect(store.vector(of: VectorID(Int64(id))) == rows[10 + id])
            #expect(earlier.vector(of: VectorID(Int64(id))) == rows[id])
        }
    }

    @Test func `a file that was cut short meanwhile is refused`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(10, dimension: 8, seed: 7)
        let writer = try scratch.writer(8)
        try writer.append(ids: ids(0..<10), vectors: rows.values)
        try writer.publish()
        let earlier = try scratch.open()
        try scratch.write(Array(scratch.read("vectors/00000001.vectors").dropLast(4)), to: "vectors/00000001.vectors")
        #expect { try VectorStore.open(scratch.store, after: earlier) } throws: { error in
            (error as? IndexError)?.message.contains("fewer than the") ?? false
        }
    }

    @Test(
        arguments: [
            (.hnsw, ["M": 4]), (.ivfflat, ["nlist": 6]), (.ivfpq, ["nlist": 6, "m": 4, "bits": 4]),
        ] as [(IndexType, [String: Int])])
    func `an index that is opened after an earlier one answers as one that is opened alone`(
        type: IndexType, parameters: [String: Int]
    ) throws {
        let fixture = try InvertedFileFixture(type, parameters)
        let rows = Rows.families(12, members: 20, dimension: 16, seed: 8)
        let first = rows.prefix(100)
        let writer = try fixture.built(first, rowsPerChunk: 64)
        let queries = Array(rows.values[..<(40 * 16)])
        var store = try fixture.scratch.open()
        var index = try store.index(named: "lists")
        for count in stride(from: 100, to: 240, by: 20) {
            let before = try index.search(queries, k: 5)
            try writer.append(ids: ids(count..<count + 20), vectors: Array(rows.prefix(count + 20).dropFirst(count)))
            // A row twice is a twin in a graph.
            try writer.append(ids: ids([1_000 + count]), vectors: rows[count])
            try writer.remove(ids([count - 100, count + 3]))
            try writer.publish()
            let earlier = (store: store, index: index)
            store = try #require(try VectorStore.open(fixture.scratch.store, after: earlier.store))
            index = try store.index(named: "lists", after: earlier.index)
            #expect(try index.search(queries, k: 5) == fixture.open().search(queries, k: 5))
            #expect(index.count == store.liveCount)
            #expect(try earlier.index.search(queries, k: 5) == before)
        }
        // Of another generation nothing was read.
        try fixture.build(writer)
        let newer = try #require(try VectorStore.open(fixture.scratch.store, after: store))
        let rebuilt = try newer.index(named: "lists", after: index)
        #expect(rebuilt.generation == 2)
        #expect(try rebuilt.search(queries, k: 5) == fixture.open().search(queries, k: 5))
    }

    @Test func `of a graph only what came since is read and checked`() throws {
        let scratch = try Scratch()
        let rows = Rows.clustered(90, centers: 9, dimension: 8, seed: 9)
        let writer = try scratch.graphWriter(rows.prefix(60))
        try writer.append(ids: ids(60..<70), vectors: Array(rows.prefix(70).dropFirst(60)))
        try writer.publish()
        let store = try scratch.open()
        let index = try store.index(named: "graph")
        let known = try scratch.graphFiles()
        try writer.append(ids: ids(70..<90), vectors: rows.dropFirst(70))
        try writer.publish()
        let files = try scratch.graphFiles()
        #expect(files.base == known.base && files.log.name == known.log.name && files.log.bytes > known.log.bytes)
        let name = "graph/" + files.log.name
        let whole = try scratch.read(name)

        func reopened(withByteFlippedAt place: Int) throws -> [[Neighbor]] {
            var bytes = whole
            bytes[place] ^= 4
            try scratch.write(bytes, to: name)
            let next = try #require(try VectorStore.open(scratch.store, after: store))
            return try next.index(named: "graph", after: index).search(rows.values, k: 3)
        }
        let answers = try scratch.indexes().graph.search(rows.values, k: 3)
        #expect(try reopened(withByteFlippedAt: 64 + known.log.bytes - 1) == answers)
        for place in [64 + known.log.bytes, 64 + files.log.bytes - 1] {
            let error = #expect(throws: IndexError.self) { try reopened(withByteFlippedAt: place) }
            guard case .damaged(scratch.file(name), _) = try #require(error) else { throw try #require(error) }
        }
    }

    private func address(of id: Int, in store: VectorStore) throws -> UnsafePointer<Float> {
        try #require(store.withVector(of: VectorID(Int64(id))) { $0.baseAddress } ?? nil)
    }
}
