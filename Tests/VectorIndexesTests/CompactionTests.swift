import SystemPackage
import Testing
import VectorIndexes

/// A store is rewritten without its deleted rows while it goes on changing.
@Suite struct CompactionTests {
    @Test func `what lives stays, what is dead goes, whatever happens meanwhile`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2, rowsPerChunk: 4)
        try writer.add(flat)
        try writer.append(ids: ids(Array(1...20)), vectors: (1...20).flatMap { [Float($0), 0] })
        try writer.remove(ids([2, 3, 5, 7, 11, 13, 17, 19]))
        try writer.publish(position: Position("1"))
        let job = try #require(try writer.compaction())
        let reader = try scratch.open()

        let draft = try job.build()
        try writer.append(ids: ids([21, 4]), vectors: [21, 0, 40, 0])
        try writer.remove(ids([6]))
        try writer.publish(position: Position("2"))
        try writer.append(ids: ids([22, 2]), vectors: [22, 0, 2, 1])
        #expect(try writer.adopt(draft))
        try writer.append(ids: ids([23]), vectors: [23, 0])
        try writer.publish(position: Position("3"))

        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2, 4, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 22, 23]))
        #expect(store.vector(of: VectorID(4)) == [40, 0] && store.vector(of: VectorID(2)) == [2, 1])
        #expect(store.vector(of: VectorID(23)) == [23, 0] && store.vector(of: VectorID(18)) == [18, 0])
        // Only what died since the copy was begun is dead.
        #expect(store.deadCount == 2)
        #expect(try store.verify() == [] && store.manifest.position == Position("3"))
        #expect(reader.liveIDs().count == 12 && reader.vector(of: VectorID(6)) == [6, 0])
        try writer.remove(ids([23]))
        try writer.publish()
        writer.close()
        #expect(try scratch.writer(2, rowsPerChunk: 4).liveCount == 14)
        #expect(try !scratch.names().contains { $0.contains("compaction") })
    }

    @Test func `a cancelled compaction leaves nothing`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [1, 0, 2, 0, 3, 0])
        try writer.remove(ids([2]))
        try writer.publish()
        let before = try scratch.names()
        let job = try #require(try writer.compaction())
        let control = BuildControl()
        control.cancel()
        #expect(throws: IndexError.cancelled("compaction")) { try job.build(control) }
        #expect(try scratch.names() == before)
    }

    @Test func `a compaction of a process that ended is removed by the next writer`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [1, 0, 2, 0, 3, 0])
        try writer.remove(ids([2]))
        try writer.publish()
        let before = try scratch.names()
        _ = try #require(try writer.compaction()).build()
        #expect(try scratch.names() != before)
        writer.close()
        _ = try scratch.writer(2)
        #expect(try scratch.names() == before)
    }

    @Test func `a copy of a store that was rebuilt since is not taken`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [1, 0, 2, 0, 3, 0])
        try writer.remove(ids([2]))
        try writer.publish()
        let draft = try #require(try writer.compaction()).build()
        writer.close()
        let rebuilt = try StoreWriter.rebuild(scratch.store, identity: scratch.identity(2), fence: 1)
        try rebuilt.append(ids: ids([9]), vectors: [9, 0])
        try rebuilt.publish()
        #expect(try !rebuilt.adopt(draft))
        #expect(try scratch.open().liveIDs() == ids([9]))
    }
}
