import Catalog
import Faults
import Postgres
import TestSupport
import Testing

struct RootTests {
    private let databases = TestDatabases()

    @Test func `a root is one, however often and wherever it is opened`() throws {
        let test = try databases.catalog()
        let folder = Array("/pictures".utf8)
        #expect(try test.catalog.root(at: folder) == nil)
        let root = try test.openRoot(marker: "m-1")
        #expect(root.state == .active)
        #expect(try test.openRoot(marker: "m-1", host: "there") == root)
        #expect(try test.catalog.root(at: folder) == root)
        try test.sight([("a", "/pictures/a")], root: root.id)
        try test.ingest("a")
        try test.catalog.noteScan(of: root.id)
        let row = try test.connection.firstRow(
            "select files, scanned_at is null as fresh from likeness.ingest_health where folder = '/pictures'")
        #expect(try row?["files"] == 1)
        #expect(try row?["fresh"] == false)
    }

    @Test func `a folder with another marker is refused with both, and nothing is changed`() throws {
        let test = try databases.catalog()
        let before = try test.openRoot(marker: "disk-1", policy: .keep)
        let error = #expect(throws: CatalogError.self) { try test.openRoot(marker: "disk-2", policy: .hide) }
        #expect(error == .rootMarkerDiffers(folder: "/pictures", recorded: "disk-1", found: "disk-2"))
        #expect(error?.message == "the folder /pictures has the marker \"disk-2\", the catalog knows it by \"disk-1\"")
        #expect(error?.hint?.contains("disk-1") == true)
        #expect(error?.recovery == .askOperator)
        #expect(try test.catalog.root(at: Array("/pictures".utf8)) == before)
        let missing = #expect(throws: CatalogError.self) { try test.openRoot(marker: nil) }
        #expect(missing?.message == "the folder /pictures has no marker, the catalog knows it by \"disk-1\"")
        #expect(missing?.recovery == .retryLater)
    }

    @Test func `a root without a marker takes the first that it is given`() throws {
        let test = try databases.catalog()
        #expect(try test.openRoot(marker: nil).marker == nil)
        #expect(try test.openRoot(marker: "m").marker == "m")
        #expect(throws: CatalogError.self) { try test.openRoot(marker: "n") }
    }

    @Test func `files that were ingested by their own paths belong to the root that is opened around them`() throws {
        let test = try databases.catalog()
        try test.sight([("a", "/pictures/a"), ("b", "/pictures2/b")], root: nil)
        let inner = try test.openRoot("/pictures/inner").id
        try test.sight([("c", "/pictures/inner/c")], root: inner)
        let root = try test.openRoot().id
        let rows = try test.connection.rows("select path, root from likeness.image_files order by path")
        #expect(try rows.map { try $0["root", as: RootID?.self] } == [root, inner, nil])
    }

    @Test func `a root is active while one machine sees it, and each vouches for itself`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.openRoot(host: "there")
        func state() throws -> RootState? { try test.catalog.root(at: Array("/pictures".utf8))?.state }
        #expect(try test.catalog.setRoot(root, host: "here", unavailableBecause: "its marker is gone"))
        #expect(try !test.catalog.setRoot(root, host: "here", unavailableBecause: "its marker is still gone"))
        #expect(try state() == .active)
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.vanish(paths: [Array("/pictures/a".utf8)], root: root, host: "here")
        }
        #expect(error == .rootUnavailable(folder: "/pictures", reason: "its marker is gone"))
        _ = try test.catalog.vanish(paths: [Array("/pictures/a".utf8)], root: root, host: "there")
        try test.catalog.setRoot(root, host: "there", unavailableBecause: "not mounted")
        #expect(try state() == .unavailable)
        let row = try test.connection.firstRow(
            "select unavailable_because from likeness.ingest_health where folder = '/pictures'")
        #expect(try row?[0] == "here: its marker is gone; there: not mounted")
        try test.catalog.setRoot(root, host: "here", unavailableBecause: nil)
        #expect(try state() == .active)
    }

    @Test func `a root that a daemon watches is not retired, and the daemon is named`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        try test.sight([("a", "/pictures/a")], root: root)
        let daemon = IngestActivity(
            host: "crow", processID: 7, startedAt: Timestamp(seconds: 1_700_000_000), roots: [root])
        try test.catalog.record(daemon)
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.retireRoot(at: Array("/pictures".utf8), policy: .hide)
        }
        #expect(error?.message == "the folder /pictures is watched by process 7 on crow")
        #expect(error?.recovery == .retryLater)
        #expect(error?.exitStatus == .tryAgain)
        #expect(try test.catalog.counts().vanishedFiles == 0)
        #expect(try test.catalog.roots().map(\.daemons) == [1])
        try test.catalog.removeActivity(of: daemon)
        #expect(try test.catalog.retireRoot(at: Array("/pictures".utf8), policy: .hide).files == 1)
        let none = #expect(throws: CatalogError.self) {
            try test.catalog.retireRoot(at: Array("/other".utf8), policy: nil)
        }
        #expect(none?.message == "the folder /other never was watched, only \"/pictures\"")
    }

    @Test func `a retired root keeps its pictures, loses its files, and comes back as it was`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(marker: "m", policy: .hide).id
        let other = try test.openRoot("/other").id
        try test.sight([("a", "/pictures/a"), ("b", "/pictures/b"), ("b", "/other/b")], root: root)
        try test.connection.execute("update likeness.image_files set root = \(other) where path = '/other/b'")
        _ = try test.catalog.enqueue([.at("/pictures/c"), .at("/other/c")], root: root, host: "here")
        try test.connection.execute("update likeness.ingest_queue set root = \(other) where path = '/other/c'")
        let outcome = try test.catalog.retireRoot(at: Array("/pictures".utf8), policy: nil)
        #expect(outcome.files == 2)
        #expect(outcome.hiddenImages == 1)
        #expect(outcome.root.state == .retired)
        #expect(try test.count("select count(*) from likeness.embeddings") == 2)
        #expect(try test.count("select count(*) from likeness.ingest_queue") == 1)
        let again = try test.catalog.retireRoot(at: Array("/pictures".utf8), policy: nil)
        #expect(again.files == 0)
        #expect(again.hiddenImages == 0)
        // The policy of the last word holds.
        #expect(try test.catalog.retireRoot(at: Array("/pictures".utf8), policy: .keep).restoredImages == 1)
        let health = try test.catalog.roots()
        #expect(health.map(\.root.folder.text) == ["/other", "/pictures"])
        #expect(health.map(\.files) == [1, 0])
        #expect(health.map(\.vanishedFiles) == [0, 2])
        #expect(health.map(\.queuedFiles) == [1, 0])
        #expect(try test.openRoot(marker: "m").state == .active)
    }
}
