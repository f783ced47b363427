import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// What is appended, replaced and deleted is what readers find after the next publication.
@Suite struct WritingTests {
    @Test func `there is no store before one is written`() throws {
        #expect(try VectorStore.open(Scratch().store) == nil)
    }

    @Test func `a new store is empty and knows whose it is`() throws {
        let scratch = try Scratch()
        _ = try scratch.writer(4)
        let store = try scratch.open()
        #expect(store.manifest.identity == scratch.identity(4))
        #expect(store.liveCount == 0 && store.liveIDs().isEmpty && store.manifest.position == nil)
        #expect(try store.verify() == [])
    }

    @Test func `appended rows show when they are published, not before`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        #expect(!writer.hasChanges)
        try writer.append(ids: ids([7, 3]), vectors: [1, 2, 3, 4])
        #expect(writer.hasChanges && writer.liveCount == 2 && writer.contains(VectorID(7)))
        #expect(try scratch.open().liveCount == 0)
        let position = Position("12:104:101,103")
        try writer.publish(position: position)
        #expect(!writer.hasChanges)
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([3, 7]))
        #expect(store.vector(of: VectorID(3)) == [3, 4] && store.vector(of: VectorID(7)) == [1, 2])
        #expect(store.vector(of: VectorID(4)) == nil)
        #expect(store.manifest.position == position)
        #expect(store.byteCount == 4096 + 64 + 2 * (8 + 16))
    }

    @Test func `a publication without a position keeps the last one`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        let position = Position("1:2:")
        try writer.publish(position: position)
        #expect(try writer.publish().position == position)
    }

    @Test func `a deleted row leaves the answers at once and does not shorten them`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(100, dimension: 8, seed: 4)
        let writer = try scratch.writer(8, rowsPerChunk: 30)
        try writer.append(ids: ids(0..<100), vectors: rows.values)
        try writer.add(flat)
        try writer.publish()
        let before = try scratch.open().index(named: "default")
        let nearest = try before.search(rows[50], k: 100)[0]
        let deleted = nearest.prefix(40).map(\.id)
        #expect(try writer.remove(deleted + [VectorID(5_000)]) == 40)
        #expect(try writer.remove(deleted) == 0)
        try writer.publish()
        let store = try scratch.open()
        let after = try store.index(named: "default")
        #expect(try after.search(rows[50], k: 60)[0] == Array(nearest.dropFirst(40)))
        #expect(store.liveCount == 60 && store.deadCount == 40 && after.count == 60)
        #expect(Set(store.liveIDs()).isDisjoint(with: deleted))
        #expect(try before.search(rows[50], k: 100)[0] == nearest, "an opened index stays as it was")
        #expect(try store.verify() == [])
    }

    @Test func `a replaced vector is found at its new place only`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2, rowsPerChunk: 2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [0, 0, 5, 5, 9, 9])
        try writer.add(flat)
        try writer.publish()
        try writer.append(ids: ids([1]), vectors: [9, 8])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveCount == 3 && store.deadCount == 1)
        #expect(store.vector(of: VectorID(1)) == [9, 8])
        #expect(
            try store.index(named: "default").search([0, 0], k: 9)[0]
                == [
                    Neighbor(id: VectorID(2), distance: 50), Neighbor(id: VectorID(1), distance: 145),
                    Neighbor(id: VectorID(3), distance: 162),
                ])
    }

    @Test func `of an id that is given twice the last vector stays`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 2)
        try writer.append(ids: ids([4, 4, 5, 4]), vectors: [1, 2, 3, 4])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([4, 5]) && store.vector(of: VectorID(4)) == [4])
        #expect(store.deadCount == 2)
    }

    @Test func `a deleted id can come back`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1)
        try writer.append(ids: ids([4]), vectors: [1])
        try writer.remove(ids([4]))
        try writer.publish()
        #expect(try scratch.open().liveCount == 0)
        try writer.append(ids: ids([4]), vectors: [2])
        try writer.publish()
        #expect(try scratch.open().vector(of: VectorID(4)) == [2])
    }

    @Test func `a reopened writer goes on where the last one published`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(100, dimension: 3, seed: 9)
        for start in stride(from: 0, to: 100, by: 7) {
            let writer = try scratch.writer(3, rowsPerChunk: 10)
            let part = start..<min(start + 7, 100)
            #expect(writer.liveIDs() == ids(0..<start))
            try writer.append(ids: ids(part), vectors: part.flatMap { rows[$0] })
            try writer.publish()
            try writer.append(ids: ids([1_000, 1_001]), vectors: [1, 1, 1, 2, 2, 2])
        }
        let store = try scratch.open()
        #expect(store.liveIDs() == ids(0..<100))
        #expect((0..<100).allSatisfy { store.vector(of: VectorID(Int64($0))) == rows[$0] })
        #expect(store.manifest.chunks.map(\.rows) == Array(repeating: 10, count: 10))
        #expect(try store.verify() == [])
    }

    @Test func `many random changes leave what a dictionary has`() throws {
        let scratch = try Scratch()
        var expected: [VectorID: [Float]] = [:]
        var generator = SplitMix(state: 11)
        var writer = try scratch.writer(2, rowsPerChunk: 16)
        var published = expected
        for _ in 0..<400 {
            let id = VectorID(Int64.random(in: -20...20, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                let vector = (0..<2).map { _ in Float.random(in: 0...1, using: &generator) }
                try writer.append(ids: [id], vectors: vector)
                expected[id] = vector
            case 6..<8:
                #expect(try writer.remove([id]) == (expected.removeValue(forKey: id) == nil ? 0 : 1))
            case 8:
                try writer.publish()
                published = expected
            default:
                writer.close()
                writer = try scratch.writer(2, rowsPerChunk: 16)
                expected = published
            }
            #expect(writer.liveCount == expected.count)
        }
        try writer.publish()
        var found: [VectorID: [Float]] = [:]
        try scratch.open().forEachVector { found[$0] = Array($1) }
        #expect(found == expected)
        #expect(try scratch.open().verify() == [])
    }

    @Test func `what was not published can be forgotten`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 2)
        try writer.append(ids: ids([1, 2, 3]), vectors: [1, 2, 3])
        try writer.publish()
        try writer.append(ids: ids([1, 4, 5, 6]), vectors: [9, 9, 9, 9])
        try writer.remove(ids([2]))
        try writer.discard()
        #expect(writer.liveIDs() == ids([1, 2, 3]) && !writer.hasChanges)
        try writer.append(ids: ids([7, 8]), vectors: [7, 8])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2, 3, 7, 8]) && store.deadCount == 0)
        #expect(store.vector(of: VectorID(1)) == [1] && store.vector(of: VectorID(8)) == [8])
    }

    @Test func `publishing more rows leaves sealed chunks untouched`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 4)
        try writer.append(ids: ids(0..<6), vectors: [0, 1, 2, 3, 4, 5])
        try writer.remove(ids([0]))
        try writer.publish()
        let sealed = try scratch.names().filter { $0.hasPrefix("vectors/00000001") }
        #expect(sealed.count == 3)
        // A file that somebody wrote, even with the same bytes, would not keep this one.
        let marked = try sealed.map { name in (name, try scratch.read(name) + [UInt8(ascii: "!")]) }
        for (name, bytes) in marked { try scratch.write(bytes, to: name) }
        try writer.append(ids: ids(6..<12), vectors: [6, 7, 8, 9, 10, 11])
        try writer.remove(ids([5]))
        try writer.publish()
        for (name, bytes) in marked { #expect(try scratch.read(name) == bytes) }
    }

    @Test func `vectors that do not fit are refused and nothing changes`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        #expect(throws: IndexError.dimensionMismatch(expected: 2, got: 3)) {
            try writer.append(ids: ids([1, 2]), vectors: [1, 2, 3, 4, 5, 6])
        }
        #expect(throws: IndexError.valueCountMismatch(ids: 2, values: 5, dimension: 2)) {
            try writer.append(ids: ids([1, 2]), vectors: [1, 2, 3, 4, 5])
        }
        #expect(throws: IndexError.valueCountMismatch(ids: 0, values: 2, dimension: 2)) {
            try writer.append(ids: [], vectors: [1, 2])
        }
        for value in [Float.nan, .infinity, -.infinity] {
            #expect(throws: IndexError.notFinite(id: VectorID(9), component: 1)) {
                try writer.append(ids: ids([8, 9]), vectors: [1, 2, 3, value])
            }
        }
        #expect(writer.liveCount == 0 && !writer.hasChanges)
        try writer.append(ids: [], vectors: [])
        #expect(!writer.hasChanges)
    }

    @Test func `a closed writer refuses`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        writer.close()
        #expect(throws: IndexError.closed(scratch.store)) { try writer.append(ids: ids([1]), vectors: [1, 2]) }
        #expect(throws: IndexError.closed(scratch.store)) { try writer.publish() }
    }
}
