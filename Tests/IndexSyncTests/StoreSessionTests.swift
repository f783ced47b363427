import Catalog
import Daemons
import Faults
import Glibc
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

@Suite struct StoreSessionTests {
    private let test: SyncCatalog

    init() throws { test = try SyncCatalog() }

    @Test func `steps are bounded, and a step with nothing to do publishes nothing`() throws {
        let session = try test.session()
        defer { session.close() }
        #expect(session.readsEverything)
        #expect(try session.step().isComplete)
        let images = try (0..<5).map { try test.catalog.insert(direction($0), model: test.model.id) }
        let first = try session.step(limit: 2)
        #expect(first.changes.map(\.image) == Array(images[..<2]))
        #expect(!first.isComplete && first.hasPublished)
        #expect(try test.stored() == Array(images[..<2]))
        #expect(try !session.step(limit: 2).isComplete)
        #expect(try session.step(limit: 2).isComplete)
        #expect(try test.stored() == images)
        let publication = session.manifest.publication
        let idle = try session.step()
        #expect(idle.isComplete && idle.changes.isEmpty && !idle.hasPublished)
        #expect(session.manifest.publication == publication)
        #expect(try session.step(publishing: .always).hasPublished)
    }

    @Test func `a session goes on from what the one before has published`() throws {
        let first = try test.session()
        _ = try first.step()
        let image = try test.catalog.insert(direction(1), model: test.model.id)
        #expect(try first.step().changes.map(\.image) == [image])
        first.close()
        let later = try test.catalog.insert(direction(2), model: test.model.id)
        let second = try test.session()
        defer { second.close() }
        #expect(try second.step().changes.map(\.image) == [later])
    }

    @Test func `an index that was created again under its name with another type is another one`() throws {
        let session = try test.session()
        defer { session.close() }
        _ = try session.step()
        try test.catalog.dropIndex(named: "default")
        try test.catalog.createIndex(name: "default", model: test.model.id, type: .hnsw)
        let match = try session.match(try test.catalog.indexes(model: test.model.id))
        #expect(match.dropped == ["default"] && match.added == ["default"])
        #expect(try session.step().hasPublished)
        let entry = try #require(try VectorStore.open(test.folder)).manifest.indexes
        #expect(entry.map(\.specification.type) == [.hnsw])
        let again = try session.match(try test.catalog.indexes(model: test.model.id))
        #expect(again.dropped.isEmpty && again.added.isEmpty && again.refused.isEmpty)
    }

