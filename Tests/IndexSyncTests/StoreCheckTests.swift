import Catalog
import FoundationEssentials
import Glibc
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// Catalog and index files held against each other, with an index of every type.
@Suite struct StoreCheckTests {
    private let test: SyncCatalog
    private let sync: IndexSync

    init() throws {
        test = try SyncCatalog()
        sync = IndexSync(database: Database(test.database.target), folders: test.folders)
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        for (name, type) in [("lists", StoredIndexType.ivfflat), ("codes", .ivfpq)] {
            try test.catalog.createIndex(
                name: name, model: test.model.id, type: type, parameters: JSON("{\"nlist\": 3}"))
        }
    }

    /// Pictures, indexes built over them, and then some pictures more, fewer and other.
    private func fill() async throws {
        let images = try (0..<60).map { try test.catalog.insert(direction($0), model: test.model.id) }
        _ = try await sync.once()
        for image in images.prefix(10) { try test.catalog.delete(image) }
        for image in images[10..<15] { try test.catalog.replace(image, with: direction(Int(image.rawValue) + 100)) }
        for number in 60..<70 { try test.catalog.insert(direction(number), model: test.model.id) }
        _ = try await sync.once()
    }

    private func generations() throws -> [(name: String, generation: Manifest.Generation)] {
        let store = try #require(try VectorStore.open(test.folder))
        return store.manifest.indexes.compactMap { entry in entry.built.map { (entry.specification.name, $0) } }
    }

    private func flip(_ path: FilePath, at offset: Int64) throws {
        let file = try FileDescriptor.open(path, .readWrite)
        try file.closeAfter {
            var byte: [UInt8] = [0]
            _ = try byte.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: offset, into: $0) }
            byte[0] ^= 0x20
            _ = try file.writeAll(toAbsoluteOffset: offset, byte)
        }
    }

    @Test func `after deletions, replacements and additions every type agrees with the catalog`() async throws {
        try await fill()
        #expect(try generations().map(\.name) == ["codes", "graph", "lists"])
        let report = try await sync.verify()
        #expect(report.differences == [] && report.compared == 60 && report.pending == 0)
    }

    @Test func `indexes that are not built yet are no difference`() async throws {
        try test.catalog.insert(direction(1), model: test.model.id)
        let session = try test.session()
        while try !session.step(publishing: .always).isComplete {}
        session.close()
        #expect(try generations().isEmpty)
        #expect(try await sync.verify().differences == [])
    }

    @Test func `each damaged file of each type is named, and after the repair every index is built again`() async throws
    {
        try await fill()
        var files: [String] = []
        for (name, generation) in try generations() {
            for file in [generation.base, generation.log] where file.bytes > 0 {
                try flip(test.folder.appending(name).appending(file.name), at: 64)
                files.append(file.name)
            }
        }
        #expect(files.count >= 5)
        let differences = try await sync.verify().differences
        #expect(differences.count == files.count, "\(differences)")
        for file in files {
            #expect(
                differences.contains { $0.subject.hasSuffix(file) && $0.what.hasPrefix("has checksum ") }, "\(file)")
        }
        _ = try await sync.rebuild(models: [test.model.name], reason: "a test")
        #expect(try generations().map(\.name) == ["codes", "graph", "lists"])
        let report = try await sync.verify()
        #expect(report.differences == [] && report.compared == 60)
    }

    @Test func `a damaged vector is named once, and answers are not blamed for it`() async throws {
        try await fill()
        try flip(test.folder.appending("vectors").appending("00000001.vectors"), at: 4096 + 16 * 40 + 3)
        let differences = try await sync.verify().differences
        #expect(differences.filter { $0.subject.hasSuffix("00000001.vectors") }.count == 1)
        #expect(!differences.contains { $0.subject.hasPrefix("index ") })
    }
}
