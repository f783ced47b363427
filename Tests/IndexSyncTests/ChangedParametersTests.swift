import Catalog
import Glibc
import IndexSync
import Postgres
import TestSupport
import Testing
import VectorIndexes

/// Numbers of an index that change while it answers.
@Suite struct ChangedParametersTests {
    private let test: SyncCatalog
    private let sync: IndexSync

    init() throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        sync = IndexSync(database: Database(test.database.target), folders: test.folders)
    }

    @Test func `what only queries use changes without a new generation, and stays when rows come`() async throws {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.catalog.createIndex(name: "lists", model: test.model.id, type: .ivfflat)
        let rows = WideRows.near(500)
        try test.insert(Array(rows[..<400]))
        _ = try await sync.once()
        let before = try #require(try test.entry("lists"))
        try test.catalog.setParameters(index: "graph", to: ["efSearch": 17])
        try test.catalog.setParameters(index: "lists", to: ["nprobe": 3])
        try await test.following { log in
            try await eventually("applied") { try test.entry("graph")?.built?.parameters["efSearch"] == 17 }
            try await eventually("applied") { try test.entry("lists")?.built?.parameters["nprobe"] == 3 }
            try test.insert(Array(rows[400...]))
            try await eventually("followed") { try test.stored().count == 500 }
            #expect(log.count("index asked otherwise") == 2)
        }
        let (graph, lists) = (try #require(try test.entry("graph")), try #require(try test.entry("lists")))
        #expect(graph.built?.parameters["efSearch"] == 17 && lists.built?.parameters["nprobe"] == 3)
        #expect(graph.generation == 1 && lists.generation == 1)
        #expect(lists.specification == before.specification && lists.built?.base == before.built?.base)
        // More lists than there are cannot be read.
        try test.catalog.setParameters(index: "lists", to: ["nprobe": 100_000])
        #expect(try await sync.once().map(\.built) == [[]])
        #expect(try test.entry("lists")?.built?.parameters["nprobe"] == lists.built?.parameters["nlist"])
    }

    @Test func `what shapes an index changes with a new generation, and the one before answers until then`()
        async throws
    {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.insert(WideRows.near(100))
        _ = try await sync.once()
        try test.catalog.setParameters(index: "graph", to: ["M": 8, "efSearch": 30])
        let session = try test.session()
        let wanted = try test.catalog.indexes(model: test.model.id)
        let match = try session.match(wanted)
        #expect(match.dropped.isEmpty && match.added.isEmpty)
        _ = try session.step(publishing: .always)
        let between = try #require(try test.entry("graph"))
        #expect(between.generation == 1 && between.built?.parameters["M"] == 32)
        #expect(between.specification.parameters == [:])
        #expect(try VectorStore.open(test.folder)?.index(named: "graph").generation == 1)
        let work = try #require(try session.facts(wanted: wanted).nextWork())
        #expect(work.reason == "asked for since it was built: M 8")
        session.close()
        #expect(try await sync.once().map(\.built) == [["graph"]])
        let after = try #require(try test.entry("graph"))
        #expect(after.generation == 2 && after.built?.parameters["M"] == 8)
        #expect(after.specification.parameters == ["M": 8, "efSearch": 30])
        #expect(try await sync.once().map(\.built) == [[]])
    }

    @Test func `a build of numbers that are not wanted any more is given up`()
        async throws
    {
        var settings = SyncDaemon.Settings()
        settings.building = { job, control throws(IndexError) in
            while job.specification.parameters["M"] == 8, !control.isCancelled { usleep(1000) }
            return try job.build(control)
        }
        try test.catalog.createIndex(
            name: "graph", model: test.model.id, type: .hnsw, parameters: JSON(numbers: ["M": 8]))
        try test.insert(WideRows.near(50))
        try await test.following(settings) { _ in
            try await eventually("begun") { try test.generations(of: "graph").count == 1 }
            try test.catalog.setParameters(index: "graph", to: ["M": 12])
            try await eventually("built") { try test.built("graph") > 0 }
        }
        #expect(try test.entry("graph")?.built?.parameters["M"] == 12)
        let generations = try test.generations(of: "graph")
        #expect(generations.first?.hasSuffix("; other parameters were asked for") == true, "\(generations)")
        #expect(generations.map { String($0.prefix { $0 != ":" }) } == ["cancelled", "published"])
    }

    @Test func `numbers that cannot be leave the index as it is`() async throws {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.insert(WideRows.near(50))
        _ = try await sync.once()
        try test.catalog.setParameters(index: "graph", to: ["M": 1])
        await #expect(throws: IndexError.outOfRange(name: "M", value: 1, allowed: 4...128)) { try await sync.once() }
        #expect(try test.built("graph") == 1)
    }

    @Test func `tune keeps the smallest number that finds enough, and refuses a flat index`()
        async throws
    {
        let binary = LikenessBinary(home: test.home.path)
        let url = test.database.target.url
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.catalog.createIndex(name: "lists", model: test.model.id, type: .ivfflat)
        try test.insert(WideRows.scattered(600))
        let early = try await binary("index", "tune", "graph", "--recall", "0.9", "--database-url", url)
        #expect(early.status == 1 && early.errors.contains("not built here"), "\(early.errors)")
        _ = try await sync.once()
        for (name, number) in [("graph", "efSearch"), ("lists", "nprobe")] {
            let tuned = try await binary("index", "tune", name, "--recall", "0.97", "--database-url", url)
            #expect(tuned.status == 0, "\(tuned.errors)")
            #expect(tuned.output.contains(number) && tuned.output.contains("chosen"), "\(tuned.output)")
            let value = try #require(try test.catalog.index(named: name).numbers()[number])
            #expect(try await sync.once().map(\.built) == [[]])
            let entry = try #require(try test.entry(name))
            #expect(entry.built?.parameters[number] == value && entry.generation == 1)
            let store = try #require(try VectorStore.open(test.folder))
            #expect(try measureRecall(of: store.index(named: name), over: store, queries: 200).recall >= 0.97)
        }
        let flat = try await binary("index", "tune", "default", "--recall", "0.9", "--database-url", url)
        #expect(flat.status == 64 && flat.errors.contains("nothing to tune"), "\(flat.errors)")
    }
}