    @Test func `parameters that are no whole numbers are refused by name, and other indexes go on`() throws {
        try test.catalog.createIndex(
            name: "odd", model: test.model.id, type: .flat, parameters: JSON(#"{"nlist": "many"}"#))
        let session = try test.session()
        defer { session.close() }
        let match = try session.match(try test.catalog.indexes(model: test.model.id))
        #expect(match.refused.map(\.name) == ["odd"])
        #expect(match.refused.first?.reason.message.contains("\"odd\" has parameters") == true)
        #expect(try session.step().isComplete)
        #expect(session.manifest.indexes.map(\.specification.name) == ["default"])
    }

    @Test func `an index gets its first generation once there is a row, and a flat one needs none`() throws {
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        let session = try test.session()
        defer { session.close() }
        _ = try session.step()
        let wanted = try test.catalog.indexes(model: test.model.id)
        #expect(try session.facts(wanted: wanted).nextWork() == nil)
        try test.catalog.insert(direction(0), model: test.model.id)
        _ = try session.step()
        let work = try #require(try session.facts(wanted: wanted).nextWork())
        guard case .build(let plan) = work else {
            Issue.record("not a build: \(work)")
            return
        }
        #expect(plan.specification.name == "graph" && plan.remedy == .full)
        #expect(try session.facts(wanted: wanted).nextWork(except: [.index("graph")]) == nil)
    }

    @Test func `a vector that is not finite is left out, and the rest goes on`() throws {
        let session = try test.session()
        defer { session.close() }
        _ = try session.step()
        let good = try test.catalog.insert(direction(1), model: test.model.id)
        let bad = try test.catalog.insert([1, .nan, 0, 0], model: test.model.id)
        let report = try session.step()
        #expect(report.added == 1 && report.unusable == 1 && report.isComplete)
        #expect(try test.stored() == [good])
        #expect(session.setAside == [bad])
        #expect(try session.repair() == 0)
        try test.catalog.replace(bad, with: direction(2))
        #expect(try session.step().added == 1)
        #expect(session.setAside.isEmpty)
        #expect(try test.stored() == [good, bad])
    }

    @Test func `what the feed did not tell is found by comparing ids, and mended`() throws {
        let session = try test.session()
        defer { session.close() }
        let kept = try test.catalog.insert(direction(1), model: test.model.id)
        let lost = try test.catalog.insert(direction(2), model: test.model.id)
        _ = try session.step()
        #expect(try session.repair() == 0)
        // Triggers do not fire for a replica: the feed hears of neither.
        try test.connection.execute("set session_replication_role = replica")
        let silent = try test.catalog.insert(direction(3), model: test.model.id)
        try test.connection.execute("delete from likeness.embeddings where image = \(lost)")
        try test.connection.execute("set session_replication_role = origin")
        // One that is merely late is no difference.
        let late = try test.catalog.insert(direction(4), model: test.model.id)
        #expect(try session.repair() == 2)
        #expect(try test.stored() == [kept, silent])
        #expect(try session.step().changes.map(\.image) == [late])
        #expect(try session.repair() == 0)
    }

    @Test func `a writer without its connection publishes nothing, and the one after it has a higher fencing number`()
        throws
    {
        let connection = try Connection(test.database.target, applicationName: "the stopped one")
        let stopped = try test.session(connection)
        _ = try stopped.step()
        let fence = stopped.manifest.fence
        try test.catalog.insert(direction(1), model: test.model.id)
        try test.terminate("the stopped one")
        try eventuallyGone("the stopped one")
        // As from another machine, which the lock of files does not see.
        #expect(test.folder.appending("writer.lock").withPlatformString { remove($0) } == 0)
        let next = try test.session()
        defer { next.close() }
        #expect(next.manifest.fence > fence)
        _ = try next.step()
        let published = try #require(try VectorStore.open(test.folder)).manifest
        let error = #expect(throws: PostgresError.self) { try stopped.step() }
        #expect(error?.recovery == .retryLater)
        #expect(try VectorStore.open(test.folder)?.manifest == published)
        stopped.close()
    }

    @Test func `a writer that was overtaken is refused although it still has its connection`() throws {
        let connection = try test.database.connect()
        let slow = try test.session(connection)
        _ = try slow.step()
        let image = try test.catalog.insert(direction(1), model: test.model.id)
        #expect(test.folder.appending("writer.lock").withPlatformString { remove($0) } == 0)
        // The lock in PostgreSQL is let go, as a server does that was restored or failed over.
        try connection.execute("select pg_advisory_unlock_all()")
        let next = try test.session()
        defer { next.close() }
        _ = try next.step()
        let error = #expect(throws: IndexError.self) { try slow.step(publishing: .always) }
        guard case .fenced = error else {
            Issue.record("not fenced: \(String(describing: error))")
            return
        }
        #expect(error?.exitStatus == .tryAgain)
        #expect(try test.stored() == [image])
        slow.close()
    }

    @Test func `a second session is told who holds the lock`() throws {
        let first = try test.session(
            try Connection(test.database.target, applicationName: WriterName.of("likeness sync")))
        defer { first.close() }
        _ = try first.step()
        let error = #expect(throws: CatalogError.self) { try test.session() }
        #expect(error?.message.contains("likeness sync (pid ") == true)
        #expect(error?.exitStatus == .tryAgain)
    }

    private func eventuallyGone(_ applicationName: String) throws {
        // A server process lets go of its locks when it ends, a moment after it was told to.
        while try test.connection.firstRow(
            "select 1 as one from pg_stat_activity where application_name = \(applicationName)") != nil
        {}
    }
}
