import Catalog
import Postgres
import TestSupport
import Testing

/// What the queries of the ingest daemon read of a large catalog, as the server counts it.
struct QueryPlanTests {
    private let databases = TestDatabases()

    @Test func `no step of the daemon reads a table from end to end`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot("/p", policy: .hide).id
        let catalog = test.catalog, model = test.model.id
        try test.fill(rows: 30_000, root: root)
        func path(_ number: Int) -> String { "/p/\(number / 100)/\(number)" }
        func files(_ numbers: Range<Int>) -> [StampedFile] {
            numbers.map { .at(path($0), mtime: Int64($0), inode: UInt64($0)) }
        }
        func check<Result>(_ what: String, _ step: () throws -> Result) throws -> Result {
            let before = try test.sequentialScans()
            let result = try step()
            #expect(try test.sequentialScans() == before, "\(what) reads a whole table")
            return result
        }
        func unknown(_ numbers: Range<Int>) throws -> Int {
            try check("asking for known files") {
                try catalog.unknownFiles(of: files(numbers), model: model).count
            }
        }
        #expect(try unknown(0..<10_000) == 0)
        #expect(try unknown(29_950..<30_050) == 50)
        let moved = try check("asking for moved files") {
            let files = files(10..<20).map { StampedFile(path: Array("/p/new".utf8) + $0.path, stamp: $0.stamp) }
            return try catalog.movedFiles(matching: files, model: model, host: "here")
        }
        #expect(moved.count == 10)
        let claimed = try check("claiming") {
            try test.connection.transaction {
                let claimed = try test.claim([root], limit: 64)
                try catalog.finish(claimed.map(\.id))
                return claimed
            }
        }
        #expect(claimed.count == 64)
        #expect(try check("waiting") { try catalog.timeUntilReady(roots: [root]) } == .zero)
        let queued = try check("queueing") {
            try catalog.enqueue(files(40_000..<40_100), root: root, host: "here")
        }
        #expect(queued.queued == 100)
        let vanished = try check("vanishing") {
            try catalog.vanish(
                paths: files(0..<100).map(\.path), folders: [Array("/p/7".utf8)], root: root, host: "here")
        }
        #expect(vanished.files == 200)
        #expect(vanished.hiddenImages == 200)
        var known = 0
        try check("streaming the paths of a folder") {
            try catalog.forEachKnownPath(under: Array("/p/9".utf8)) { _ in known += 1 }
        }
        #expect(known == 100)
        let written = try check("writing") {
            try test.sight([("a", path(1000)), ("b", path(1001)), ("c", "/p/new")], root: root)
        }
        #expect(written.replacedFiles == 2)
        #expect(written.vanishedImages == 2)
    }
}

extension TestCatalog {
    /// Fills the catalog with pictures that have a file and an embedding each, 100 a folder, and the queue with as many others.
    fileprivate func fill(rows: Int, root: RootID) throws {
        try connection.execute(
            """
            insert into likeness.images (content_sha256, width, height, bytes, format)
            select sha256(n::text::bytea), 1, 1, 1000, 'jpeg' from generate_series(0, \(rows) - 1) n order by n
            """)
        try connection.execute(
            """
            insert into likeness.image_files
                (root, path, path_text, image, size, mtime_nanoseconds, host, device, inode)
            select \(root), path::bytea, path, image, 1000, n, 'here', 7, n
            from (
                select n, i.id as image, '/p/' || n / 100 || '/' || n as path
                from generate_series(0, \(rows) - 1) n
                join likeness.images i on i.content_sha256 = sha256(n::text::bytea)
            ) files
            """)
        try connection.execute(
            """
            insert into likeness.embeddings (image, model, dimension, vector)
            select id, \(model.id), 4, decode(repeat('00', 16), 'hex') from likeness.images
            """)
        try connection.execute(
            """
            insert into likeness.ingest_queue (root, path, path_text, size, mtime_nanoseconds)
            select \(root), path::bytea, path, 1000, n
            from (select n, '/p/queued/' || n as path from generate_series(1, \(rows)) n) files
            """)
        try connection.execute(
            """
            insert into likeness.ingest_failures (root, path, path_text, error_class, message)
            select \(root), path::bytea, path, 'truncated', 'cut short'
            from (select n, '/p/failed/' || n as path from generate_series(1, \(rows)) n) files
            """)
        try connection.execute("analyze")
    }

    /// How often tables that grow with the catalog were read from end to end.
    fileprivate func sequentialScans() throws -> [String: Int] {
        try connection.execute("select pg_stat_force_next_flush()")
        let rows = try connection.rows(
            """
            select relname::text, seq_scan from pg_stat_user_tables
            where relname in ('images', 'image_files', 'ingest_queue', 'ingest_failures', 'embeddings')
            """)
        return try Dictionary(uniqueKeysWithValues: rows.map { (try $0[0, as: String.self], try $0[1, as: Int.self]) })
    }
}
