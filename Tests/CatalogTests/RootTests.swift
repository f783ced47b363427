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
}
