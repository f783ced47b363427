import Catalog
import Foundation
import Postgres
import TestSupport
import Testing

struct FileFactsTests {
    private let databases = TestDatabases()

    private func facts(_ test: TestCatalog, _ path: String) throws -> FileFacts {
        try test.another().fileFacts(Array(path.utf8))
    }

    @Test func `of a path that nobody heard of nothing is known but its root`() throws {
        let test = try databases.catalog()
        _ = try test.openRoot("/")
        let root = try test.openRoot(marker: "m", policy: .hide)
        _ = try test.openRoot("/pictures/inner")
        let nothing = try facts(test, "/pictures/a")
        #expect(nothing.root?.root.id == root.id)
        #expect(nothing.root?.root.onVanish == .hide)
        #expect(nothing.root?.daemons == 0)
        #expect(nothing.queued == nil && nothing.failure == nil && nothing.sighting == nil)
        _ = try test.openRoot("/pictures/old")
        _ = try test.catalog.retireRoot(at: Array("/pictures/old".utf8), policy: nil)
        #expect(try facts(test, "/pictures/old/a").root?.root.id == root.id)
        #expect(try facts(test, "/pictures2/a").root?.root.folder == Array("/".utf8))
        try test.catalog.setRoot(root.id, host: "here", unavailableBecause: "not mounted")
        #expect(try facts(test, "/pictures/a").root?.unavailable.map(\.reason) == ["not mounted"])
    }

    @Test func `of a queued file it is known how many come before it and whether somebody works on it`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here")
        _ = try test.catalog.enqueue([.at("/pictures/b")], root: root, host: "here")
        let waiting = try #require(try facts(test, "/pictures/b").queued)
        #expect(waiting.before == 1)
        #expect(!waiting.isInWork)
        #expect(waiting.error == nil)
        try test.connection.transaction {
            _ = try test.claim([root], limit: 1)
            #expect(try facts(test, "/pictures/a").queued?.isInWork == true)
            #expect(try facts(test, "/pictures/b").queued?.isInWork == false)
        }
        try test.postpone([root], by: .seconds(60), error: .init(errorClass: "unreadable", message: "denied"))
        let failed = try facts(test, "/pictures/a")
        #expect(failed.queued?.attempts == 1)
        #expect(failed.queued?.error?.message == "denied")
        #expect(failed.failure?.recorded.attempts == 1)
        #expect(failed.root?.ready == 0)
    }

    @Test func `of a failed file its reason is known, and others with the same bytes`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch()
        batch.failures = ["a", "b", "c"].map {
            IngestFailure(
                path: Array("/pictures/\($0)".utf8), errorClass: "truncated", message: "cut short",
                stamp: StampedFile.at("").stamp, content: $0 == "c" ? nil : .named("junk"))
        }
        try test.catalog.write(batch, model: test.model)
        let failure = try #require(try facts(test, "/pictures/a").failure)
        #expect(failure.recorded.errorClass == "truncated")
        #expect(failure.recorded.nextRetryAt == nil)
        #expect(failure.stamp?.size == 1000)
        #expect(failure.copies.map(\.text) == ["/pictures/b"])
        #expect(try facts(test, "/pictures/c").failure?.copies.isEmpty == true)
    }

    @Test func `of an ingested file its picture is known, its copies, and which stores have it`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        let stores = (UUID(), UUID())
        for (store, host) in [(stores.0, "early"), (stores.1, "late")] {
            _ = try test.catalog.lockStore(store, model: test.model.id, host: host, folder: "/s", atLeast: 0)
        }
        let early = try test.catalog.currentPosition()
        try test.sight([("a", "/pictures/a"), ("a", "/pictures/copy"), ("a", "/pictures/gone")], root: root)
        _ = try test.catalog.vanish(paths: [Array("/pictures/gone".utf8)], root: root, host: "here")
        let late = try test.catalog.currentPosition()
        for (store, position) in [(stores.0, early), (stores.1, late)] {
            try test.connection.execute(
                """
                update likeness.index_stores set position = \(position.snapshot)::pg_snapshot where store = \(store)
                """)
        }
        let sighting = try #require(try facts(test, "/pictures/a").sighting)
        #expect(sighting.imageState == "active")
        #expect(sighting.content == .named("a"))
        #expect(sighting.otherFiles.map(\.path.text) == ["/pictures/copy", "/pictures/gone"])
        #expect(sighting.otherFiles.map { $0.vanishedAt == nil } == [true, false])
        #expect(sighting.embeddings.map(\.model) == ["small"])
        let embedding = try #require(sighting.embeddings.first)
        #expect(embedding.stores.map(\.host) == ["early", "late"])
        #expect(embedding.stores.map(\.isApplied) == [false, true])
        #expect(embedding.stores.map(\.pendingChanges) == [1, 0])
        #expect(try facts(test, "/pictures/gone").sighting?.vanishedAt != nil)
    }
}
