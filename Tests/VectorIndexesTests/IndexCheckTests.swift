import FoundationEssentials
import SystemPackage
import Testing
import VectorIndexes

/// What the check of an index finds, and what it does not find fault with.
@Suite struct IndexCheckTests {
    private static let types: [IndexType] = [.hnsw, .ivfflat, .ivfpq]

    /// An index over rows, of which some went and some came after it was built.
    private func changed(_ type: IndexType, _ rows: Rows) throws -> InvertedFileFixture {
        let fixture = try InvertedFileFixture(type)
        let first = rows.count * 3 / 4
        let writer = try fixture.built(rows.prefix(first), rowsPerChunk: 512)
        try writer.append(ids: ids(first..<rows.count), vectors: rows.dropFirst(first))
        try writer.remove(ids(stride(from: 0, to: rows.count, by: 11)))
        try writer.append(ids: ids([1, 2]), vectors: Array(rows.values.suffix(2 * rows.dimension)))
        try writer.publish()
        return fixture
    }

    private func damage(_ fixture: InvertedFileFixture) throws -> [Damage] {
        try fixture.scratch.open().check(index: "lists")
    }

    @Test(arguments: types)
    func `an index with deleted, replaced and added rows is sound`(type: IndexType) throws {
        let fixture = try changed(type, Rows.families(60, members: 25, dimension: 32, seed: 9))
        #expect(try damage(fixture) == [])
    }

