import Catalog
import Faults
import Postgres
import TestSupport
import Testing

/// Conditions that somebody typed.
struct PredicateTests {
    private let databases = TestDatabases()

    @Test(arguments: [
        ("true", [0, 1, 2]), ("path like '%b' -- the second", [1]), ("path like '%b' /* a /* nested */ one */", [1]),
        ("width = 640 and\n(path like '%a' or path like '%c')", [0, 2]), ("path = $$/pictures/c$$", [2]),
        ("path = $p$/pictures/c$p$", [2]), ("path <> 'it''s ); drop table x; --'", [0, 1, 2]),
        (#"path <> E'\'); drop table x; --'"#, [0, 1, 2]), (#""path" like '%a'"#, [0]), ("false", []), ("null", []),
        ("image_id in (select image_id from likeness.image_overview where path like '%a')", [0]),
    ])
    func `a condition finds its pictures`(condition: String, expected: [Int]) throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c")
        let found = expected.map { images[$0] }.sorted()
        #expect(try test.catalog.images(where: condition) == found)
        #expect(try test.catalog.images(where: condition, limit: 1) == Array(found.prefix(1)))
    }

    @Test(arguments: [
        (
            "1=1); drop table likeness.images; --", "a bracket closes that was not opened",
            "1=1); drop table likeness.images; --", 3
        ),
        ("true; drop table likeness.images", "a semicolon ends it", "true; drop table likeness.images", 4),
        (
            "true) union select 1 where (true", "a bracket closes that was not opened",
            "true) union select 1 where (true", 4
        ),
        ("(true", "a bracket is not closed", "(true", 0),
        ("(array[1)", "a bracket closes that was not opened", "(array[1)", 8),
        ("true /* and", "a comment is not closed", "true /* and", 5),
        ("path = 'a", "a string is not closed", "path = 'a", 7),
        ("path = $$a", "a string is not closed", "path = $$a", 7),
        ("\"path = 'a'", "a quoted name is not closed", "\"path = 'a'", 0),
        ("  -- nothing", "it is empty", "  -- nothing", 0), ("", "it is empty", "", 0),
        (#"E'\' = ' or true); --"#, "a bracket closes that was not opened", #"E'\' = ' or true); --"#, 16),
        ("E'a' -- goes on\n'\\' = ' or true); --", "a bracket closes that was not opened", "'\\' = ' or true); --", 15),
        ("wdth > 3", "column \"wdth\" does not exist", "wdth > 3", 0),
        ("width > 3 and\n  path ~ 3", "operator does not exist: text ~ integer", "  path ~ 3", 7),
        ("width", "argument of WHERE must be type boolean, not type integer", "width", 0),
        ("width >", "syntax error at or near \")\"", "width >", 7),
        ("true order by 1", "syntax error at or near \"order\"", "true order by 1", 5),
    ])
    func `what is no condition is refused with its place`(
        condition: String, reason: String, line: String, caret: Int
    ) throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let error = #expect(throws: CatalogError.self) { try test.catalog.images(where: condition) }
        #expect(error?.message == "this is no condition on image_overview: \(reason)")
        #expect(error?.detail == line + "\n" + String(repeating: " ", count: 8 + caret) + "^")
        #expect(
            error?.hint?.hasSuffix("See the columns: likeness report image_overview --format csv --limit 1") == true)
        #expect(error?.exitStatus == .usage)
        #expect(try test.count("select count(*) from likeness.images") == 1)
    }

    @Test(arguments: [
        "pg_read_file('/etc/passwd') is not null", "lo_import('/etc/passwd') is not null",
        "setval('likeness.images_id_seq', 1000) is not null", "nextval('likeness.images_id_seq') > 0",
        "exists (select from likeness.images)", "likeness.prune_embedding_changes() is not null",
        "set_config('role', 'likeness', true) is not null",
        "set_config('session_authorization', 'likeness', true) is not null",
        "query_to_xml('select * from likeness.embeddings', true, true, '') is not null",
        "query_to_xml('update pg_settings set setting = ''likeness'' where name = ''role''', true, true, '') is not null",
        "query_to_xml('delete from likeness.images', true, true, '') is not null",
        "pg_ls_dir('/') is not null", "pg_terminate_backend(pg_backend_pid()) and pg_reload_conf()",
    ])
    func `a condition with effects, or one that reads more than views, is refused`(condition: String) throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let next = try test.count("select last_value from likeness.images_id_seq")
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.images(where: "case when image_id > 0 then \(condition) end")
        }
        #expect(error?.message.contains("embeddings:") == false)
        switch error {
        case .conditionRefused, .wrongCondition: break
        default: Issue.record("\(String(describing: error))")
        }
        #expect(try test.count("select last_value from likeness.images_id_seq") == next)
        #expect(try test.count("select count(*) from likeness.images") == 1)
        #expect(
            try test.connection.firstRow("select current_user::text")?[0]
                == test.connection.firstRow("select session_user::text")?[0, as: String.self])
    }

    @Test func `dblink is a function that does not exist unless somebody installs it`() throws {
        let test = try databases.catalog()
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.images(where: "exists (select from dblink('', 'select 1') as x (y int))")
        }
        #expect(error?.message.contains("function dblink(unknown, unknown) does not exist") == true)
    }

    @Test func `a condition that takes too long is cancelled`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.images(where: "pg_sleep(3600) is not null", timeout: .milliseconds(100))
        }
        #expect(error == .conditionTooSlow(view: "image_overview", limit: .milliseconds(100)))
        #expect(error?.message == "the condition on image_overview took longer than 0.100 s")
        // The limit was that of the condition alone.
        #expect(try test.connection.firstRow("select current_setting('statement_timeout')")?[0] == "0")
    }

    @Test func `settings that a condition changes do not outlive it`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let images = try test.catalog.images(where: "set_config('search_path', 'elsewhere', false) is not null")
        #expect(images.count == 1)
        let path: String? = try test.connection.firstRow("select current_setting('search_path')")?[0]
        #expect(path?.contains("elsewhere") == false)
    }

    @Test func `within a transaction that writes a condition cannot write either`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        try test.connection.execute(
            """
            create function public.write_something() returns boolean language sql volatile security definer as
                $$ insert into likeness.images (content_sha256, width, height, bytes, format)
                    values (sha256('x'), 1, 1, 1, 'jpeg') returning true $$
            """)
        try test.connection.transaction {
            let error = #expect(throws: CatalogError.self) {
                try test.catalog.images(where: "public.write_something()")
            }
            #expect(
                error?.message
                    == "a condition may only read the views: cannot execute INSERT in a read-only transaction")
            try test.connection.execute("update likeness.images set width = 7")
        }
        #expect(try test.catalog.images(where: "width = 7").count == 1)
    }

    @Test func `where the role cannot be had conditions run read-only as their user, a superuser's not at all`() throws
    {
        let administration = try Connection(TestServer.shared.administrationTarget())
        try administration.execute("create role modest_tests login")
        let database = try databases.empty()
        defer {
            _ = try? administration.execute("alter database \(identifier: database.name) owner to likeness")
            _ = try? database.connect().execute("drop owned by modest_tests cascade")
            _ = try? administration.execute("drop role modest_tests")
        }
        try administration.execute("alter database \(identifier: database.name) owner to modest_tests")
        let connection = try database.connect()
        try connection.execute("set role modest_tests")
        try Migrator().migrate(connection)
        let catalog = Catalog(connection)
        let model = try catalog.addModel(name: "small", identity: .small(dimension: 4))
        try catalog.write(.pictures(["a"]), model: model)
        #expect(try catalog.images(where: "width > 0").count == 1)
        let error = #expect(throws: CatalogError.self) {
            try catalog.images(where: "nextval('likeness.images_id_seq') > 0")
        }
        #expect(
            error?.message == "a condition may only read the views: cannot execute nextval() in a read-only transaction"
        )
        #expect(throws: CatalogError.noReader) {
            try Catalog(database.connect()).images(where: "width > 0")
        }
    }

    @Test func `the reader can call no function of ours that has effects`() throws {
        let connection = try databases.migrated().connect()
        let callable: [String] = try connection.rows(
            """
            select proname::text from pg_proc where pronamespace = 'likeness'::regnamespace and provolatile = 'v'
                and prorettype <> 'trigger'::regtype and has_function_privilege('likeness_reader', oid, 'execute')
            """
        ).map { try $0[0] }
        // It runs with the rights of the reader.
        #expect(callable == ["read_as_reader"])
        try connection.execute("set role likeness_reader")
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(
                "select * from likeness.read_as_reader('delete from likeness.images returning id') as r (id bigint)")
        }
        #expect(error?.sqlState == "42501")
    }
}
