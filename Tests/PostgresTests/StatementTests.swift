import Faults
import Postgres
import TestSupport
import Testing

@Suite struct StatementTests {
    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        connection = try database.connect()
        try connection.script("create table images (id bigint primary key, name text, width integer check (width > 0))")
    }

    @Test(arguments: ["x'); drop table images; --", "' or '1'='1", "$1", "\\'", "a\0b"])
    func `a value is never taken for SQL`(name: String) throws {
        if name.contains("\0") {
            let error = #expect(throws: PostgresError.self) {
                try connection.execute("insert into images values (1, \(name))")
            }
            #expect(error?.sqlState == "22021")
        } else {
            #expect(try connection.execute("insert into images values (1, \(name))") == 1)
            #expect(try connection.rows("select id from images where name = \(name)").count == 1)
        }
        #expect(try connection.rows("select 1 from images where name = ''").isEmpty)
    }

    @Test func `parts are put together with their binds in order`() throws {
        let width: SQL = "width > \(10)"
        let sum: SQL = "select \(raw: "id") from \(identifier: "images") where \(width)" + " and id < \(5)"
        #expect(sum.text == "select id from \"images\" where width > $1 and id < $2")
        try connection.execute("insert into images values (1, 'a', 11), (2, 'b', 10), (6, 'c', 12)")
        #expect(try connection.rows(sum).map { try $0["id", as: Int.self] } == [1])
    }

    @Test func `a name is quoted`() throws {
        let name = #"odd "name"; drop table images"#
        try connection.execute("create table \(identifier: name) (x int)")
        #expect(try connection.rows("select * from \(identifier: name)").isEmpty)
    }

    @Test func `an array of ids is one bind`() throws {
        try connection.execute("insert into images values (1), (2), (3)")
        let rows = try connection.rows("select id from images where id = any(\([1, 3, 9] as [Int64])) order by id")
        #expect(try rows.map { try $0["id", as: Int64.self] } == [1, 3])
    }

    @Test func `more binds than the protocol counts are refused`() throws {
        var sql: SQL = "select 0"
        for number in 0..<65536 { sql += " + \(number)" }
        #expect(throws: PostgresError.tooManyBinds(have: 65536, limit: 65535)) { try connection.rows(sql) }
    }

    @Test func `rows affected are counted`() throws {
        #expect(try connection.execute("insert into images select generate_series(1, 7)") == 7)
        #expect(try connection.execute("update images set width = 1 where id > 5") == 2)
        #expect(try connection.execute("delete from images") == 7)
        #expect(try connection.execute("create table other (x int)") == 0)
        #expect(try connection.firstRow("select * from images") == nil)
    }

    @Test func `an error says what, where and which statement, and leaves the connection usable`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connection.execute("insert into images (id, width) values (\(1), \(Int32(-4)))")
        }
        #expect(error?.sqlState == "23514")
        #expect(error?.constraint == "images_width_check")
        #expect(error?.message == #"new row for relation "images" violates check constraint "images_width_check""#)
        #expect(error?.detail?.contains("Statement: insert into images (id, width) values ($1, $2)") == true)
        #expect(error?.recovery == .askOperator)
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a vector never stands in an error`() throws {
        try connection.script("create table embeddings (id int, vector bytea check (octet_length(vector) = 8192))")
        let vector = [UInt8](repeating: 0xAB, count: 4096)
        let error = #expect(throws: PostgresError.self) {
            try connection.execute("insert into embeddings values (1, \(vector))")
        }
        #expect(error?.sqlState == "23514")
        #expect(error.map { "\($0)".contains("abab") } == false)
    }

    @Test func `a COPY where none belongs is refused, and the connection is usable`() throws {
        #expect(throws: PostgresError.misplacedCopy(statement: "copy images from stdin")) {
            try connection.execute("copy images from stdin")
        }
        #expect(throws: PostgresError.self) { try connection.execute("copy (select 1) to stdout") }
        #expect(throws: PostgresError.self) { try connection.script("select 1; copy (select 1) to stdout; select 2") }
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a script runs to its end`() throws {
        try connection.script("insert into images values (1); insert into images values (2);\n-- done\n")
        #expect(try connection.rows("select * from images").count == 2)
        try connection.script("")
    }

    @Test(arguments: [
        ("select 1;\nselect 2;\nselect nothing;\nselect 3", 3),
        // Has no position of its own: the server only says that there is one already.
        ("create table a (x int);\n\n-- the same; again\ncreate table\n  a (x int);", 4),
        ("create function f() returns text language sql as $body$\n select ';';\n$body$;\nselect 1/0;", 4),
        ("select 'a;\nb';\n/* ; /* nested */ ; */ select E'\\';';\nselect \"x;\" from images", 4),
    ])
    func `an error in a script says its line`(script: String, line: Int) throws {
        let error = #expect(throws: PostgresError.self) { try connection.script(script) }
        #expect(error?.message.hasSuffix("at line \(line)") == true, "\(error?.message ?? "none")")
    }

    @Test func `a script that fails leaves nothing`() throws {
        #expect(throws: PostgresError.self) { try connection.script("insert into images values (1); select 1/0") }
        #expect(try connection.rows("select * from images").isEmpty)
    }

    @Test func `the session is as it was promised`() throws {
        let row = try #require(
            try connection.firstRow(
                """
                select current_setting('timezone') as zone, current_setting('client_encoding') as encoding,
                       current_setting('application_name') as name, pg_backend_pid() as pid
                """))
        #expect(try row["zone", as: String.self] == "UTC")
        #expect(try row["encoding", as: String.self] == "UTF8")
        #expect(try row["name", as: String.self] == "likeness")
        #expect(try row["pid", as: Int32.self] == connection.serverProcessID)
        #expect(connection.serverVersion >= 150_000)
    }

    @Test func `a closed connection says so`() throws {
        connection.close()
        let error = #expect(throws: PostgresError.self) { try connection.rows("select 1") }
        #expect(error == .connectionLost(reason: "it was closed", sqlState: nil))
    }
}
