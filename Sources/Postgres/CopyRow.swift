/// One row of a COPY, lent for the time of a call: it lies where libpq has put it, and cannot be kept.
public struct CopyRow: ~Copyable {
    private let bytes: UnsafeRawBufferPointer
    private let fields: [CopyField]
    private let columns: Columns

    /// Lends fields that were held against the bytes, one for each of the columns.
    init(bytes: UnsafeRawBufferPointer, fields: [CopyField], columns: Columns) {
        self.bytes = bytes
        self.fields = fields
        self.columns = columns
    }

    /// How many columns it has.
    public var count: Int { fields.count }

    /// The value of a column by its place, from 0.
    ///
    /// An optional type takes NULL; any other throws ``PostgresError/decoding(column:expected:got:)`` on it.
    ///
    /// - Precondition: the row has such a column.
    public subscript<Value: PostgresDecodable>(_ column: Int, as type: Value.Type = Value.self) -> Value {
        get throws(PostgresError) { try columns.value(of: column, from: field(column)) }
    }

    /// Whether a column is NULL, by its place.
    ///
    /// - Precondition: the row has such a column.
    public func isNull(_ column: Int) -> Bool { field(column) == nil }

    /// Lends the bytes of a `bytea` column without a copy; nil is NULL.
    ///
    /// - Parameters:
    ///   - column: its place, from 0.
    ///   - body: gets the bytes, which are valid during the call only.
    public func withBytes<Result>(of column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Result) throws -> Result {
        try columns.requireBytes(column)
        return try body(field(column))
    }

    private func field(_ column: Int) -> UnsafeRawBufferPointer? {
        precondition(fields.indices.contains(column), "a row of \(count) columns has no column \(column)")
        let field = fields[column]
        if field.length < 0 { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[field.offset..<field.offset + field.length])
    }
}
