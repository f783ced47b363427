import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// Every type goes to the server and comes back the same, and the server sees the same value as we do.
@Suite struct RoundTripTests {
    let connection: Connection

    init() throws {
        // One for all of them, each case with its own connection: they leave nothing behind.
        let database = try TestServer.shared.template(named: "round_trips") { _ in }
        connection = try Connection(TestServer.shared.administrationTarget().with(database: database))
    }

    private func roundTrip<Value: PostgresEncodable & PostgresDecodable>(_ value: Value) throws -> Value {
        let row = try #require(try connection.firstRow("select \(value) as value"))
        return try row["value"]
    }

    /// What the server writes for a value.
    private func text(_ value: some PostgresEncodable) throws -> String {
        let row = try #require(try connection.firstRow("select (\(value))::text as text"))
        return try row["text"]
    }

    @Test(arguments: [true, false])
    func `booleans`(value: Bool) throws {
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == "\(value)")
    }

    @Test(arguments: [Int16.min, -1, 0, 1, .max])
    func `small integers`(value: Int16) throws {
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == "\(value)")
    }

    @Test(arguments: [Int32.min, -1, 0, 1, .max])
    func `integers`(value: Int32) throws {
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == "\(value)")
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func `big integers`(value: Int64) throws {
        #expect(try roundTrip(value) == value)
        #expect(try roundTrip(Int(value)) == Int(value))
        #expect(try text(value) == "\(value)")
    }

    @Test(arguments: [
        -Float.infinity, -.greatestFiniteMagnitude, -0.0, 0, .leastNonzeroMagnitude, 0.1, .greatestFiniteMagnitude,
        .infinity,
    ])
    func `single precision`(value: Float) throws {
        #expect(try roundTrip(value).bitPattern == value.bitPattern)
        #expect(Float(try text(value).replacing("Infinity", with: "inf")) == value)
    }

    @Test(arguments: [
        -Double.infinity, -.greatestFiniteMagnitude, -0.0, 0, .leastNonzeroMagnitude, 0.1, .greatestFiniteMagnitude,
        .infinity,
    ])
    func `double precision`(value: Double) throws {
        #expect(try roundTrip(value).bitPattern == value.bitPattern)
        #expect(Double(try text(value).replacing("Infinity", with: "inf")) == value)
    }

    @Test func `not a number stays so`() throws {
        #expect(try roundTrip(Float.nan).isNaN)
        #expect(try roundTrip(Double.nan).isNaN)
        #expect(try text(Double.nan) == "NaN")
        #expect(try roundTrip([Float.nan, 1])[0].isNaN)
    }

    @Test(arguments: [
        "", "a", "'; drop table images; --", "\\ \" $1 %s", "Grüße 🚛 \u{1F469}\u{200D}\u{1F4BB}", "line\nline\r\n\t",
    ])
    func `text`(value: String) throws {
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == value)
    }

    @Test(arguments: [[], [0], [0, 255, 0, 92, 39], Array(0...255)] as [[UInt8]])
    func `bytes, zeros among them`(value: [UInt8]) throws {
        #expect(try roundTrip(value) == value)
        let length = try connection.firstRow("select octet_length(\(value)) as n")?["n", as: Int.self]
        #expect(length == value.count)
    }

    @Test func `a megabyte`() throws {
        let value = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try roundTrip(value) == value)
    }

    @Test func `universally unique ids`() throws {
        let value = try #require(UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"))
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == "00112233-4455-6677-8899-aabbccddeeff")
    }

    @Test(arguments: [
        (Timestamp(microsecondsSince1970: 0), "1970-01-01 00:00:00+00"),
        (Timestamp(microsecondsSince2000: 0), "2000-01-01 00:00:00+00"),
        (Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789), "2023-11-14 22:13:20.123456+00"),
        (Timestamp(microsecondsSince1970: -1), "1969-12-31 23:59:59.999999+00"),
        (.infinity, "infinity"), (.negativeInfinity, "-infinity"),
    ])
    func `moments`(value: Timestamp, words: String) throws {
        #expect(try roundTrip(value) == value)
        #expect(try text(value) == words)
    }

    @Test func `the last moment that PostgreSQL knows is read`() throws {
        let row = try #require(try connection.firstRow("select '294276-12-31 23:59:59.999999+00'::timestamptz as t"))
        let last = try row["t", as: Timestamp.self]
        #expect(last.isFinite && last < .infinity)
        #expect(last.microsecondsSince1970 == .max)
        #expect(try roundTrip(last) == last)
    }

    @Test func `moments are Foundation's dates`() throws {
        let date = Date(timeIntervalSince1970: 1_700_000_000.125)
        #expect(Timestamp(date).microsecondsSince1970 == 1_700_000_000_125_000)
        #expect(try roundTrip(Timestamp(date)).date == date)
        #expect(Timestamp(seconds: .max) == .init(microsecondsSince1970: .max))
    }

    @Test(arguments: [0, 3, 1 << 32, UInt64.max])
    func `transaction ids`(value: UInt64) throws {
        #expect(try roundTrip(TransactionID(value)) == TransactionID(value))
        #expect(try text(TransactionID(value)) == "\(value)")
    }

    @Test func `the server's own transaction id can be read and compared`() throws {
        let row = try #require(
            try connection.firstRow(
                "select pg_current_xact_id() as now, pg_snapshot_xmin(pg_current_snapshot()) as least"))
        #expect(try row["now", as: TransactionID.self] >= row["least"])
    }

    @Test func `JSON documents`() throws {
        let row = try #require(try connection.firstRow(#"select \#(JSON(#"{"b": [1, "ä"], "a": null}"#)) as j"#))
        #expect(try row["j", as: JSON.self].text == #"{"a": null, "b": [1, "ä"]}"#)
        #expect(try row["j", as: String.self] == #"{"a": null, "b": [1, "ä"]}"#)
        let plain = try #require(try connection.firstRow(#"select '{"x":1}'::json as j"#))
        #expect(try plain["j", as: JSON.self] == JSON(#"{"x":1}"#))
    }

    @Test func `arrays, empty ones too`() throws {
        #expect(try roundTrip([Int64]()) == [])
        #expect(try roundTrip([Int64.min, 0, .max]) == [.min, 0, .max])
        #expect(try roundTrip([Int32.min, 7]) == [.min, 7])
        #expect(try roundTrip([1, 2, 3]) == [1, 2, 3])
        #expect(try roundTrip([true, false]) == [true, false])
        #expect(try roundTrip(["", "a,b", "{\"}"]) == ["", "a,b", "{\"}"])
        #expect(try roundTrip([[UInt8]]()) == [])
        #expect(try roundTrip([[], [0, 1], [255]] as [[UInt8]]) == [[], [0, 1], [255]])
        #expect(try roundTrip([Float.infinity, -0.5]) == [.infinity, -0.5])
        #expect(try roundTrip([0.1, 1e300]) == [0.1, 1e300])
        #expect(try roundTrip([TransactionID(7)]) == [TransactionID(7)])
        #expect(try text(["", "NULL", "a\"b"]) == #"{"","NULL","a\"b"}"#)
        #expect(try text([[0, 255]] as [[UInt8]]) == #"{"\\x00ff"}"#)
    }

    @Test func `NULL is nil, and an error where nil cannot be`() throws {
        let row = try #require(try connection.firstRow("select \(nil as Int64?) as n, \(Optional("x")) as s"))
        #expect(try row["n", as: Int64?.self] == nil)
        #expect(try row["s", as: String?.self] == "x")
        #expect(row.isNull(0) && !row.isNull(1))
        #expect(throws: PostgresError.decoding(column: "n", expected: "Int64", got: "NULL")) {
            try row["n", as: Int64.self]
        }
    }

    @Test func `a NULL within an array is an error, not a hole`() throws {
        let row = try #require(
            try connection.firstRow("select array[1, null]::bigint[] as a, array[[1],[2]]::bigint[] as m"))
        #expect(throws: PostgresError.self) { try row["a", as: [Int64].self] }
        #expect(throws: PostgresError.self) { try row["m", as: [Int64].self] }
    }

    @Test(arguments: [
        "0", "1", "-1", "12.3400", "0.0001", "-0.5", "10000", "123456789012345678901234567890.000100", "NaN",
        "Infinity",
        "1e-20", "100000000", "9999.9999",
    ])
    func `numeric is read as its digits`(digits: String) throws {
        let row = try #require(
            try connection.firstRow("select (\(digits))::text::numeric as n, (\(digits))::text::numeric::text as t"))
        #expect(try row["n", as: String.self] == row["t", as: String.self])
        let number = try row["n", as: Double.self]
        #expect(number == Double(digits.replacing("Infinity", with: "inf")) || (number.isNaN && digits == "NaN"))
    }

    @Test func `integers are read into wider types, and into narrower ones when they fit`() throws {
        let row = try #require(
            try connection.firstRow("select 7::int2 as a, 8::int4 as b, 9::int8 as c, 3000000000 as d, 1.5::real as e"))
        #expect(try [row["a", as: Int.self], row["b"], row["c"], row["d"]] == [7, 8, 9, 3_000_000_000])
        #expect(try row["c", as: Int32.self] == 9)
        #expect(try row["e", as: Double.self] == 1.5)
        #expect(throws: PostgresError.decoding(column: "d", expected: "Int32", got: "bigint of 8 bytes")) {
            try row["d", as: Int32.self]
        }
        #expect(throws: PostgresError.decoding(column: "a", expected: "String", got: "smallint of 2 bytes")) {
            try row["a", as: String.self]
        }
    }

    @Test func `enums and domains are read as what they hold`() throws {
        try connection.script(
            """
            set search_path to pg_temp; create type color as enum ('red', 'green');
            create domain count as int check (value > 0)
            """)
        let row = try #require(try connection.firstRow("select 'green'::color as color, 5::count as count"))
        #expect(try row["color", as: String.self] == "green")
        #expect(try row["count", as: Int.self] == 5)
    }

    @Test func `a type of one's own goes as its raw value`() throws {
        enum State: String, PostgresEncodable, PostgresDecodable { case ready, broken }
        #expect(try roundTrip(State.broken) == .broken)
        let row = try #require(try connection.firstRow("select 'no state' as s"))
        #expect(throws: PostgresError.self) { try row["s", as: State.self] }
    }

    @Test func `bytes are lent without a copy`() throws {
        let row = try #require(try connection.firstRow("select '\\x00ff'::bytea as b, null::bytea as n, 1 as i"))
        #expect(try row.withBytes(of: "b") { $0.map { Array($0) } } == [0, 255])
        #expect(try row.withBytes(of: 1) { $0 == nil })
        #expect(throws: PostgresError.decoding(column: "i", expected: "bytea", got: "integer")) {
            try row.withBytes(of: "i") { _ in }
        }
    }

    @Test func `a column that is not there is named with those that are`() throws {
        let row = try #require(try connection.firstRow("select 1 as one, 2 as two"))
        let error = #expect(throws: PostgresError.self) { try row["three", as: Int.self] }
        #expect(error?.message == "the result has no column \"three\", only one, two")
    }
}
