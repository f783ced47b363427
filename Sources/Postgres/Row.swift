import CLibPQ

/// One row of a result.
///
/// It keeps the result that it belongs to, whole; take the values out and let it go.
public struct Row {
    let result: QueryResult
    let columns: Columns
    let index: Int32

    /// How many columns it has.
    public var count: Int { columns.names.count }

    /// The columns' names, in order.
    public var columnNames: [String] { columns.names }

    /// The value of a column by its name.
    ///
    /// An optional type takes NULL; any other throws ``PostgresError/decoding(column:expected:got:)`` on it.
    ///
    ///     let width = try row["width", as: Int32.self]
    ///     let camera: String? = try row["camera"]
    public subscript<Value: PostgresDecodable>(_ name: String, as type: Value.Type = Value.self) -> Value {
        get throws(PostgresError) { try self[columns.index(of: name), as: type] }
    }

    /// The value of a column by its place, from 0; faster than by name.
    ///
    /// - Precondition: the row has such a column.
    public subscript<Value: PostgresDecodable>(_ column: Int, as type: Value.Type = Value.self) -> Value {
        get throws(PostgresError) {
            try columns.value(of: column, from: bytes(column))
        }
    }

    /// Lends the bytes of a `bytea` column without a copy; nil is NULL.
    ///
    /// - Parameters:
    ///   - column: its place, from 0.
    ///   - body: gets the bytes, which are valid during the call only.
    public func withBytes<Result>(of column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Result) throws -> Result {
        try columns.requireBytes(column)
        return try withExtendedLifetime(result) { try body(bytes(column)) }
    }

    /// Lends the bytes of a `bytea` column without a copy; nil is NULL.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer?) throws -> Result
    ) throws -> Result {
        try withBytes(of: columns.index(of: name), body)
    }

    /// The place of a column, from 0.
    public func column(_ name: String) throws(PostgresError) -> Int { try columns.index(of: name) }

    /// Whether a column is NULL, by its place.
    public func isNull(_ column: Int) -> Bool { PQgetisnull(result.pointer, index, Int32(column)) != 0 }

    private func bytes(_ column: Int) -> UnsafeRawBufferPointer? {
        precondition(columns.names.indices.contains(column), "a row of \(count) columns has no column \(column)")
        let place = Int32(column)
        if PQgetisnull(result.pointer, index, place) != 0 { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result.pointer, index, place), count: Int(PQgetlength(result.pointer, index, place)))
    }
}

/// The names and types of a result's columns.
final class Columns {
    let names: [String]
    let types: [PostgresType]
    private var places: [String: Int] = [:]

    convenience init(of result: OpaquePointer) {
        let range = 0..<PQnfields(result)
        self.init(
            names: range.map { String(cString: PQfname(result, $0)) },
            types: range.map { PostgresType(oid: PQftype(result, $0)) })
    }

    init(names: [String], types: [PostgresType]) {
        self.names = names
        self.types = types
        // As SQL has it, the first of two columns with one name is the one that is meant.
        for (place, name) in names.enumerated() where places[name] == nil { places[name] = place }
    }

    func index(of name: String) throws(PostgresError) -> Int {
        guard let place = places[name] else { throw .noSuchColumn(name: name, columns: names) }
        return place
    }

    /// Reads the value of a column from its binary form; nil is NULL.
    func value<Value: PostgresDecodable>(
        of column: Int, from bytes: UnsafeRawBufferPointer?
    ) throws(PostgresError) -> Value {
        guard let bytes else {
            if let null = Value.postgresNull { return null }
            throw .decoding(column: names[column], expected: "\(Value.self)", got: "NULL")
        }
        guard let value = Value(postgresBytes: bytes, type: types[column]) else {
            let got = "\(types[column]) of \(bytes.count) bytes"
            throw .decoding(column: names[column], expected: "\(Value.self)", got: got)
        }
        return value
    }

    /// Makes sure that a column is of a type whose bytes may be lent.
    func requireBytes(_ column: Int) throws(PostgresError) {
        if types[column] == .bytea { return }
        throw .decoding(column: names[column], expected: "bytea", got: "\(types[column])")
    }
}

/// A result of libpq, cleared with the last reference to it.
final class QueryResult {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }

    func field(_ code: Int32) -> String? { PQresultErrorField(pointer, code).map { String(cString: $0) } }
}
