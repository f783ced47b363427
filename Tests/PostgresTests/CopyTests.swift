import Faults
import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
    struct Stop: Error {}

    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        connection = try database.connect()
        try connection.script(
            """
            create schema s;
            create table s.embeddings (image bigint primary key, name text, vector bytea, at timestamptz);
            alter table s.embeddings alter column vector set storage external
            """)
    }

    private let columns = ["image", "name", "vector", "at"]

    private func count() throws -> Int {
        try #require(try connection.firstRow("select count(*) as n from s.embeddings"))["n"]
    }

    @Test func `rows go in and come out the same`() throws {
        let vectors = (0..<500).map { row in (0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ row) } }
        let written = try connection.copyIn(into: "s.embeddings", columns: columns) { writer in
            for (row, vector) in vectors.enumerated() {
                try writer.startRow()
                try writer.field(Int64(row))
                try writer.field(row % 2 == 0 ? "row \(row)" : nil)
                try vector.withUnsafeBytes { try writer.field(bytes: $0) }
                try writer.field(Timestamp(microsecondsSince1970: Int64(row)))
            }
        }
        #expect(written == 500)
        var row = 0
        try connection.copyOut("select * from s.embeddings where image < \(Int64(400)) order by image") {
            (cells) throws in
            #expect(try cells["image", as: Int.self] == row)
            #expect(try cells["name", as: String?.self] == (row % 2 == 0 ? "row \(row)" : nil))
            #expect(try cells.withBytes(of: "vector") { Array($0 ?? .init(start: nil, count: 0)) } == vectors[row])
            #expect(try cells["at", as: Timestamp.self].microsecondsSince1970 == Int64(row))
            row += 1
        }
        #expect(row == 400)
    }

    @Test func `values of any kind make a row`() throws {
        try connection.copyIn(into: "s.embeddings", columns: columns) { writer in
            try writer.row(Int64(1), "a\\N\t\n", [0, 92, 10] as [UInt8], nil)
            try writer.row(Int64(2), nil, nil, Timestamp.infinity)
        }
        let row = try #require(try connection.firstRow("select * from s.embeddings where image = 1"))
        #expect(try row["name", as: String.self] == "a\\N\t\n")
        #expect(try row["vector", as: [UInt8].self] == [0, 92, 10])
        #expect(try row["at", as: Timestamp?.self] == nil)
        #expect(try count() == 2)
    }

    @Test func `no rows are no error`() throws {
        #expect(try connection.copyIn(into: "s.embeddings", columns: columns) { _ in } == 0)
        try connection.copyOut("select * from s.embeddings") { _ in Issue.record("there is no row") }
    }

    @Test func `a body that throws writes nothing and leaves the connection usable`() throws {
        #expect(throws: Stop.self) {
            try connection.copyIn(into: "s.embeddings", columns: columns) { writer in
                for image in 0..<1000 {
                    try writer.row(Int64(image), nil, [UInt8](repeating: 1, count: 8192), nil)
                    if image == 777 { throw Stop() }
                }
            }
        }
        #expect(try count() == 0)
    }

    @Test func `a row that the server refuses is its error, not a hang`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connection.copyIn(into: "s.embeddings", columns: columns) { writer in
                for image in 0..<2000 {
                    try writer.row(Int64(image % 1000), nil, [UInt8](repeating: 1, count: 8192), nil)
                }
            }
        }
        #expect(error?.sqlState == "23505")
        #expect(try count() == 0)
    }

    @Test func `a value of the wrong width is refused`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connection.copyIn(into: "s.embeddings", columns: ["image"]) { try $0.row(Int32(1)) }
        }
        #expect(error?.sqlState == "08P01")
        #expect(error?.recovery == .askOperator)
        #expect(try count() == 0)
    }

    @Test func `too few and too many fields are counted`() throws {
        #expect(throws: PostgresError.fieldCount(table: "s.embeddings", have: 1, need: 4)) {
            try connection.copyIn(into: "s.embeddings", columns: columns) { try $0.row(Int64(1)) }
        }
        #expect(throws: PostgresError.fieldCount(table: "s.embeddings", have: 2, need: 1)) {
            try connection.copyIn(into: "s.embeddings", columns: ["image"]) { try $0.row(Int64(1), "x") }
        }
        #expect(throws: PostgresError.fieldCount(table: "s.embeddings", have: 1, need: 2)) {
            try connection.copyIn(into: "s.embeddings", columns: ["image", "name"]) { writer in
                try writer.startRow()
                try writer.field(Int64(1))
            }
        }
        #expect(try count() == 0)
    }

    @Test func `a table or column that is not there is named`() throws {
        let noTable = #expect(throws: PostgresError.self) {
            try connection.copyIn(into: "nowhere", columns: ["x"]) { _ in }
        }
        #expect(noTable?.sqlState == "42P01")
        let noColumn = #expect(throws: PostgresError.self) {
            try connection.copyIn(into: "s.embeddings", columns: ["x"]) { _ in }
        }
        #expect(noColumn?.sqlState == "42703")
        #expect(try count() == 0)
    }

    @Test func `a stream can be left in the middle`() throws {
        var seen = 0
        #expect(throws: Stop.self) {
            try connection.copyOut("select g, repeat('x', 8000) from generate_series(1, 100000000) g") { _ in
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
            try connection.copyOut("select 1 / (500 - g) from generate_series(1, 1000) g") { _ in seen += 1 }
        }
        #expect(seen == 499)
        #expect(error?.sqlState == "22012")
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a row of a stream stays readable after it`() throws {
        var rows: [Row] = []
        try connection.copyOut("select g::bigint as g from generate_series(1, 3) g") { rows.append($0) }
        #expect(try rows.map { try $0["g", as: Int.self] } == [1, 2, 3])
    }

    @Test func `copying belongs to the transaction around it`() throws {
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.copyIn(into: "s.embeddings", columns: ["image"]) { try $0.row(Int64(1)) }
                throw Stop()
            }
        }
        #expect(try count() == 0)
    }
}
