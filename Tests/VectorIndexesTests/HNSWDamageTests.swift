import Faults
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// The files of a graph, cut, flipped, and with numbers that no graph has: refused by name, never a crash.
@Suite struct HNSWDamageTests {
    @Test(arguments: [false, true]) func `flipped bytes and missing ends are found and the file is named`(inLog: Bool)
        throws
    {
        let scratch = try smallGraph()
        let name = try self.name(scratch, inLog)
        let whole = try scratch.read(name)
        for position in whole.indices where position < 128 || position % 97 == 0 || position >= whole.count - 8 {
            var bytes = whole
            bytes[position] ^= 1 << (position % 8)
            try scratch.write(bytes, to: name)
            #expect(try fileFoundDamaged(scratch) == scratch.file(name), "byte \(position)")
            try scratch.write(Array(whole.prefix(position)), to: name)
            #expect(try fileFoundDamaged(scratch) == scratch.file(name), "\(position) bytes")
        }
        try scratch.write([UInt8](repeating: 0, count: whole.count), to: name)
        #expect(try fileFoundDamaged(scratch) == scratch.file(name))
        try scratch.remove(name)
        #expect(try fileFoundDamaged(scratch) == scratch.file(name))
        try scratch.write(whole, to: name)
        #expect(try fileFoundDamaged(scratch) == nil)
    }

    @Test func `a writer refuses a damaged graph and publishes nothing`() throws {
        for inLog in [false, true] {
            let scratch = try smallGraph()
            let name = try self.name(scratch, inLog)
            try scratch.write(Array(try scratch.read(name).dropLast()), to: name)
            let before = try scratch.read("manifest.json")
            let writer = try scratch.writer(2)
            try writer.append(ids: ids([99]), vectors: [9, 9])
            let error = #expect(throws: IndexError.self) { try writer.publish() }
            guard case .damaged(scratch.file(name), _) = try #require(error) else { throw try #require(error) }
            #expect(try scratch.read("manifest.json") == before)
        }
    }

    /// Word of the base, and what is put there. 41 rows and one that is equal to row 5; see HNSWFiles.
    @Test(
        arguments: [
            (0, 7, "was built with M 7, not 32"),
            (1, 42, "names slot"), (1, .max, "ends in the midst"), (2, 2, ""), (2, .max, "ends in the midst"),
            (3, 9_999, "begins at node 9999"), (3, .max, "begins at node -1"), (4, 3_000, "begins at node"),
            (4, .max, "begins at node"), (6, 7, "has lists of"), (7, 1, "has lists of"),
            (8, 9_999, "names slot 9999, in which there is no row"), (8, 60_000_000, "names slot 60000000"),
            (9, 0, "names slot 0 after slot 0"), (8 + 82, 3, "names slot 3 twice"), (8 + 82, 77, "names slot 77"),
            (8 + 83, 41, "has no node 41"), (8 + 84, 0x0100_0100, "has a node on more levels than there are"),
            (8 + 84, 0x0101_01FF, "has a node on more levels than there are"), (8 + 84 + 11, 9_999, "links node 0"),
            (8 + 84 + 11, 41, "links node 0"), (8 + 84 + 11, 0x8000_0000, "links node 0"),
        ] as [(Int, UInt32, String)])
    func `numbers that no graph has are refused though the checksum is right`(
        word: Int, value: UInt32, what: String
    ) throws {
        try expectRefusal(of: value, at: word, inLog: false, what)
    }

    /// Word of the log: its first block has three rows and one that is equal to row 5.
    @Test(
        arguments: [
            (0, .max, "ends in the midst"), (0, 100, ""), (1, .max, "ends in the midst"),
            (2, .max, "ends in the midst"),
            (3, 44, "begins at node 44"), (4, 30, "begins at node"), (5, 3, "names slot 3 after slot"),
            (5, 500, "names slot 500"), (7, 0, "has a node on more levels than there are"),
            (7, 257, "has a node on more levels than there are"), (14, 3, "names slot 3"), (15, 44, "has no node 44"),
            (16, 44, "has"), (16, .max, "has"), (17, 0x0009_0000, "has 0 neighbors"),
            (17, 0x0000_FFFF, "ends in the midst"),
            (18, 44, "links node"), (18, 0xFFFF_FFFE, "links node"),
        ] as [(Int, UInt32, String)])
    func `numbers that no log of a graph has are refused though the checksum is right`(
        word: Int, value: UInt32, what: String
    ) throws {
        try expectRefusal(of: value, at: word, inLog: true, what)
    }

