import Catalog
import Daemons
import Faults
import Glibc
import IndexSync
import Logging
import Postgres
import Synchronization
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// The daemon in this process, against a real PostgreSQL.
@Suite struct SyncDaemonTests {
    private static let first = "1 rows, and 0 generations are built"
    private let test: SyncCatalog

    init() throws { test = try SyncCatalog() }

    @Test func `what is committed is found, what is deleted or replaced is not`() async throws {
        try await test.following { _ in
            let images = try (0..<3).map { try test.catalog.insert(direction($0 * 5), model: test.model.id) }
            try await eventually("inserted") { try test.nearest(direction(5)) == [images[1]] }
            try test.catalog.delete(images[1])
            try await eventually("deleted") { try test.stored() == [images[0], images[2]] }
            try test.catalog.replace(images[0], with: direction(30))
            try await eventually("replaced") { try test.nearest(direction(31)) == [images[0]] }
            try test.connection.execute("update likeness.images set state = 'hidden' where id = \(images[0])")
            try await eventually("hidden") { try test.stored() == [images[2]] }
        }
    }

    @Test func `indexes are created and dropped while it runs`() async throws {
        try await test.following { _ in
            let image = try test.catalog.insert(direction(1), model: test.model.id)
            try test.catalog.createIndex(name: "second", model: test.model.id, type: .flat)
            try await eventually("created") {
                try VectorStore.open(test.folder)?.manifest.indexes.map(\.specification.name) == ["default", "second"]
            }
            try await eventually("recorded") { try test.generations(of: "second") == ["published: created"] }
            try await eventually("found") {
                try VectorStore.open(test.folder)?.index(named: "second").search(direction(1), k: 1).first?.first?.id
                    .rawValue == image.rawValue
            }
            try test.catalog.dropIndex(named: "second")
            try await eventually("dropped") {
                try VectorStore.open(test.folder)?.manifest.indexes.map(\.specification.name) == ["default"]
            }
            let other = try test.catalog.addModel(
                name: "other",
                identity: ModelIdentity(
                    architecture: "tiny", weights: nil, dimension: 2, preprocessing: "none", precision: "float32"))
            try test.catalog.createIndex(name: "third", model: other.id, type: .flat)
            try await eventually("a new model") {
                try VectorStore.open(test.folders.folder(ofModel: "other"))?.manifest.indexes.count == 1
            }
        }
    }

    @Test func `polling finds what no notification tells`() async throws {
        try await test.following { _ in
            // The hint goes to a channel that nobody listens to.
            try test.connection.execute(
                """
                create or replace function likeness.record_inserted_embeddings() returns trigger language plpgsql as $$
                begin
                    insert into likeness.embedding_changes (model, image, operation)
                    select model, image, 'insert' from inserted;
                    return null;
                end $$
                """)
            let image = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("polled") { try test.stored() == [image] }
        }
    }

    @Test func `a lost connection is told of once at its beginning and once at its end`() async throws {
        try await test.following { log in
            let first = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("inserted") { try test.stored() == [first] }
            try test.terminate("likeness sync")
            let second = try test.catalog.insert(direction(2), model: test.model.id)
            try await eventually("inserted after") { try test.stored() == [first, second] }
            try await eventually("recovered", explanation: { "\(log.lines)" }) { log.count("recovered") == 1 }
            #expect(log.count("cannot go on, trying again") == 1)
            #expect(try VectorStore.open(test.folder)?.manifest.fence == 2)
        }
    }

    @Test func `damaged files are written anew, with the reason in the log`() async throws {
        let images = try (0..<3).map { try test.catalog.insert(direction($0), model: test.model.id) }
        try await test.following { _ in try await eventually("followed") { try test.stored() == images } }
        let records = test.folder.appending("vectors").appending("00000001.records")
        #expect(records.withPlatformString { truncate($0, 10) } == 0)
        try await test.following { log in
            try await eventually("mended") { (try? test.stored()) == images }
            #expect(log.lines.contains { $0.contains("writing the index files anew") && $0.contains(".records") })
        }
    }

