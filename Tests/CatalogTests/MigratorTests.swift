import Catalog
import Faults
import Foundation
import Migrations
import Postgres
import TestSupport
import Testing

struct MigratorTests {
    private let databases = TestDatabases()

    @Test func `an empty database gets every migration and view, and a second run does nothing`() throws {
        let database = try databases.empty()
        let connection = try database.connect()
        let before = try Migrator().status(connection)
        #expect(before.head == nil)
        #expect(before.pendingMigrations == Migrations.schema.map(\.name))
        #expect(before.pendingViews == Migrations.views.map(\.name).sorted())
        var told: [String] = []
        let first = try Migrator().migrate(connection) { told.append($0) }
        #expect(first.migrations == Migrations.schema.map(\.name))
        #expect(told == first.migrations + first.views)
        let second = try Migrator().migrate(connection)
        #expect(second.migrations.isEmpty && second.views.isEmpty)
        #expect(try Migrator().status(connection).isCurrent)
        try Migrator().requireCurrent(connection)
    }

    @Test func `a database without the schema is told to migrate`() throws {
        let connection = try databases.empty().connect()
        #expect(throws: CatalogError.notMigrated(database: nil, build: Migrator().head)) {
            try Migrator().requireCurrent(connection)
        }
        let error = CatalogError.notMigrated(database: "0001_a", build: "0002_b")
        #expect(error.message == "the database is at 0001_a, this likeness needs 0002_b")
        #expect(error.hint?.contains("likeness migrate") == true)
    }

    @Test func `an applied migration that was edited is refused by name`() throws {
        let connection = try databases.empty().connect()
        try Migrator().migrate(connection)
        var edited = Migrations.schema
        edited[2] = SQLFile(name: edited[2].name, bytes: edited[2].bytes + Array("-- later\n".utf8))
        let error = #expect(throws: CatalogError.self) { try Migrator(schema: edited).migrate(connection) }
        let applied = ContentDigest(of: Migrations.schema[2].bytes).abbreviation
        let build = ContentDigest(of: edited[2].bytes).abbreviation
        #expect(
            error?.message == "migration 0003_embeddings.sql was edited after it was applied: checksum "
                + "\(applied)… applied, \(build)… in this build")
        #expect(throws: CatalogError.self) { try Migrator(schema: edited).requireCurrent(connection) }
    }

    @Test func `a database that a newer likeness migrated is refused by name`() throws {
        let connection = try databases.empty().connect()
        let later = SQLFile(name: "0099_later", bytes: Array("create table likeness.later ();".utf8))
        try Migrator(schema: Migrations.schema + [later]).migrate(connection)
        let error = #expect(throws: CatalogError.self) { try Migrator().migrate(connection) }
        #expect(error?.message == "the database is at 0099_later, this likeness knows \(Migrator().head)")
        #expect(error?.hint != nil)
    }

    @Test func `a missing migration among the applied ones is refused by name`() throws {
        let connection = try databases.empty().connect()
        try Migrator().migrate(connection)
        try connection.execute("delete from likeness.schema_migrations where version = 4")
        let error = #expect(throws: CatalogError.self) { try Migrator().requireCurrent(connection) }
        #expect(error?.message == "migration 0004_feed was never applied, but the later 0005_indexes was")
    }

    @Test func `a migration with an error leaves those before it applied and nothing of itself`() throws {
        let connection = try databases.empty().connect()
        let broken = SQLFile(
            name: "0099_broken", bytes: Array("create table likeness.half ();\nselect nonsense;".utf8))
        #expect(throws: PostgresError.self) {
            try Migrator(schema: Migrations.schema + [broken]).migrate(connection)
        }
        let row = try connection.firstRow("select to_regclass('likeness.half') is null as it")
        #expect(try row?["it"] == true)
        #expect(try Migrator().status(connection).pendingMigrations.isEmpty)
        try Migrator().migrate(connection)
        #expect(try Migrator().status(connection).isCurrent)
    }

    @Test func `migrators that start at once apply each migration once`() async throws {
        let database = try databases.empty()
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                let own = Database(database.target)
                group.addTask { try await own.run { try Migrator().migrate($0).migrations } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == Migrations.schema.map(\.name))
    }

    @Test func `a changed view is replaced and one that is gone is dropped`() throws {
        let connection = try databases.migrated().connect()
        let old = SQLFile(name: "old", bytes: Array("create view likeness.old as select 1 as a".utf8))
        let user = SQLFile(
            name: "a_user", bytes: Array("create view likeness.a_user as select * from likeness.old".utf8))
        try Migrator(views: Migrations.views + [old, user]).migrate(connection)
        let new = SQLFile(name: "old", bytes: Array("create view likeness.old as select 1 as b, 2 as c".utf8))
        let replaced = try Migrator(views: Migrations.views + [new, user]).migrate(connection)
        #expect(replaced.views == ["old"])
        #expect(try connection.firstRow("select c from likeness.a_user")?["c"] == Int32(2))
        #expect(try Migrator().migrate(connection).views == ["a_user", "old"])
        #expect(throws: PostgresError.self) { try connection.execute("select from likeness.old") }
    }

    @Test func `a migration may change what views read`() throws {
        let connection = try databases.migrated().connect()
        let change = SQLFile(
            name: "0099_change", bytes: Array("alter table likeness.images alter camera type varchar(200)".utf8))
        let result = try Migrator(schema: Migrations.schema + [change]).migrate(connection)
        #expect(result.migrations == ["0099_change"])
        #expect(result.views == Migrations.views.map(\.name).sorted())
    }

    @Test func `the queue comes to a catalog that is in use, and what is in it stays`() throws {
        let connection = try databases.empty().connect()
        let count = try #require(Migrations.schema.firstIndex { $0.name == "0012_ingest_queue" })
        try Migrator(schema: Array(Migrations.schema.prefix(count)), views: []).migrate(connection)
        try connection.script(
            """
            insert into likeness.watched_roots (folder, folder_text, marker) values ('/p', '/p', 'm');
            insert into likeness.images (content_sha256, width, height, bytes, format, state)
            values (sha256('a'), 1, 1, 1000, 'jpeg', 'hidden'), (sha256('b'), 1, 1, 1000, 'jpeg', 'active');
            insert into likeness.image_files (root, path, path_text, image, size, mtime_nanoseconds, device, inode)
            select 1, '/p/a', '/p/a', id, 1000, 1, 7, 8 from likeness.images where state = 'active';
            insert into likeness.ingest_failures (path, path_text, error_class, message, size, mtime_nanoseconds)
            values ('/p/x', '/p/x', 'truncated', 'cut short', 5, 1);
            """)
        #expect(try Migrator().migrate(connection).migrations == Migrations.schema.dropFirst(count).map(\.name))
        let catalog = Catalog(connection)
        let root = try #require(try catalog.root(at: Array("/p".utf8)))
        #expect(root.onVanish == .keep)
        #expect(root.marker == "m")
        #expect(try catalog.counts().files == 1)
        let failed = StampedFile(path: Array("/p/x".utf8), stamp: FileStamp(size: 5, mtimeNanoseconds: 1))
        let model = try catalog.addModel(name: "small", identity: .small(dimension: 4))
        #expect(try catalog.unknownFiles(of: [failed], model: model.id).isEmpty)
        // Nobody knows on which machine these numbers were read.
        let moved = StampedFile(
            path: Array("/p/b".utf8), stamp: FileStamp(size: 1000, mtimeNanoseconds: 1, device: 7, inode: 8))
        #expect(try catalog.movedFiles(matching: [moved], model: model.id, host: "here").isEmpty)
        _ = try catalog.openRoot(folder: root.folder, marker: "m", policy: .hide, host: "here")
        let outcome = try catalog.vanish(paths: [Array("/p/a".utf8)], root: root.id, host: "here")
        #expect(outcome.hiddenImages == 1)
        let states = try connection.rows("select state from likeness.images order by id")
        #expect(try states.map { try $0[0, as: String.self] } == ["hidden", "vanished"])
    }

    @Test func `somebody's view on one of ours is not dropped but named`() throws {
        let connection = try databases.migrated().connect()
        try connection.execute("create view mine as select image_id from likeness.image_overview")
        var views = Migrations.views
        views[0] = SQLFile(name: views[0].name, bytes: views[0].bytes + Array("\n".utf8))
        let error = #expect(throws: CatalogError.self) { try Migrator(views: views).migrate(connection) }
        #expect(error?.message.contains("mine") == true)
        try connection.execute("select from mine")
        try connection.execute("select from likeness.image_overview")
    }

    @Test func `a database that does not speak UTF-8 is refused`() throws {
        let administration = try Connection(TestServer.shared.administrationTarget())
        try administration.execute(
            "create database latin_tests encoding 'LATIN1' locale 'C' template template0")
        defer { _ = try? administration.execute("drop database latin_tests with (force)") }
        let connection = try Connection(TestServer.shared.administrationTarget().with(database: "latin_tests"))
        #expect(throws: CatalogError.wrongEncoding(have: "LATIN1")) { try Migrator().migrate(connection) }
    }

    @Test(arguments: [("Schema", Migrations.schema), ("Views", Migrations.views)])
    func `the build holds exactly the files of the folder`(folder: String, files: [SQLFile]) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Migrations/\(folder)")
        let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
        #expect(names == files.map { $0.name + ".sql" })
        for file in files {
            #expect(try Data(contentsOf: root.appending(path: file.name + ".sql")) == Data(file.bytes))
        }
    }

    @Test func `migrations are numbered from 1 without a gap`() {
        for (index, file) in Migrations.schema.enumerated() {
            #expect(Int(file.name.prefix(4)) == index + 1)
        }
    }

    @Test func `a view comes after those that it uses`() {
        let files = [
            ("a", "from likeness.b, likeness.bb"), ("b", "from likeness.c"), ("bb", "1"), ("c", "likeness.cc"),
        ]
        .map { SQLFile(name: $0.0, bytes: Array($0.1.utf8)) }
        #expect(inOrderOfUse(files).map(\.name) == ["bb", "c", "b", "a"])
    }
}
