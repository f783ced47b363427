import Postgres
import TestSupport
import Testing

@Suite struct StreamTests {
    struct Stop: Error {}

    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        connection = try database.connect()
    }

    @Test func `rows come one at a time, with their names`() throws {
        var seen: [Int] = []
        try connection.stream("select g::bigint as number from generate_series(1, \(Int32(5))) g") { (row) throws in
            #expect(row.columnNames == ["number"])
            seen.append(try row["number"])
        }
        #expect(seen == [1, 2, 3, 4, 5])
    }

    @Test func `a stream can be left in the middle`() throws {
        var seen = 0
        #expect(throws: Stop.self) {
            try connection.stream("select g, repeat('x', 8000) from generate_series(1, 100000000) g") { _ in
                seen += 1
                if seen == 1000 { throw Stop() }
            }
        }
        #expect(seen == 1000)
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a stream that fails in the middle gives its error after the rows before it`() throws {
        var seen = 0
        let error = #expect(throws: PostgresError.self) {
            try connection.stream("select 1 / (500 - g) from generate_series(1, 1000) g") { _ in seen += 1 }
        }
        #expect(seen == 499)
        #expect(error?.sqlState == "22012")
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a row of a stream stays readable after it`() throws {
        var rows: [Row] = []
        try connection.stream("select g::bigint as g from generate_series(1, 3) g") { rows.append($0) }
        #expect(try rows.map { try $0["g", as: Int.self] } == [1, 2, 3])
    }
}
