import Faults
import SystemPackage
import Testing
import VectorIndexes

/// Every file, cut and with flipped bits: refused by name or reported, never a crash and never a wrong answer.
@Suite struct DamageTests {
    private static let files = [
        "manifest.json", "vectors/00000001.vectors", "vectors/00000001.records",
        "vectors/00000001.tombstones-00000003", "vectors/00000002.vectors", "vectors/00000002.records",
    ]

    @Test(arguments: files) func `every flipped byte is found and its file named`(name: String) throws {
        let scratch = try smallStore()
        let whole = try scratch.read(name)
        for position in whole.indices where position < 128 || position % 61 == 0 || position >= 4096 {
            var bytes = whole
            bytes[position] ^= 1 << (position % 8)
            try scratch.write(bytes, to: name)
            #expect(try fileFoundDamaged(scratch) == scratch.file(name), "byte \(position)")
        }
        try scratch.write(whole, to: name)
        #expect(try fileFoundDamaged(scratch) == nil)
    }

    @Test(arguments: files) func `every missing end is found and its file named`(name: String) throws {
        let scratch = try smallStore()
        let whole = try scratch.read(name)
        for length in whole.indices where length < 128 || length % 61 == 0 || length >= 4096 {
            try scratch.write(Array(whole.prefix(length)), to: name)
            #expect(try fileFoundDamaged(scratch) == scratch.file(name), "\(length) bytes")
        }
    }

    @Test(arguments: files) func `zeros in place of a file are found and it is named`(name: String) throws {
        let scratch = try smallStore()
        try scratch.write([UInt8](repeating: 0, count: try scratch.read(name).count), to: name)
        #expect(try fileFoundDamaged(scratch) == scratch.file(name))
    }

    @Test(arguments: files) func `a missing file is found and named, and so by a writer`(name: String) throws {
        let scratch = try smallStore()
        try scratch.remove(name)
        #expect(try fileFoundDamaged(scratch) == scratch.file(name))
        let error = #expect(throws: IndexError.self) { try scratch.writer(2) }
        guard case .damaged(scratch.file(name), _) = try #require(error) else { throw try #require(error) }
    }

    @Test(arguments: files) func `a damaged store is rebuilt from what the caller has`(name: String) throws {
        let scratch = try smallStore()
        try scratch.write(Array(try scratch.read(name).prefix(50)), to: name)
        let rebuild = try StoreWriter.rebuild(scratch.store, identity: scratch.identity(2), fence: 1, rowsPerChunk: 3)
        try rebuild.append(ids: ids([1, 2]), vectors: [1, 1, 2, 2])
        try rebuild.publish()
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([1, 2]))
        #expect(try store.verify() == [])
        #expect(store.manifest.indexes.isEmpty == (name == "manifest.json"), "the list of indexes is kept if it can be")
        #expect(try scratch.names().count == 4, "nothing of the damaged store is left")
    }

    @Test func `vectors that differ are reported with the ids to fetch anew`() throws {
        let scratch = try smallStore()
        var bytes = try scratch.read("vectors/00000001.vectors")
        bytes[4096 + 3] ^= 0x40
        bytes[4096 + 8] ^= 1
        try scratch.write(bytes, to: "vectors/00000001.vectors")
        let damage = try scratch.open().verify()
        #expect(damage.map(\.file) == [scratch.file("vectors/00000001.vectors")])
        #expect(damage.map(\.what) == ["differs from its checksums in 2 of 3 rows, first in that of id 11"])
        #expect(damage.map(\.ids) == [ids([11])], "id 12 is deleted")
    }

    @Test func `a vector damaged beyond being a number crashes nothing and comes last`() throws {
        let scratch = try smallStore()
        var bytes = try scratch.read("vectors/00000001.vectors")
        for position in 4096..<4104 { bytes[position] = 0xFF }
        try scratch.write(bytes, to: "vectors/00000001.vectors")
        let answer = try scratch.open().index(named: "default").search([1, 1], k: 9)[0]
        #expect(answer.map(\.id) == ids([13, 14, 11]))
        #expect(answer.last?.distance == .infinity)
    }

    @Test func `a file of another store is refused though its checksums are right`() throws {
        let scratch = try smallStore()
        let other = try smallStore()
        try scratch.write(try other.read("vectors/00000001.vectors"), to: "vectors/00000001.vectors")
        let file = scratch.file("vectors/00000001.vectors")
        #expect(throws: IndexError.damaged(file, what: "has the header of another file")) { try scratch.open() }
    }

    @Test func `a later format is refused by name, not taken for damage`() throws {
        let scratch = try smallStore()
        let whole = try scratch.read("manifest.json")
        var body = String(decoding: whole.drop { $0 != UInt8(ascii: "\n") }.dropFirst(), as: UTF8.self)
        let format = try #require(body.firstRange(of: "\"format\" : 2"))
        body.replaceSubrange(format, with: "\"format\" : 3")
        let digits = String(CRC32C.checksum(Array(body.utf8)), radix: 16)
        let checksum = String(repeating: "0", count: 8 - digits.count) + digits
        try scratch.write(Array("{ \"checksum\": \"\(checksum)\",\n\(body)".utf8), to: "manifest.json")
        let manifest = scratch.file("manifest.json")
        #expect(throws: IndexError.newerFormat(manifest, have: 3, know: 2)) { try scratch.open() }
        #expect(throws: IndexError.newerFormat(manifest, have: 3, know: 2)) {
            try StoreWriter.rebuild(scratch.store, identity: scratch.identity(2), fence: 1)
        }

        try scratch.write(whole, to: "manifest.json")
        var header = try scratch.read("vectors/00000001.records")
        header[12] = 3
        let newChecksum = CRC32C.checksum(header.prefix(60))
        for byte in 0..<4 { header[60 + byte] = UInt8(truncatingIfNeeded: newChecksum >> (8 * byte)) }
        try scratch.write(header, to: "vectors/00000001.records")
        let records = scratch.file("vectors/00000001.records")
        #expect(throws: IndexError.newerFormat(records, have: 3, know: 1)) { try scratch.open() }
    }

    /// Ids 11 to 14 in two chunks, 12 deleted, publication 3.
    private func smallStore() throws -> Scratch {
        let scratch = try Scratch()
        let writer = try scratch.writer(2, rowsPerChunk: 3)
        try writer.append(ids: ids(11...14), vectors: [1, 1, 2, 2, 3, 3, 4, 4])
        try writer.add(flat)
        try writer.publish()
        try writer.remove(ids([12]))
        try writer.publish(position: Position("3:5:4"))
        return scratch
    }

    /// The file that opening refuses or that verifying reports; nil when neither finds anything.
    private func fileFoundDamaged(_ scratch: Scratch) throws -> FilePath? {
        do {
            let store = try scratch.open()
            _ = try store.index(named: "default").search([1, 1], k: 9)
            return try store.verify().first?.file
        } catch let error as IndexError {
            guard case .damaged(let file, _) = error else { throw error }
            #expect(error.recovery == .rebuildIndex)
            return file
        }
    }
}
