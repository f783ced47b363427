import Foundation
import SystemPackage
import Testing
import VectorIndexes

/// The two files of an inverted file, cut, flipped and forged: refused by name, never a crash.
@Suite struct InvertedFileDamageTests {
    static let files = ["lists/00000001.centroids", "lists/00000001.lists"]

    @Test(arguments: [IndexType.ivfflat, .ivfpq], files)
    func `every flipped byte is found and its file named`(type: IndexType, name: String) throws {
        let fixture = try small(type)
        let whole = try fixture.scratch.read(name)
        for position in whole.indices {
            var bytes = whole
            bytes[position] ^= 1 << (position % 8)
            try fixture.scratch.write(bytes, to: name)
            #expect(try damagedFile(fixture) == fixture.scratch.file(name), "byte \(position)")
        }
        try fixture.scratch.write(whole, to: name)
        #expect(try damagedFile(fixture) == nil)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq], files)
    func `every missing end is found, and so is a missing file`(type: IndexType, name: String) throws {
        let fixture = try small(type)
        let whole = try fixture.scratch.read(name)
        for length in whole.indices {
            try fixture.scratch.write(Array(whole.prefix(length)), to: name)
            #expect(try damagedFile(fixture) == fixture.scratch.file(name), "\(length) bytes")
        }
        try fixture.scratch.remove(name)
        #expect(try damagedFile(fixture) == fixture.scratch.file(name))
    }

    /// A number at an offset behind the header, and what is then said of the file.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let type: IndexType
        let file: String
        let offset: Int
        let value: UInt32
        let what: String
        var testDescription: String { what }

        init(_ type: IndexType, _ file: String, _ offset: Int, _ value: UInt32, _ what: String) {
            (self.type, self.file, self.offset, self.value, self.what) = (type, file, offset, value, what)
        }
    }

    static let forgeries = [
        Forgery(.ivfflat, "centroids", 0, 0, "has no lists"),
        Forgery(.ivfflat, "centroids", 0, 3, "has 80 bytes for 3 lists, not the 88 they need"),
        Forgery(.ivfflat, "centroids", 0, .max, "has 80 bytes for 4294967295 lists, not the 34359738424 they need"),
        Forgery(.ivfflat, "centroids", 4, 2, "has 2 codes of 0 bits, but the index has bare rows"),
        Forgery(.ivfflat, "centroids", 8, 8, "has 0 codes of 8 bits, but the index has bare rows"),
        Forgery(.ivfpq, "centroids", 4, 0, "has 0 codes of 2 bits for vectors of 2 dimensions"),
        Forgery(.ivfpq, "centroids", 4, .max, "has 4294967295 codes of 2 bits for vectors of 2 dimensions"),
        Forgery(.ivfpq, "centroids", 8, 0, "has 2 codes of 0 bits for vectors of 2 dimensions"),
        Forgery(.ivfpq, "centroids", 8, 9, "has 2 codes of 9 bits for vectors of 2 dimensions"),
        Forgery(.ivfpq, "centroids", 8, 3, "has 112 bytes for 2 lists, not the 144 they need"),
        Forgery(.ivfflat, "lists", 0, 1, "names slot 1 twice"),
        Forgery(.ivfflat, "lists", 24, 3, "names slot 3 twice"),
        Forgery(.ivfflat, "lists", 36, 2, "names slot 2 twice"),
        Forgery(.ivfflat, "lists", 12, 5, "names slot 5 in record 1, but slots end at 5"),
        Forgery(.ivfflat, "lists", 12, .max, "names slot 4294967295 in record 1, but slots end at 5"),
        Forgery(.ivfflat, "lists", 4, 2, "names list 2 of 2 in record 0"),
        Forgery(.ivfpq, "lists", 4, .max, "names list 4294967295 of 2 in record 0"),
        Forgery(.ivfpq, "lists", 16, 4, "has a code above 3 in record 0"),
    ]

