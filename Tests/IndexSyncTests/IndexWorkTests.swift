import Catalog
import Faults
import Glibc
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// What is done beside the steps: generations, sketches, compactions, measurements.
@Suite struct IndexWorkTests {
    private let test: SyncCatalog
    private let sync: IndexSync

    init() throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        sync = IndexSync(database: Database(test.database.target), folders: test.folders)
    }

    @Test func `first generations of all types are built and taken over while rows keep coming`() async throws {
        let types: [(String, StoredIndexType)] = [("graph", .hnsw), ("lists", .ivfflat), ("codes", .ivfpq)]
        for (name, type) in types { try test.catalog.createIndex(name: name, model: test.model.id, type: type) }
        let rows = WideRows.near(700)
        try test.insert(Array(rows[..<500]))
        try await test.following { log in
            for row in rows[500...] { try test.catalog.insert(row, model: test.model.id) }
            for (name, _) in types {
                try await eventually("built \(name)", explanation: { "\(log.lines)" }) { try test.built(name) >= 1 }
            }
            try await eventually("followed") { try test.stored().count == rows.count }
            for (name, _) in types {
                let states = try test.generations(of: name).map { $0.prefix { $0 != ":" } }
                #expect(states.last == "published", "\(name): \(states)")
            }
        }
        let report = try await sync.verify()
        #expect(report.differences.isEmpty && report.compared == rows.count, "\(report.differences)")
    }

    @Test func `a new generation that a person asks for is built once, by the daemon and by sync --once`() async throws
    {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.insert(WideRows.near(50))
        try await test.following { _ in
            try await eventually("built") { try test.built("graph") == 1 }
            try test.catalog.requestRebuild(index: "graph")
            try await eventually("built anew") { try test.built("graph") == 2 }
        }
        #expect(try await sync.once().map(\.built) == [[]])
        try test.catalog.requestRebuild(index: "graph")
        #expect(try await sync.once().map(\.built) == [["graph"]])
        #expect(try await sync.once().map(\.built) == [[]])
        #expect(try test.built("graph") == 3)
        let generations = try test.generations(of: "graph")
        #expect(generations.map { String($0.prefix { $0 != ":" }) } == ["superseded", "superseded", "published"])
        #expect(generations[1...].allSatisfy { $0.contains("a person asked for it") }, "\(generations)")
    }

    @Test func `a store with more than a fifth of its rows dead is compacted, and answers as before`() async throws {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        let rows = WideRows.near(100)
        let images = try test.insert(rows)
        _ = try await sync.once()
        for image in images[..<20] { try test.catalog.delete(image) }
        #expect(try await sync.once().map(\.isCompacted) == [false])
        try test.catalog.delete(images[20])
        let outcome = try #require(try await sync.once().first)
        #expect(outcome.isCompacted && outcome.removed == 1)
        let store = try #require(try VectorStore.open(test.folder))
        #expect(store.deadCount == 0 && store.liveCount == 79)
        for (place, image) in images.enumerated().dropFirst(21) {
            let found = try store.index(named: "graph").search(rows[place], k: 1).first?.first
            #expect(found?.id.rawValue == image.rawValue && found?.distance == 0)
        }
        #expect(try test.decisions(on: "graph") == ["compact"] && test.decisions(on: "default") == ["compact"])
        #expect(try test.generations(of: "graph").last?.hasPrefix("published: compaction: 21 of 100") == true)
        #expect(try await sync.verify().differences.isEmpty)
        // The daemon does the same, beside its steps.
        try await test.following { _ in
            for image in images[21..<60] { try test.catalog.delete(image) }
            try await eventually("compacted") {
                guard let store = try VectorStore.open(test.folder) else { return false }
                return store.liveCount == 40 && store.deadCount <= 10
            }
        }
        #expect(try await sync.verify().differences.isEmpty)
    }

    @Test func `sketches are trained from a thousand rows on, and what comes later is sketched too`() async throws {
        let rows = WideRows.near(1_100)
        try test.insert(Array(rows[..<999]))
        #expect(try await sync.once().map(\.isSketched) == [false])
        try test.insert(Array(rows[999..<1_050]))
        #expect(try await sync.once().map(\.isSketched) == [true])
        #expect(try await sync.once().map(\.isSketched) == [false])
        #expect(try test.decisions(on: "default") == ["train_sketch"])
        let late = try test.insert(Array(rows[1_050...]))
        #expect(try await sync.once().map(\.added) == [50])
        let store = try #require(try VectorStore.open(test.folder))
        #expect(store.manifest.sketch?.generation == 1)
        #expect(try test.nearest(rows[1_099]) == [try #require(late.last)])
        #expect(try await sync.verify().differences.isEmpty)
    }

    @Test func `sketches that gain nothing are not tried again before the rows have doubled`() async throws {
        let rows = [[Float]](repeating: WideRows.scattered(1)[0], count: 2_010)
        try test.insert(Array(rows[..<1_004]))
        #expect(try await sync.once().map(\.isSketched) == [false])
        #expect(try test.decisions(on: "default") == ["no_sketch"])
        _ = try await sync.once()
        try test.insert(Array(rows[1_004..<2_000]))
        _ = try await sync.once()
        #expect(try test.decisions(on: "default") == ["no_sketch"])
        try test.insert(Array(rows[2_000...]))
        _ = try await sync.once()
        #expect(try test.decisions(on: "default") == ["no_sketch", "no_sketch"])
        // A person who insists is heard once.
        try test.catalog.requestRebuild(index: "default")
        _ = try await sync.once()
        _ = try await sync.once()
        #expect(try test.decisions(on: "default") == ["no_sketch", "no_sketch", "no_sketch"])
    }

    @Test func `indexes are measured beside the steps, and what is decided is recorded when it is news`() async throws {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.insert(WideRows.near(300))
        var settings = SyncDaemon.Settings()
        settings.healthInterval = .milliseconds(20)
        try await test.following(settings) { log in
            try await eventually("measured", explanation: { "\(log.lines)" }) {
                try test.decisions(on: "graph") == ["keep"]
            }
            for row in WideRows.near(60, seed: 2) { try test.catalog.insert(row, model: test.model.id) }
            try await eventually("followed") { try test.stored().count == 360 }
        }
        #expect(try test.decisions(on: "graph") == ["keep"])
        let index = try test.catalog.index(named: "graph")
        let store = try #require(try VectorStore.open(test.folder)).manifest.store
        let health = try #require(try test.catalog.health(of: index.id, store: store, limit: 1).first).record
        let recall = try #require(health.recallAt10)
        #expect(recall.value > 0.9 && recall.low <= recall.value && recall.value <= recall.high)
        #expect(health.generation == 1 && health.bytes ?? 0 > 0)
    }

    @Test func `the end of the daemon cancels a build at once, and nothing of it is published`() async throws {
        // Without it no sketches come first.
        try test.catalog.dropIndex(named: "default")
        try test.catalog.createIndex(
            name: "graph", model: test.model.id, type: .hnsw,
            parameters: JSON(numbers: ["M": 128, "efConstruction": 4096]))
        try test.insertScattered(20_000)
        let daemon = try RunningLikeness(
            ["sync", "--database-url", test.database.target.url], home: test.home.path, errorsIn: test.home.path)
        try await eventually("building", explanation: { daemon.errors }) {
            try test.generations(of: "graph").first?.hasPrefix("training") == true
        }
        daemon.send(SIGTERM)
        try await eventually("ended", within: .seconds(20), explanation: { daemon.errors }) { daemon.status != nil }
        #expect(daemon.status == 0, "\(daemon.errors)")
        #expect(try test.built("graph") == 0)
        let generations = try test.generations(of: "graph")
        #expect(generations.count == 1 && generations[0].hasPrefix("cancelled"), "\(generations)")
        #expect(generations[0].hasSuffix("the daemon was stopped"), "\(generations)")
    }
}
