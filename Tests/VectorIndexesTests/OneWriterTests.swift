import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Testing
import VectorIndexes

/// One writer at a time, whatever readers do meanwhile.
@Suite struct OneWriterTests {
    @Test func `a second writer is told who writes`() throws {
        let scratch = try Scratch()
        let first = try scratch.writer(2)
        #expect(throws: IndexError.locked(scratch.store, by: "process \(getpid())")) { try scratch.writer(2) }
        first.close()
        #expect(try scratch.writer(2).liveCount == 0)
    }

    @Test func `a smaller fencing number than the last one is refused`() throws {
        let scratch = try Scratch()
        try scratch.writer(2, fence: 5).close()
        #expect(throws: IndexError.fenced(have: 5, need: 4)) { try scratch.writer(2, fence: 4) }
        #expect(throws: IndexError.fenced(have: 5, need: 4)) {
            try StoreWriter.rebuild(scratch.store, identity: scratch.identity(2), fence: 4)
        }
        #expect(try scratch.writer(2, fence: 5).manifest.fence == 5)
    }

    @Test func `a writer that lost its lock cannot publish`() throws {
        let scratch = try Scratch()
        let stopped = try scratch.writer(2, fence: 5)
        try stopped.append(ids: ids([1]), vectors: [1, 1])
        // As on another machine, where the first one's lock does not reach.
        try scratch.remove("writer.lock")
        let next = try scratch.writer(2, fence: 6)
        #expect(throws: IndexError.fenced(have: 6, need: 5)) { try stopped.publish() }
        try next.append(ids: ids([2]), vectors: [2, 2])
        try next.publish()
        #expect(try scratch.open().liveIDs() == ids([2]))
    }

    @Test func `vectors of another model, dimension or store are refused`() throws {
        let scratch = try Scratch()
        try scratch.writer(2).close()
        let have = scratch.identity(2)
        let others = [
            StoreIdentity(model: "resnet50-bf16", modelIdentity: have.modelIdentity, dimension: 2),
            StoreIdentity(model: have.model, modelIdentity: "sha256:def", dimension: 2), scratch.identity(3),
        ]
        for need in others {
            #expect(throws: IndexError.wrongModel(have: have, need: need)) {
                try StoreWriter.open(scratch.store, identity: need, fence: 1)
            }
        }
        let store = try scratch.open().manifest.store
        let other = UUID()
        #expect(throws: IndexError.wrongStore(have: store.uuidString, need: other.uuidString)) {
            try StoreWriter.open(scratch.store, identity: have, fence: 1, store: other)
        }
        #expect(try StoreWriter.open(scratch.store, identity: have, fence: 1, store: store).liveCount == 0)
    }

    @Test func `readers see whole publications while a writer replaces every row`() async throws {
        let scratch = try Scratch()
        let rowCount = 10
        try replaceAll(rowCount, with: 0, by: scratch.writer(4, rowsPerChunk: 16), isFirst: true)
        let isDone = Flag()
        let seen = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var seen = 0
                    repeat {
                        try expectOnePublication(of: rowCount, in: scratch)
                        seen += 1
                        // Readers that never stop would keep the writer from the threads that tasks share.
                        await Task.yield()
                    } while !isDone.isRaised
                    return seen
                }
            }
            group.addTask {
                defer { isDone.raise() }
                for round in 1...60 {
                    try replaceAll(rowCount, with: round, by: scratch.writer(4, rowsPerChunk: 16), isFirst: false)
                    await Task.yield()
                }
                return 0
            }
            return try await group.reduce(0, +)
        }
        #expect(seen >= 3)
        let store = try scratch.open()
        #expect(store.manifest.position == Position("60") && store.deadCount == 600)
        #expect(try store.verify() == [])
    }

    @Test func `a rebuild replaces everything at its first publication and not before`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [1, 2, 3])
        try writer.remove(ids([1]))
        try writer.add(flat)
        try writer.publish(position: Position("5:6:"))
        writer.close()
        let old = try scratch.open()
        let rebuild = try StoreWriter.rebuild(scratch.store, identity: scratch.identity(2), fence: 1)
        #expect(rebuild.hasChanges && rebuild.liveCount == 0)
        try rebuild.append(ids: ids([3]), vectors: [0, 0])
        try rebuild.discard()
        try rebuild.append(ids: ids([2, 5]), vectors: [2, 2, 5, 5])
        #expect(try scratch.open().liveIDs() == ids([2, 3]))
        try rebuild.publish(position: Position("7:8:"))
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([2, 5]) && store.deadCount == 0)
        #expect(store.manifest.store == old.manifest.store && store.manifest.indexes == old.manifest.indexes)
        #expect(try store.index(named: "default").search([2, 2], k: 1)[0].map(\.id) == ids([2]))
        #expect(
            try scratch.names() == [
                "manifest.json", "vectors/00000003.records", "vectors/00000003.vectors", "writer.lock",
            ])
        #expect(old.vector(of: VectorID(3)) == [3], "what was opened before stays readable")
        #expect(try old.index(named: "default").search([3], k: 1)[0].map(\.id) == ids([3]))
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock(\.self) }

    func raise() { state.withLock { $0 = true } }
}

private func replaceAll(_ count: Int, with value: Int, by writer: StoreWriter, isFirst: Bool) throws {
    try writer.append(ids: ids(0..<count), vectors: [Float](repeating: Float(value), count: count * 4))
    if isFirst { try writer.add(flat) }
    try writer.publish(position: Position("\(value)"))
    writer.close()
}

private func expectOnePublication(of count: Int, in scratch: Scratch) throws {
    let store = try scratch.open()
    let position = try #require(store.manifest.position)
    let value = try #require(Float(position.text))
    let expected = (0..<count).map { Neighbor(id: VectorID(Int64($0)), distance: 0) }
    let query = [Float](repeating: value, count: 4)
    #expect(try store.index(named: "default").search(query, k: count)[0] == expected)
}