    @Test func `whatever number stands in a file, it is refused or does no harm`() throws {
        let scratch = try smallGraph()
        let manifest = try scratch.read("manifest.json")
        var generator = SplitMix(state: 5)
        var refused = 0
        for inLog in [false, true] {
            let name = try self.name(scratch, inLog)
            let whole = try scratch.read(name)
            let words = (whole.count - 64) / 4
            for attempt in 0..<300 {
                let word = attempt < 130 ? attempt : Int.random(in: 0..<words, using: &generator)
                guard word < words else { continue }
                let values: [UInt32] = [0, 1, 2, 40, 43, 44, 65_536, 0x7FFF_FFFF, 0x8000_0000, .max]
                let value = values[attempt % 7 == 0 ? attempt % 10 : Int.random(in: 0..<10, using: &generator)]
                try put(value, at: word, of: name, scratch)
                if try fileFoundDamaged(scratch) != nil { refused += 1 }
                try scratch.write(whole, to: name)
                try scratch.write(manifest, to: "manifest.json")
            }
        }
        #expect(refused > 100)
        #expect(try fileFoundDamaged(scratch) == nil)
    }

    @Test func `a graph of rows whose chunk is gone is refused`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Rows.random(42, dimension: 2, seed: 21), rowsPerChunk: 12)
        let file = try scratch.file(name(scratch, false))
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        var manifest = try decoder.decode(Manifest.self, from: Data(try scratch.read("manifest.json")))
        manifest.chunks.remove(at: 1)
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let body = String(decoding: try encoder.encode(manifest).dropFirst(), as: UTF8.self)
        try rewriteManifest(scratch) { _ in body }
        let what = "names slot 12, in which there is no row"
        #expect(throws: IndexError.damaged(file, what: what)) { try scratch.open().index(named: "graph") }
    }

    private func expectRefusal(of value: UInt32, at word: Int, inLog: Bool, _ what: String) throws {
        let scratch = try smallGraph()
        let name = try self.name(scratch, inLog)
        try put(value, at: word, of: name, scratch)
        let error = #expect(throws: IndexError.self) { try scratch.open().index(named: "graph") }
        guard case .damaged(scratch.file(name), let found) = try #require(error) else { throw try #require(error) }
        #expect(found.hasPrefix(what), "\(found)")
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([99]), vectors: [9, 9])
        #expect(throws: try #require(error)) { try writer.publish() }
    }

    /// 42 rows in the base, of which row 41 equals row 5, and four in the log, of which the third equals row 5.
    private func smallGraph() throws -> Scratch {
        let scratch = try Scratch()
        var rows = Rows.random(46, dimension: 2, seed: 21)
        for row in [41, 44] { rows.values.replaceSubrange(row * 2..<row * 2 + 2, with: rows[5]) }
        let writer = try scratch.graphWriter(rows.prefix(42))
        try writer.append(ids: ids(42..<46), vectors: rows.dropFirst(42))
        try writer.publish()
        return scratch
    }

    private func name(_ scratch: Scratch, _ inLog: Bool) throws -> String {
        let files = try scratch.graphFiles()
        return "graph/" + (inLog ? files.log.name : files.base.name)
    }

    /// Puts a number into a file, and the checksum that follows into the manifest.
    private func put(_ value: UInt32, at word: Int, of name: String, _ scratch: Scratch) throws {
        var bytes = try scratch.read(name)
        let old = CRC32C.checksum(bytes[64...])
        for byte in 0..<4 { bytes[64 + 4 * word + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        try scratch.write(bytes, to: name)
        let new = CRC32C.checksum(bytes[64...])
        try rewriteManifest(scratch) { $0.replacing("\"checksum\" : \(old)", with: "\"checksum\" : \(new)") }
    }

    private func rewriteManifest(_ scratch: Scratch, _ change: (String) -> String) throws {
        let whole = try scratch.read("manifest.json")
        let body = change(String(decoding: whole.drop { $0 != UInt8(ascii: "\n") }.dropFirst(), as: UTF8.self))
        let digits = String(CRC32C.checksum(Array(body.utf8)), radix: 16)
        let checksum = String(repeating: "0", count: 8 - digits.count) + digits
        try scratch.write(Array("{ \"checksum\": \"\(checksum)\",\n\(body)".utf8), to: "manifest.json")
    }

    /// The file that opening the graph refuses; nil when it opens and answers.
    private func fileFoundDamaged(_ scratch: Scratch) throws -> FilePath? {
        do {
            let index = try scratch.open().index(named: "graph")
            #expect(try index.search([0.1, 0.2], k: 3)[0].count == 3)
            #expect(try index.search([0.1, 0.2], k: 46)[0].count == 46)
            return nil
        } catch let error as IndexError {
            guard case .damaged(let file, _) = error else { throw error }
            #expect(error.recovery == .rebuildIndex)
            return file
        }
    }
}
