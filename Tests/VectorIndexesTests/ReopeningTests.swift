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

    private func address(of id: Int, in store: VectorStore) throws -> UnsafePointer<Float> {
        try #require(store.withVector(of: VectorID(Int64(id))) { $0.baseAddress } ?? nil)
    }
}
