import Faults
import SystemPackage
import Testing
import VectorIndexes

/// Writes that the disk refuses. A name that leads to /dev/full gives what a full disk gives, to one file at a time;
/// /dev/null takes every write and refuses fsync.
@Suite struct FullDiskTests {
    @Test(arguments: ["vectors", "records"])
    func `rows that find no room change nothing, and can be appended once there is room`(kind: String) throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 2)
        try writer.append(ids: ids([1]), vectors: [1])
        try writer.publish()
        try scratch.link("vectors/00000002." + kind, to: "/dev/full")
        let file = scratch.file("vectors/00000002." + kind)
        #expect(throws: IndexError.file(.write, file, .noSpace)) {
            try writer.append(ids: ids([1, 2, 3]), vectors: [9, 2, 3])
        }
        #expect(writer.liveIDs() == ids([1]) && writer.deadCount == 0)
        #expect(try scratch.open().vector(of: VectorID(1)) == [1])
        try scratch.remove("vectors/00000002." + kind)
        try writer.append(ids: ids([1, 2, 3]), vectors: [9, 2, 3])
        try writer.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2, 3]) && store.vector(of: VectorID(1)) == [9])
        #expect(try store.verify() == [])
    }

    @Test(arguments: ["manifest.json.tmp", "vectors/00000001.tombstones-00000003.tmp"])
    func `a publication that finds no room publishes nothing, and works once there is room`(name: String) throws {
        let scratch = try Scratch()
        let writer = try changedWriter(scratch)
        try scratch.link(name, to: "/dev/full")
        #expect(throws: IndexError.file(.write, scratch.file(name), .noSpace)) { try writer.publish() }
        #expect(try scratch.open().liveIDs() == ids([1, 2]))
        try scratch.remove(name)
        #expect(writer.hasChanges)
        try writer.publish()
        #expect(try scratch.open().liveIDs() == ids([2, 3]))
        #expect(try scratch.open().verify() == [])
    }

    @Test(arguments: ["manifest.json.tmp", "vectors/00000001.tombstones-00000003.tmp"])
    func `a disk that does not keep what was written ends the writer, not the store`(name: String) throws {
        let scratch = try Scratch()
        let writer = try changedWriter(scratch)
        try scratch.link(name, to: "/dev/null")
        let error = IndexError.file(.synchronize, scratch.file(name), .invalidArgument)
        #expect(throws: error) { try writer.publish() }
        try scratch.remove(name)
        #expect(throws: error) { try writer.publish() }
        #expect(throws: error) { try writer.append(ids: ids([9]), vectors: [9]) }
        #expect(try scratch.open().liveIDs() == ids([1, 2]))
        writer.close()
        let next = try scratch.writer(1)
        #expect(next.liveIDs() == ids([1, 2]))
        try next.remove(ids([1]))
        try next.publish()
        #expect(try scratch.open().liveIDs() == ids([2]))
    }

    @Test func `a folder that cannot be made is named`() throws {
        let folder = FilePath("/proc/likeness/resnet50-fp32")
        let error = #expect(throws: IndexError.self) {
            try StoreWriter.open(folder, identity: Scratch().identity(2), fence: 1)
        }
        guard case .file(.write, let path, _) = try #require(error) else { throw try #require(error) }
        #expect(path.string.hasPrefix("/proc/likeness"))
        #expect(error?.exitStatus == .cannotWrite)
    }

    /// Publication 3 will delete row 1 and add row 3.
    private func changedWriter(_ scratch: Scratch) throws -> StoreWriter {
        let writer = try scratch.writer(1)
        try writer.append(ids: ids([1, 2]), vectors: [1, 2])
        try writer.publish()
        try writer.remove(ids([1]))
        try writer.append(ids: ids([3]), vectors: [3])
        return writer
    }
}