    @Test(arguments: forgeries)
    func `numbers that cannot be are refused though every checksum is right`(forgery: Forgery) throws {
        let fixture = try small(forgery.type)
        let name = "lists/00000001." + forgery.file
        var bytes = try fixture.scratch.read(name)
        let before = CRC32C.checksum(bytes.dropFirst(64))
        let width = forgery.offset == 16 && forgery.file == "lists" ? 1 : 4
        for byte in 0..<width {
            bytes[64 + forgery.offset + byte] = UInt8(truncatingIfNeeded: forgery.value >> (8 * byte))
        }
        try fixture.scratch.write(bytes, to: name)
        try replaceInManifest(
            fixture, "\"checksum\" : \(before)", "\"checksum\" : \(CRC32C.checksum(bytes.dropFirst(64)))")
        let error = IndexError.damaged(fixture.scratch.file(name), what: forgery.what)
        #expect(throws: error) { try fixture.open() }
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `an index that lacks a live row is refused`(type: IndexType) throws {
        let fixture = try small(type)
        let generation = try fixture.generation()
        let size = generation.log.bytes / 5
        let whole = try fixture.scratch.read("lists/00000001.lists")
        let shorter = CRC32C.checksum(whole.dropFirst(64).dropLast(size))
        try replaceInManifest(
            fixture, "\"bytes\" : \(generation.log.bytes),\n          \"checksum\" : \(generation.log.checksum)",
            "\"bytes\" : \(generation.log.bytes - size),\n          \"checksum\" : \(shorter)")
        try replaceInManifest(fixture, "\"rows\" : 5,\n        \"trained", "\"rows\" : 4,\n        \"trained")
        let file = fixture.scratch.file("lists/00000001.lists")
        #expect(throws: IndexError.damaged(file, what: "lacks the live row in slot 4")) { try fixture.open() }
    }

    @Test func `numbers in the manifest that no file has are refused`() throws {
        let fixture = try small(.ivfflat)
        let file = fixture.scratch.file("lists/00000001.lists")
        for (rows, shown) in [("6", 6), ("-1", -1), ("9223372036854775807", Int.max)] {
            let fixture = try small(.ivfflat)
            try replaceInManifest(
                fixture, "\"rows\" : 5,\n        \"trained", "\"rows\" : \(rows),\n        \"trained")
            #expect(
                throws: IndexError.damaged(
                    fixture.scratch.file("lists/00000001.lists"), what: "has 60 bytes, not 12 for each of \(shown) rows"
                )
            ) { try fixture.open() }
        }
        // A writer refuses it as well, once it has rows to add.
        try replaceInManifest(fixture, "\"rows\" : 5,\n        \"trained", "\"rows\" : 6,\n        \"trained")
        let writer = try fixture.scratch.writer(2)
        try writer.append(ids: ids([90]), vectors: [1, 1])
        #expect(throws: IndexError.damaged(file, what: "has 60 bytes, not 12 for each of 6 rows")) {
            try writer.publish()
        }
    }

    /// Five rows in two lists; the row in slot 2 is dead.
    private func small(_ type: IndexType) throws -> InvertedFileFixture {
        let parameters = type == .ivfpq ? ["nlist": 2, "m": 2, "bits": 2] : ["nlist": 2]
        let fixture = try InvertedFileFixture(type, parameters)
        let writer = try fixture.built(Rows(dimension: 2, values: [0, 0, 0, 1, 1, 0, 9, 9, 9, 8]))
        try writer.remove(ids([2]))
        try writer.publish()
        return fixture
    }

    private func damagedFile(_ fixture: InvertedFileFixture) throws -> FilePath? {
        do {
            _ = try fixture.open().search([1, 1], k: 9)
            return nil
        } catch let error as IndexError {
            guard case .damaged(let file, _) = error else { throw error }
            return file
        }
    }

    private func replaceInManifest(_ fixture: InvertedFileFixture, _ old: String, _ new: String) throws {
        let whole = try fixture.scratch.read("manifest.json")
        var body = String(decoding: whole.drop { $0 != UInt8(ascii: "\n") }.dropFirst(), as: UTF8.self)
        let place = try #require(body.firstRange(of: old), "\(old) in \(body)")
        body.replaceSubrange(place, with: new)
        let digits = String(CRC32C.checksum(Array(body.utf8)), radix: 16)
        let checksum = String(repeating: "0", count: 8 - digits.count) + digits
        try fixture.scratch.write(Array("{ \"checksum\": \"\(checksum)\",\n\(body)".utf8), to: "manifest.json")
    }
}
