import Faults
import Glibc
import Postgres
import SystemPackage
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
            #expect(try cells[0, as: Int.self] == row)
            #expect(try cells[1, as: String?.self] == (row % 2 == 0 ? "row \(row)" : nil))
            #expect(try cells.withBytes(of: 2) { Array($0 ?? .init(start: nil, count: 0)) } == vectors[row])
            #expect(try cells[3, as: Timestamp.self].microsecondsSince1970 == Int64(row))
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
        let rows = try connection.copyOut("select * from s.embeddings") { _ in Issue.record("there is no row") }
        #expect(rows == 0)
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

    @Test func `reading can be stopped in the middle`() throws {
        var seen = 0
        #expect(throws: Stop.self) {
            try connection.copyOut("select g, repeat('x', 8000) from generate_series(1, 100000000) g") { _ in
                seen += 1
                if seen == 1000 { throw Stop() }
            }
        }
        #expect(seen == 1000)
        #expect(try connection.rows("select 1").count == 1)
        #expect(try connection.copyOut("select 1") { _ in } == 1)
    }

    @Test func `reading can be stopped at the first row and at the last`() throws {
        for stop in [1, 3] {
            #expect(throws: Stop.self) {
                try connection.copyOut("select generate_series(1, 3)") { row in if try row[0] == stop { throw Stop() } }
            }
            #expect(try connection.rows("select 1").count == 1)
        }
    }

    @Test func `stopping fails the transaction around it, and that one alone`() throws {
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.copyOut("select generate_series(1, 100000000)") { _ in throw Stop() }
            }
        }
        let rows = try connection.transaction { try connection.copyOut("select 1") { _ in } }
        #expect(rows == 1)
    }

    @Test func `an error of the server comes after the rows before it`() throws {
        var seen = 0
        let error = #expect(throws: PostgresError.self) {
            try connection.copyOut("select 1 / (10001 - g) from generate_series(1, 20000) g") { _ in seen += 1 }
        }
        #expect(seen == 10_000)
        #expect(error?.sqlState == "22012")
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a server that goes away in the middle is a lost connection`() throws {
        let reading = try database.connect()
        var seen = 0
        let error = #expect(throws: PostgresError.self) {
            try reading.copyOut("select repeat('x', 8000) from generate_series(1, 100000000)") { _ in
                seen += 1
                if seen == 10 { try connection.execute("select pg_terminate_backend(\(reading.serverProcessID))") }
            }
        }
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(seen >= 10)
        #expect(reading.isLost)
        #expect(throws: PostgresError.self) { try reading.copyOut("select 1") { _ in } }
    }

    @Test func `a query that cannot be copied is the server's error`() throws {
        let cases: [(SQL, String)] = [
            ("select * from nowhere", "42P01"), ("selec 1", "42601"), ("select 1; select 2", "42601"),
            ("select 1) to stdout; drop table s.embeddings; --", "42601"), ("show timezone", "42601"),
        ]
        for (query, sqlState) in cases {
            let error = #expect(throws: PostgresError.self) { try connection.copyOut(query) { _ in } }
            #expect(error?.sqlState == sqlState)
        }
        #expect(try count() == 0)
    }

    @Test func `a query may end in a comment, and have no columns`() throws {
        var counts: [Int] = []
        try connection.copyOut("select 1 -- one") { counts.append($0.count) }
        try connection.copyOut("select from generate_series(1, 2)") { counts.append($0.count) }
        #expect(counts == [1, 0, 0])
    }

    @Test func `what a statement returns is copied as well`() throws {
        var images: [Int] = []
        try connection.copyOut("insert into s.embeddings (image) values (7), (8) returning image") {
            images.append(try $0[0])
        }
        #expect(images == [7, 8])
        #expect(try count() == 2)
    }

    @Test func `a statement in the body is an error, not a crash`() throws {
        #expect(throws: PostgresError.self) {
            try connection.copyOut("select generate_series(1, 10)") { _ in try connection.execute("select 1") }
        }
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a column is read as what it is`() throws {
        try connection.copyOut("select 5::int2, 1.5::real, null::bigint, 'x'::text, 2.50::numeric, 7::bigint as n") {
            (row) throws in
            #expect(try row[0, as: Int.self] == 5)
            #expect(try row[1, as: Double.self] == 1.5)
            #expect(try row[2, as: Int?.self] == nil)
            #expect(row.isNull(2) && !row.isNull(3))
            #expect(try row[4, as: String.self] == "2.50")
        }
        // Eight bytes could be anything: that they are a number is known, for the query was described.
        #expect(throws: PostgresError.decoding(column: "n", expected: "Timestamp", got: "bigint of 8 bytes")) {
            try connection.copyOut("select 7::bigint as n") { _ = try $0[0, as: Timestamp.self] }
        }
        #expect(throws: PostgresError.decoding(column: "n", expected: "Int64", got: "NULL")) {
            try connection.copyOut("select null::bigint as n") { _ = try $0[0, as: Int64.self] }
        }
        #expect(throws: PostgresError.decoding(column: "n", expected: "bytea", got: "bigint")) {
            try connection.copyOut("select 7::bigint as n") { row in try row.withBytes(of: 0) { _ in } }
        }
    }

    @Test func `many rows take the memory of one`() throws {
        let before = try residentBytes()
        var most = 0
        var sum = 0
        let rows = try connection.copyOut(
            "select g::bigint, decode(repeat('5a', 8192), 'hex') from generate_series(1, 100000) g"
        ) { (row) throws in
            let number: Int = try row[0]
            sum += number
            try row.withBytes(of: 1) { #expect($0?.count == 8192 && $0?.last == 0x5A) }
            if number % 5000 == 0 { most = max(most, try residentBytes()) }
        }
        #expect(rows == 100_000)
        #expect(sum == 100_000 * 100_001 / 2)
        // Of 800 MB; other tests run in this process at the same time.
        #expect(most - before < 200_000_000)
    }

    @Test func `a row of 100 MB comes whole`() throws {
        try connection.copyOut("select 1, decode(repeat('5a', 100000000), 'hex'), 2") { (row) throws in
            try row.withBytes(of: 1) { #expect($0?.count == 100_000_000) }
            #expect(try row[2, as: Int.self] == 2)
        }
    }

    /// What the process holds in memory. Source: proc(5), the second number of `statm`, in pages.
    private func residentBytes() throws -> Int {
        let file = try FileDescriptor.open("/proc/self/statm", .readOnly)
        defer { try? file.close() }
        var text = [UInt8](repeating: 0, count: 256)
        let count = try text.withUnsafeMutableBytes { try file.read(into: $0) }
        let numbers = String(decoding: text.prefix(count), as: UTF8.self).split(separator: " ")
        let pages = try #require(Int(numbers[1]))
        return pages * sysconf(Int32(_SC_PAGESIZE))
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