    @Test(arguments: types)
    func `an index that is not built yet is no damage, nor is a flat one`(type: IndexType) throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([1]), vectors: [1, 2])
        try writer.add(flat)
        try writer.add(IndexSpecification(name: "lists", type: type))
        try writer.publish()
        #expect(try scratch.open().check(index: "default") == [])
        #expect(try scratch.open().check(index: "lists") == [])
        #expect(throws: IndexError.noSuchIndex("other", have: ["default", "lists"])) {
            try scratch.open().check(index: "other")
        }
    }

    @Test(arguments: types, [false, true])
    func `a byte that changed, a missing end and a missing file are named with the file`(
        type: IndexType, inLog: Bool
    ) throws {
        let fixture = try changed(type, Rows.random(80, dimension: 4, seed: 2))
        let generation = try fixture.generation()
        let file = inLog ? generation.log : generation.base
        let name = "lists/" + file.name
        let path = fixture.scratch.file(name)
        let whole = try fixture.scratch.read(name)
        for position in [0, 9, 63, 64, 70, 64 + file.bytes - 1] {
            var bytes = whole
            bytes[position] ^= 4
            try fixture.scratch.write(bytes, to: name)
            let found = try damage(fixture)
            #expect(found.map(\.file) == [path], "byte \(position)")
            if position == 64 { #expect(found[0].what.hasPrefix("has checksum ")) }
        }
        try fixture.scratch.write(Array(whole.prefix(63 + file.bytes)), to: name)
        let short = "has \(63 + file.bytes) bytes, fewer than the \(64 + file.bytes) that the manifest names"
        #expect(try damage(fixture) == [Damage(path, short)])
        try fixture.scratch.remove(name)
        #expect(try damage(fixture) == [Damage(path, "is missing")])
        try fixture.scratch.write(whole, to: name)
        #expect(try damage(fixture) == [])
    }

    @Test(arguments: types)
    func `rows that an index lacks, or that it does not say to have, are named`(type: IndexType) throws {
        let fixture = try InvertedFileFixture(type, type == .hnsw ? [:] : ["nlist": 2])
        let writer = try fixture.built(Rows.random(20, dimension: 2, seed: 4))
        let before = try fixture.generation()
        try writer.append(ids: ids([70, 71, 72]), vectors: [1, 2, 3, 4, 5, 6])
        try writer.remove(ids([71]))
        try writer.publish()
        #expect(try damage(fixture) == [])
        // The index as it was before the rows came.
        try fixture.scratch.changeManifest { $0.indexes[0].built = before }
        let uncovered = "says that index lists does not cover 2 live rows, first that of id 70"
        #expect(
            try damage(fixture)
                == [Damage(fixture.scratch.file("manifest.json"), uncovered, ids: ids([70, 72]))])
        // The same, saying that it has them.
        try fixture.scratch.changeManifest { $0.indexes[0].built?.covers = 23 }
        let named = type == .hnsw && before.log.bytes == 0 ? before.base.name : before.log.name
        #expect(
            try damage(fixture) == [
                Damage(
                    fixture.scratch.file("lists/" + named), "lacks 2 live rows, first that of id 70",
                    ids: ids([70, 72]))
            ])
    }

    @Test func `rows that no link of a graph leads to are named`() throws {
        let fixture = try InvertedFileFixture(.hnsw, ["M": 4])
        _ = try fixture.built(Rows.random(9, dimension: 2, seed: 4))
        let base = try fixture.generation().base
        var bytes = try fixture.scratch.read("lists/" + base.name)
        let entry = Int64(number(bytes, at: 64 + 12))
        // Behind the head, slots, checksums and levels, no list has a neighbor.
        let lists = 64 + 4 * (8 + 9 + 9) + 12
        for place in lists..<bytes.count { bytes[place] = 0xFF }
        try fixture.scratch.write(bytes, to: "lists/" + base.name)
        try fixture.scratch.changeManifest { manifest in
            manifest.indexes[0].built?.base.checksum = CRC32C.checksum(bytes[64...])
        }
        let lost = (0..<9).map { VectorID($0) }.filter { $0.rawValue != entry }
        let what = "has no links that lead to 8 live rows, first that of id \(lost[0].rawValue)"
        #expect(try damage(fixture) == [Damage(fixture.scratch.file("lists/" + base.name), what, ids: lost)])
    }

    @Test func `a node that stands for another vector than its row has is named`() throws {
        let fixture = try InvertedFileFixture(.hnsw)
        _ = try fixture.built(Rows.random(9, dimension: 2, seed: 4))
        let base = try fixture.generation().base
        var bytes = try fixture.scratch.read("lists/" + base.name)
        bytes[64 + 4 * (8 + 9 + 5)] ^= 1
        try fixture.scratch.write(bytes, to: "lists/" + base.name)
        try fixture.scratch.changeManifest { manifest in
            manifest.indexes[0].built?.base.checksum = CRC32C.checksum(bytes[64...])
        }
        let what = "has nodes of other vectors than those of the live row of id 5"
        #expect(try damage(fixture) == [Damage(fixture.scratch.file("lists/" + base.name), what, ids: ids([5]))])
    }

    @Test(arguments: types) func `what a record says wrongly is named though the checksum is right`(type: IndexType)
        throws
    {
        let fixture = try InvertedFileFixture(type, type == .hnsw ? [:] : ["nlist": 2])
        _ = try fixture.built(Rows.random(20, dimension: 2, seed: 4))
        let generation = try fixture.generation()
        let file = type == .hnsw ? generation.base : generation.log
        var bytes = try fixture.scratch.read("lists/" + file.name)
        // The entry of a graph; the list of the first record.
        for byte in 0..<4 { bytes[64 + (type == .hnsw ? 12 : 4) + byte] = byte == 0 ? 99 : 0 }
        try fixture.scratch.write(bytes, to: "lists/" + file.name)
        try fixture.scratch.changeManifest { manifest in
            let checksum = CRC32C.checksum(bytes[64...])
            if type == .hnsw {
                manifest.indexes[0].built?.base.checksum = checksum
            } else {
                manifest.indexes[0].built?.log.checksum = checksum
            }
        }
        let found = try damage(fixture)
        #expect(found.map(\.file) == [fixture.scratch.file("lists/" + file.name)])
        #expect(found.first?.what.contains("99") == true)
    }

    @Test func `vectors of deleted rows are given, spread over all of them`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(1, rowsPerChunk: 4)
        try writer.append(ids: ids(0..<10), vectors: (0..<10).map(Float.init))
        try writer.remove(ids([1, 4, 5, 9]))
        try writer.publish()
        let store = try scratch.open()
        #expect(store.deletedVectors(9) == [[1], [4], [5], [9]])
        #expect(store.deletedVectors(2) == [[1], [5]])
        #expect(store.deletedVectors(0) == [])
    }
}

extension Damage {
    fileprivate init(_ file: FilePath, _ what: String, ids: [VectorID] = []) {
        self.init(file: file, what: what, ids: ids)
    }
}

extension Scratch {
    /// Publishes another manifest, whatever it says.
    fileprivate func changeManifest(_ change: (inout Manifest) -> Void) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        var manifest = try decoder.decode(Manifest.self, from: Data(try read("manifest.json")))
        change(&manifest)
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let body = String(decoding: try encoder.encode(manifest).dropFirst(), as: UTF8.self)
        let digits = String(CRC32C.checksum(Array(body.utf8)), radix: 16)
        let checksum = String(repeating: "0", count: 8 - digits.count) + digits
        try write(Array("{ \"checksum\": \"\(checksum)\",\n\(body)".utf8), to: "manifest.json")
    }
}
