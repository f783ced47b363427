import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// A bind of COPY is a literal: it must denote what the bind does, and be nothing but a value wherever it stands.
@Suite struct LiteralTests {
    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        connection = try database.connect()
        try connection.script("create table victim (x int); insert into victim values (1)")
    }

    private func copied<Value: PostgresDecodable>(_ query: SQL, as: Value.Type = Value.self) throws -> Value {
        var values: [Value] = []
        try connection.copyOut(query) { values.append(try $0[0]) }
        return try #require(values.count == 1 ? values[0] : nil)
    }

    /// Sends a value there and back, and makes sure that the server sees the same as it sees in a bind.
    private func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(_ value: Value) throws -> Bool {
        let seen: SQL = "select pg_typeof(\(value))::text || ' ' || (\(value))::text"
        let bound = try #require(try connection.firstRow(seen))
        return try copied("select \(value)", as: Value.self) == value && copied(seen) == bound[0, as: String.self]
    }

    @Test func `numbers and booleans`() throws {
        for value in [true, false] { #expect(try roundTrip(value)) }
        for value in [Int16.min, -1, 0, .max] { #expect(try roundTrip(value)) }
        for value in [Int32.min, -1, 0, .max] { #expect(try roundTrip(value)) }
        for value in [Int64.min, -1, 0, .max] { #expect(try roundTrip(value)) }
        for value in [Int.min, -1, 0, .max] { #expect(try roundTrip(value)) }
        for value in [0, 3, 1 << 32, UInt64.max] { #expect(try roundTrip(TransactionID(value))) }
    }

    @Test func `floating point, to the last bit`() throws {
        let special: [Double] = [
            .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, 0, 0.1,
        ]
        for value in special + special.map({ -$0 }) {
            #expect(try copied("select \(value)", as: Double.self).bitPattern == value.bitPattern)
            #expect(try roundTrip(value))
        }
        let single: [Float] = [
            .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, 0, 0.1,
        ]
        for value in single + single.map({ -$0 }) {
            #expect(try copied("select \(value)", as: Float.self).bitPattern == value.bitPattern)
            #expect(try roundTrip(value))
        }
        #expect(try copied("select \(Double.nan)", as: Double.self).isNaN)
        #expect(try copied("select \(Float.nan)", as: Float.self).isNaN)
        var generator = SplitMix(state: 1)
        let doubles = (0..<5000).map { _ in Double(bitPattern: generator.next()) }.filter { !$0.isNaN }
        #expect(try copied("select \(doubles)", as: [Double].self) == doubles)
        let floats = (0..<5000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
            .filter { !$0.isNaN }
        #expect(try copied("select \(floats)", as: [Float].self) == floats)
    }

    @Test(arguments: [
        "", "a", "E", "or", "null", "NULL", "'; drop table victim; --", "''", "\\", "\\'", "\\\\'", "\"", "$$", "$1",
        "$a$",
        "*/ drop table victim; /*", "-- ", "line\nline\r\n\t\u{0B}\u{7F}", "Grüße 🚛 \u{1F469}\u{200D}\u{1F4BB}\u{FEFF}",
        "\u{FFFF}\u{10FFFF}\u{1}", "\\u0027", "\\x27", "%s;:name ?", "{}", "{\"a\",NULL}", " a ", ",", "１２",
    ])
    func `text, whatever it holds`(value: String) throws {
        #expect(try roundTrip(value))
        #expect(try roundTrip([value, "", value]))
        #expect(try roundTrip(Array(value.utf8)))
        #expect(try roundTrip([Array(value.utf8), []]))
        // Neither setting may change what it means.
        try connection.execute("set standard_conforming_strings to off")
        #expect(try copied("select \(value)") == value)
        #expect(try copied("select \(Array(value.utf8))") == Array(value.utf8))
        try connection.execute("set client_encoding to latin1")
        #expect(try copied("select octet_length(\(value))") == value.utf8.count)
    }

    @Test func `bytes, ids and documents`() throws {
        #expect(try roundTrip(Array(0...255) as [UInt8]))
        #expect(try roundTrip([] as [UInt8]))
        let id = try #require(UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"))
        #expect(try roundTrip(id))
        #expect(try roundTrip([id, id]))
        let document = JSON(#"{"c": "\u0001", "a'b": ["\\ \" 🚛", null, 1.50]}"#)
        #expect(try roundTrip(document))
        #expect(try roundTrip([document, JSON("null"), JSON("\"NULL\"")]))
        let megabyte = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try copied("select \(megabyte)") == megabyte)
    }

    @Test func `moments of all times`() throws {
        let last = try copied("select '294276-12-31 23:59:59.999999+00'::timestamptz", as: Timestamp.self)
        let first = try copied("select '4714-11-24 00:00:00+00 BC'::timestamptz", as: Timestamp.self)
        for value in [first, last, .infinity, .negativeInfinity] { #expect(try roundTrip(value)) }
        let day: Int64 = 86_400_000_000
        // Each day around the turns of years and leap days, in centuries with and without one, on both sides of 1 BC.
        for year in [-4000, -400, -100, -4, -1, 0, 1, 4, 100, 400, 1582, 1900, 2000, 2024, 2100, 9999, 10_000, 200_000]
        {
            let start = Int64(year - 2000) * 365 * day + Int64((Double(year - 2000) * 0.2425).rounded(.down)) * day
            let moments = (-70...70).map { Timestamp(microsecondsSince2000: start + $0 * day - 1) }
            #expect(try copied("select \(moments)") == moments)
        }
        var generator = SplitMix(state: 2)
        // More than 63 bits can say, hence the arithmetic that wraps.
        let range = UInt64(bitPattern: last.microsecondsSince2000 &- first.microsecondsSince2000)
        let moments = (0..<5000).map { _ in
            Timestamp(microsecondsSince2000: first.microsecondsSince2000 &+ Int64(bitPattern: generator.next() % range))
        }
        for style in ["ISO, DMY", "SQL, DMY", "German", "Postgres, MDY"] {
            try connection.execute("set datestyle to \(raw: style)")
            #expect(try copied("select \(moments)") == moments)
        }
        #expect(throws: PostgresError.self) {
            try copied("select \(Timestamp(microsecondsSince2000: .min + 1))", as: Timestamp.self)
        }
    }

    @Test func `arrays, empty ones too`() throws {
        #expect(try roundTrip([Int64]()))
        #expect(try roundTrip([String]()))
        #expect(try roundTrip([Int64.min, 0, .max]))
        #expect(try roundTrip([Int32.min, 7]))
        #expect(try roundTrip([Int16.min, 7]))
        #expect(try roundTrip([true, false]))
        #expect(try roundTrip([Double.infinity, -.infinity, -0.5, 1e300]))
        #expect(try copied("select \([Float.nan, 1])", as: [Float].self)[0].isNaN)
        #expect(try roundTrip([TransactionID(7), TransactionID(.max)]))
        let many = Array(0..<20_000)
        #expect(try copied("select count(*) from generate_series(1, 30000) g where g = any(\(many))") == 19_999)
        #expect(try copied("select (\(many))[3]") == 2)
        #expect(try copied("select \(many)[3]") == 2)
    }

    @Test func `NULL of a type`() throws {
        #expect(try copied("select \(nil as Int64?)", as: Int64?.self) == nil)
        #expect(try copied("select pg_typeof(\(nil as [String]?))::text") == "text[]")
        #expect(try copied("select coalesce(\(nil as String?), \("x"))") == "x")
    }

    @Test func `a type of one's own goes as its raw value`() throws {
        enum State: String, PostgresEncodable, PostgresDecodable { case ready, broken }
        #expect(try roundTrip(State.broken))
    }

    @Test func `a value is never SQL, not even between quotes or in a comment`() throws {
        let evil = [
            "x", "or", "') to stdout; drop table victim; --", "'; drop table victim; --", "*/ 2; drop table victim; /*",
            "\"; drop table victim; --", "$$; drop table victim; --", "\n; drop table victim; --",
            "\\'; drop table victim",
        ]
        for value in evil {
            let error = #expect(throws: PostgresError.self) { try connection.copyOut("select '\(value)'") { _ in } }
            #expect(error?.sqlState == "42601")
            #expect(throws: PostgresError.self) { try connection.copyOut("select \"\(value)\"") { _ in } }
            #expect(try copied("select 1 /* \(value) */") == 1)
            #expect(try copied("select 1 -- \(value)") == 1)
            #expect(try copied("select $$\(value)$$", as: String.self).hasPrefix("(E'\\"))
        }
        #expect(try connection.rows("select * from victim").count == 1)
    }

    @Test func `an error shows the statement without the values`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connection.copyOut("select 1 / (length(\("secret")) - 6)") { _ in }
        }
        #expect(error?.sqlState == "22012")
        #expect(error?.detail?.contains("secret") == false)
        #expect(error?.detail?.contains("copy (select 1 / (length($1) - 6)) to stdout (format binary)") == true)
    }

    @Test func `what has no literal is refused before the server is asked`() throws {
        struct Interval: PostgresEncodable {
            static var postgresType: PostgresType { PostgresType(oid: 1186) }
            func appendPostgresBinary(to buffer: inout [UInt8]) { buffer += [UInt8](repeating: 0, count: 16) }
        }
        struct Short: PostgresEncodable {
            static var postgresType: PostgresType { PostgresType(oid: 20) }
            func appendPostgresBinary(to buffer: inout [UInt8]) { buffer += [1, 2, 3] }
        }
        struct Nested: PostgresEncodable {
            static var postgresType: PostgresType { PostgresType(oid: 1016) }
            func appendPostgresBinary(to buffer: inout [UInt8]) {
                buffer += [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x03, 0xF8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
            }
        }
        let refused: [(SQL, String)] = [
            ("select \(Interval())", "interval"), ("select \(nil as Interval?)", "interval"),
            ("select \(Short())", "pg_catalog.int8"), ("select \(Nested())", "pg_catalog.int8[]"),
            ("select \("a\0b")", "pg_catalog.text"), ("select \(["a\0b"])", "pg_catalog.text[]"),
        ]
        for (query, type) in refused {
            let error = #expect(throws: PostgresError.self) { try connection.copyOut(query) { _ in } }
            guard case .noLiteral(type, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try connection.copyOut("select 1") { _ in } == 1)
    }
}
