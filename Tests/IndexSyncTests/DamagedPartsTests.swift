import Catalog
import Glibc
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// What is made anew is what is damaged, and no more.
@Suite struct DamagedPartsTests {
    private let test: SyncCatalog
    private let sync: IndexSync
    private let rows = WideRows.near(1_010)

    init() async throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        sync = IndexSync(database: Database(test.database.target), folders: test.folders)
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.catalog.createIndex(name: "lists", model: test.model.id, type: .ivfflat)
        try test.insert(Array(rows[..<1_000]))
        _ = try await sync.once()
    }

    @Test(arguments: ["graph", "lists"])
    func `a damaged index is built again alone, when rows come`(_ name: String) async throws {
        let other = name == "graph" ? "lists" : "graph"
        try damage(name, try #require(try test.entry(name)?.built?.base.name))
        let before = try #require(try VectorStore.open(test.folder)).manifest
        try await test.following { log in
            try test.catalog.insert(rows[1_000], model: test.model.id)
            try await eventually("mended", explanation: { "\(log.lines)" }) { try test.built(name) == 2 }
            #expect(log.count("writing the index files anew") == 0)
            #expect(log.count("making anew what is damaged") == 1)
        }
        let after = try #require(try VectorStore.open(test.folder)).manifest
        #expect(after.chunks.map(\.number) == before.chunks.map(\.number))
        #expect(after.sketch == before.sketch)
        #expect(try test.built(other) == 1)
        #expect(try test.generations(of: name).last?.contains(".") == true)
        #expect(try await sync.verify().differences.isEmpty)
    }

    @Test func `damage where nobody adds rows is found by measuring, and by sync --once when rows come`() async throws {
        var settings = SyncDaemon.Settings()
        settings.healthInterval = .milliseconds(20)
        try damage("graph", try #require(try test.entry("graph")?.built?.base.name))
        try await test.following(settings) { log in
            try await eventually("mended", explanation: { "\(log.lines)" }) { try test.built("graph") == 2 }
        }
        try damage("graph", try #require(try test.entry("graph")?.built?.base.name))
        try damage("lists", try #require(try test.entry("lists")?.built?.log.name))
        try test.insert(Array(rows[1_000...]))
        let outcome = try #require(try await sync.once().first)
        #expect(outcome.rebuiltBecause == nil && Set(outcome.built) == ["graph", "lists"])
        #expect(try await sync.verify().differences.isEmpty)
    }

    @Test(arguments: ["projection-00000001", "00000001.sketches-00000001"])
    func `damaged sketches are trained anew, and the rows stay`(_ file: String) async throws {
        try damage("vectors", file)
        try test.insert(Array(rows[1_000...]))
        var outcome = try #require(try await sync.once().first)
        #expect(outcome.rebuiltBecause == nil && outcome.isSketched)
        #expect(try VectorStore.open(test.folder)?.manifest.sketch != nil)
        #expect(try test.built("graph") == 1)
        #expect(try await sync.verify().differences.isEmpty)
        outcome = try #require(try await sync.once().first)
        #expect(outcome.changedNothing)
    }

    @Test func `damaged records mean that everything is read anew`() async throws {
        try damage("vectors", "00000001.records")
        let outcome = try #require(try await sync.once().first)
        #expect(outcome.rebuiltBecause?.contains("00000001.records") == true)
        #expect(Set(outcome.built) == ["graph", "lists"] && outcome.isSketched)
        #expect(try await sync.verify().differences.isEmpty)
    }

    /// Cuts the second half off a file.
    private func damage(_ folder: String, _ file: String) throws {
        let path = test.folder.appending(folder).appending(file)
        let size = path.withPlatformString { name in
            var status = stat()
            return stat(name, &status) == 0 ? Int(status.st_size) : 0
        }
        try #require(size > 0)
        #expect(path.withPlatformString { truncate($0, size / 2) } == 0)
    }
}