    @Test func `a build that fails is recorded as failed and tried again later, while changes go on`() async throws {
        let attempts = Atomic(0)
        var settings = SyncDaemon.Settings()
        settings.buildBackoff = Backoff(first: .milliseconds(50), limit: .milliseconds(100))
        settings.building = { _, _ throws(IndexError) in
            attempts.add(1, ordering: .relaxed)
            throw .native("no memory for it")
        }
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try await test.following(settings) { log in
            let image = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("failed") { try test.generations(of: "graph") == ["failed: faiss: no memory for it"] }
            try await eventually("tried again") { attempts.load(ordering: .relaxed) >= 3 }
            #expect(log.count("an index was not built, trying again") == 1)
            try test.catalog.delete(image)
            try await eventually("deleted meanwhile") { try test.stored().isEmpty }
        }
    }

    @Test func `a build is shown while it runs, hinders no step, and is cancelled by the end`() async throws {
        var settings = SyncDaemon.Settings()
        settings.building = { job, control throws(IndexError) in
            while !control.isCancelled { usleep(1000) }
            throw .cancelled(job.specification.name)
        }
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try await test.following(settings) { _ in
            let first = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("begun") {
                try test.generations(of: "graph") == ["training: \(Self.first)"]
            }
            let store = try #require(try VectorStore.open(test.folder)).manifest.store
            try await eventually("shown") {
                let activity = try test.catalog.activity(store: store, model: test.model.id)
                return activity?.activity == "building graph (hnsw) generation 1: waiting 0 %, \(Self.first)"
                    && activity?.writer?.contains("likeness sync (pid \(getpid())") == true
            }
            let second = try test.catalog.insert(direction(2), model: test.model.id)
            try await eventually("followed meanwhile") { try test.stored() == [first, second] }
        }
        #expect(try test.generations(of: "graph") == ["cancelled: \(Self.first); the daemon was stopped"])
        let store = try #require(try VectorStore.open(test.folder)).manifest.store
        let activity = try test.catalog.activity(store: store, model: test.model.id)
        #expect(activity?.activity == nil && activity?.writer == nil)
    }

    @Test func `what a build makes of an index that was dropped meanwhile is nobody's`() async throws {
        var settings = SyncDaemon.Settings()
        settings.building = { job, control throws(IndexError) in
            while !control.isCancelled { usleep(1000) }
            throw .cancelled(job.specification.name)
        }
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try await test.following(settings) { log in
            let first = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("begun") {
                try test.generations(of: "graph") == ["training: \(Self.first)"]
            }
            try test.catalog.dropIndex(named: "graph")
            try await eventually("dropped") { log.count("index dropped") == 1 }
            let second = try test.catalog.insert(direction(2), model: test.model.id)
            try await eventually("followed after") { try test.stored() == [first, second] }
        }
    }

    @Test func `differences that the feed did not tell are mended and warned of`() async throws {
        var settings = SyncDaemon.Settings()
        settings.verifyInterval = .milliseconds(50)
        try await test.following(settings) { log in
            let first = try test.catalog.insert(direction(1), model: test.model.id)
            try await eventually("inserted") { try test.stored() == [first] }
            try test.connection.execute("set session_replication_role = replica")
            let second = try test.catalog.insert(direction(2), model: test.model.id)
            try await eventually("mended") { try test.stored() == [first, second] }
            try await eventually("warned") {
                log.lines.contains { $0.contains("differed from the catalog") && $0.contains("differences=1") }
            }
        }
    }

    @Test func `a database without the schema ends it`() async throws {
        try test.connection.execute("drop schema likeness cascade")
        let error = await #expect(throws: PostgresError.self) { try await test.daemon(Log()).run() }
        #expect(error?.recovery == .askOperator)
    }
}
