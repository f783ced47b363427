import FoundationEssentials
import SystemPackage
import Testing
import VectorIndexes

/// What a writer that ended at any instant leaves behind, and what the next one and readers make of it.
@Suite struct CrashTests {
    @Test func `rows that were appended but not published are gone, and their bytes are written over`() throws {
        let scratch = try Scratch()
        try publishTwoRows(scratch)
        do {
            let writer = try scratch.writer(2, rowsPerChunk: 3)
            try writer.append(ids: ids([3, 4, 5]), vectors: [3, 3, 4, 4, 5, 5])
            try writer.remove(ids([1]))
        }
        let longer = try scratch.read("vectors/00000001.vectors").count
        #expect(longer == 4096 + 3 * 8)
        #expect(try scratch.names().contains("vectors/00000002.vectors"))
        #expect(try scratch.open().liveIDs() == ids([1, 2]), "readers see what was published")
        let writer = try scratch.writer(2, rowsPerChunk: 3)
        #expect(writer.liveIDs() == ids([1, 2]))
        #expect(!(try scratch.names().contains("vectors/00000002.vectors")))
        try writer.append(ids: ids([6]), vectors: [6, 6])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2, 6]) && store.vector(of: VectorID(6)) == [6, 6])
        #expect(try store.verify() == [])
    }

    @Test func `bytes behind the published rows mean nothing`() throws {
        let scratch = try Scratch()
        try publishTwoRows(scratch)
        for name in ["vectors/00000001.vectors", "vectors/00000001.records"] {
            try scratch.write(try scratch.read(name) + [UInt8](repeating: 0xFF, count: 1_000), to: name)
        }
        #expect(try scratch.open().verify() == [])
        let writer = try scratch.writer(2, rowsPerChunk: 3)
        try writer.append(ids: ids([3]), vectors: [3, 3])
        try writer.publish()
        #expect(try scratch.open().liveIDs() == ids([1, 2, 3]))
        #expect(try scratch.read("vectors/00000001.vectors").count == 4096 + 3 * 8)
        #expect(try scratch.read("vectors/00000001.records").count == 64 + 3 * 16)
    }

    @Test func `a writer that ended before its manifest was in place published nothing`() throws {
        let scratch = try Scratch()
        try publishTwoRows(scratch)
        let old = try scratch.read("manifest.json")
        do {
            let writer = try scratch.writer(2, rowsPerChunk: 3)
            try writer.append(ids: ids([2, 3, 4]), vectors: [7, 7, 3, 3, 4, 4])
            try writer.publish()
        }
        // The files are as complete as they get; only the rename of the manifest is undone.
        try scratch.write(try scratch.read("manifest.json"), to: "manifest.json.tmp")
        try scratch.write(old, to: "manifest.json")
        #expect(try scratch.open().vector(of: VectorID(2)) == [2, 2])
        #expect(try scratch.open().liveIDs() == ids([1, 2]))
        let writer = try scratch.writer(2, rowsPerChunk: 3)
        #expect(writer.liveIDs() == ids([1, 2]))
        try writer.append(ids: ids([2]), vectors: [8, 8])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2]) && store.vector(of: VectorID(2)) == [8, 8])
        #expect(try store.verify() == [])
    }

    @Test func `files that are not complete or no longer needed are cleared away`() throws {
        let scratch = try Scratch()
        try publishTwoRows(scratch)
        let needed = try scratch.names()
        for name in ["00000001.tombstones-00000009", "00000001.tombstones-00000009.tmp", "00000007.vectors"] {
            try scratch.write([1, 2, 3], to: "vectors/" + name)
        }
        try scratch.write([1], to: "vectors/notes by somebody")
        #expect(try scratch.open().liveCount == 2)
        _ = try scratch.writer(2)
        #expect(try scratch.names() == (needed + ["vectors/notes by somebody"]).sorted())
    }

    @Test func `replaced tombstones are removed once nothing names them`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1)
        try writer.append(ids: ids(0..<5), vectors: [0, 1, 2, 3, 4])
        try writer.publish()
        for id in 0..<3 {
            try writer.remove(ids([id]))
            try writer.publish()
        }
        let tombstones = try scratch.names().filter { $0.contains("tombstones") }
        #expect(tombstones == ["vectors/00000001.tombstones-00000005"])
    }

    @Test func `a writer killed while another process starts leaves the lock free`() throws {
        let scratch = try Scratch()
        try publishTwoRows(scratch)
        // The lock is the kernel's; a file that says somebody has it proves nothing.
        try scratch.write(Array("process 1\n".utf8), to: "writer.lock")
        #expect(try scratch.writer(2).liveCount == 2)
    }

    private func publishTwoRows(_ scratch: Scratch) throws {
        let writer = try scratch.writer(2, rowsPerChunk: 3)
        try writer.append(ids: ids([1, 2]), vectors: [1, 1, 2, 2])
        try writer.publish()
    }
}
