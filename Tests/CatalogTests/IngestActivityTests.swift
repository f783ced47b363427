import Catalog
import Postgres
import TestSupport
import Testing

struct IngestActivityTests {
    private let databases = TestDatabases()

    @Test func `what daemons say is shown with the roots that they see, and forgotten when they are silent`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        var activity = IngestActivity(
            host: "here", processID: 7, startedAt: Timestamp(seconds: 1_700_000_000), roots: [root])
        try test.catalog.record(activity)
        activity.files = 100
        activity.failures = 3
        activity.bytes = 5_000_000_000
        activity.reading = .milliseconds(500)
        activity.decoding = .seconds(3)
        activity.embedding = .seconds(2)
        activity.writing = .milliseconds(250)
        activity.queueWaiting = 12
        try test.catalog.record(activity)
        #expect(try test.catalog.ingestDaemons().map(\.activity) == [activity])
        let elsewhere = IngestActivity(host: "elsewhere", processID: 7, startedAt: activity.startedAt, roots: [root])
        try test.catalog.record(elsewhere)
        let beside = IngestActivity(
            host: "here", processID: 8, startedAt: activity.startedAt, roots: [try test.openRoot("/others").id])
        try test.catalog.record(beside)
        #expect(try test.catalog.fileFacts(Array("/pictures/a".utf8)).root?.daemons == 1)
        #expect(try test.catalog.isWatched(Array("/others/a".utf8)))
        try test.catalog.removeActivity(of: beside)
        #expect(try !test.catalog.isWatched(Array("/others/a".utf8)))
        #expect(try test.catalog.isWatched(Array("/pictures".utf8)))
        func health() throws -> Row {
            try #require(
                try test.connection.firstRow("select * from likeness.ingest_health where folder = '/pictures'"))
        }
        #expect(try health()["daemons"] == 1)
        #expect(try health()["read_ms"] == 5.0)
        #expect(try health()["decode_ms"] == 30.0)
        #expect(try health()["embed_ms"] == 20.0)
        #expect(try health()["write_ms"] == 2.5)
        try test.catalog.removeActivity(of: elsewhere)
        #expect(try test.catalog.ingestDaemons().map(\.activity) == [activity])
        try test.connection.execute("update likeness.ingest_activity set updated_at = now() - interval '3 minutes'")
        #expect(try test.catalog.ingestDaemons().isEmpty)
        #expect(try health()["daemons"] == 0)
        #expect(try health()["read_ms", as: Double?.self] == nil)
        #expect(try test.catalog.fileFacts(Array("/pictures/a".utf8)).root?.root.id == root)
        try test.connection.execute("update likeness.ingest_activity set updated_at = now() - interval '8 days'")
        try test.catalog.record(elsewhere)
        #expect(try test.count("select count(*) from likeness.ingest_activity") == 1)
    }

    @Test func `the health of a root counts its queue and its failures by class`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here")
        try test.postpone([root], by: .seconds(60), error: .init(errorClass: "disk", message: "x"))
        _ = try test.catalog.enqueue([.at("/pictures/b"), .at("/pictures/c")], root: root, host: "here")
        try test.connection.execute(
            "update likeness.ingest_queue set ready_at = ready_at - interval '90 seconds' where state = 'settled'")
        var batch = IngestBatch()
        batch.failures = ["d", "e"].map {
            IngestFailure(
                path: Array("/pictures/\($0)".utf8), root: root, errorClass: "truncated", message: "x", stamp: nil)
        }
        try test.catalog.write(batch, model: test.model)
        let row = try #require(
            try test.connection.firstRow(
                """
                select *, extract(epoch from oldest_waiting)::double precision as waiting
                from likeness.ingest_health where folder = '/pictures'
                """))
        #expect(try row["files_settled"] == 2)
        #expect(try row["files_queued_to_retry"] == 1)
        #expect(try row["failures_by_class"] == JSON(#"{"disk": 1, "truncated": 2}"#))
        #expect(try row["failed_files"] == 3)
        #expect(try row["files_to_retry"] == 1)
        #expect(try row["waiting", as: Double.self] >= 90)
    }
}
