import CLibPQ

/// Writes rows of a binary COPY; lent to the body of ``Connection/copyIn(into:columns:_:)``.
///
/// Sends whenever 256 KiB have gathered, so that memory is bounded by that and the longest row.
public struct CopyWriter {
    private let connection: Connection
    private let table: String
    private let columns: Int
    private let statement: String
    private var buffer: [UInt8] = []
    /// Fields of the row that is being written; nil before the first row.
    private var fields: Int?

    private static let sendSize = 256 * 1024
    /// Signature, flags without meaning yet, and the length of a header extension. Source: PostgreSQL's manual on COPY.
    private static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [0, 0, 0, 0] + [0, 0, 0, 0]

    init(connection: Connection, table: String, columns: Int, statement: String) {
        self.connection = connection
        self.table = table
        self.columns = columns
        self.statement = statement
        buffer.reserveCapacity(Self.sendSize * 3 / 2)
        buffer += Self.header
    }

    /// Writes a row; nil is NULL.
    ///
    /// - Throws: ``PostgresError/fieldCount(table:have:need:)`` when there are more or fewer values than columns;
    ///   ``PostgresError/connectionLost(reason:sqlState:)``. What the server objects to comes after the body.
    public mutating func row(_ values: (any PostgresEncodable)?...) throws(PostgresError) {
        try startRow()
        for value in values {
            if let value { try field(value) } else { try nullField() }
        }
        try endRow()
    }

    /// Begins a row, whose fields follow one by one; faster than ``row(_:)``.
    public mutating func startRow() throws(PostgresError) {
        try endRow()
        buffer.appendBigEndian(Int16(columns))
        fields = 0
    }

    /// Writes the next field of the row.
    public mutating func field(_ value: some PostgresEncodable) throws(PostgresError) {
        try countField()
        buffer.appendWithLength { value.appendPostgresBinary(to: &$0) }
    }

    /// Writes the next field of the row; nil is NULL.
    public mutating func field<Value: PostgresEncodable>(_ value: Value?) throws(PostgresError) {
        if let value { try field(value) } else { try nullField() }
    }

    /// Writes the next field of the row, a `bytea`, with one copy of the bytes.
    public mutating func field(bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        try countField()
        buffer.appendBigEndian(Int32(bytes.count))
        buffer.append(contentsOf: bytes)
    }

    /// Writes NULL as the next field of the row.
    public mutating func nullField() throws(PostgresError) {
        try countField()
        buffer.appendBigEndian(Int32(-1))
    }

    /// Sends what is left and the mark of the end.
    mutating func finish() throws(PostgresError) {
        try endRow()
        buffer.appendBigEndian(Int16(-1))
        try send()
    }

    private mutating func countField() throws(PostgresError) {
        guard let have = fields, have < columns else {
            throw .fieldCount(table: table, have: (fields ?? 0) + 1, need: columns)
        }
        fields = have + 1
    }

    private mutating func endRow() throws(PostgresError) {
        if let have = fields, have != columns { throw .fieldCount(table: table, have: have, need: columns) }
        fields = nil
        if buffer.count >= Self.sendSize { try send() }
    }

    private mutating func send() throws(PostgresError) {
        let status = buffer.withUnsafeBytes { bytes in
            PQputCopyData(
                connection.handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard status == 1 else { throw connection.connectionFailure(statement: statement) }
        buffer.removeAll(keepingCapacity: true)
    }
}
