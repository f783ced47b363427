/// The rows of a binary COPY, cut out of the pieces that it comes in.
///
/// The form is a header (signature of 11 bytes, 32 bits of flags, the length of an extension and that), rows (the number of
/// fields in 16 bits, then each field with its length in 32 bits, -1 for NULL) and a trailer (-1 as the number of fields).
/// Nothing in it is believed: each length is held against what has come. A server sends one row a piece, which is read where it
/// lies; rows that are cut elsewhere are gathered, so that memory is bounded by a row and a piece.
/// Source: PostgreSQL's manual on COPY, "Binary Format".
package struct CopyStream {
    let columns: Columns
    private var state = State.header
    /// What has come of a row or header that is not complete.
    private var incomplete: [UInt8] = []
    private var fields: [CopyField] = []
    /// How many rows were read.
    package private(set) var rowCount = 0

    private enum State { case header, rows, ended }

    /// Where reading a piece has come to.
    private enum Step { case row(end: Int), end(end: Int), needsMore }

    private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0]
    /// PostgreSQL holds no value, row or message of 1 GiB. Source: `MaxAllocSize` in its `memutils.h`.
    private static let lengthLimit = 0x3FFF_FFFF

    init(columns: Columns) { self.columns = columns }

    /// A stream of columns with the names and types given, as if a server had described them.
    package init(columns: [(name: String, type: PostgresType)]) {
        self.init(columns: Columns(names: columns.map(\.name), types: columns.map(\.type)))
    }

    /// Reads the next piece.
    ///
    /// - Parameter body: gets each row that is complete.
    /// - Throws: ``PostgresError/malformedCopy(reason:)``; what `body` throws. The stream is of no use after either.
    package mutating func read(
        _ piece: UnsafeRawBufferPointer, _ body: (borrowing CopyRow) throws -> Void
    ) throws {
        if incomplete.isEmpty {
            let end = try readRows(of: piece, body)
            incomplete.append(contentsOf: piece[end...])
            return
        }
        incomplete.append(contentsOf: piece)
        var gathered: [UInt8] = []
        swap(&gathered, &incomplete)
        let end = try gathered.withUnsafeBytes { try readRows(of: $0, body) }
        gathered.removeFirst(end)
        swap(&gathered, &incomplete)
    }

    /// Makes sure that nothing is missing.
    ///
    /// - Throws: ``PostgresError/malformedCopy(reason:)``.
    package func finish() throws(PostgresError) {
        guard state == .ended else {
            throw .malformedCopy(reason: "it ends after \(rowCount) rows without a trailer")
        }
    }

    /// Reads what is complete; how much that was.
    private mutating func readRows(
        of bytes: UnsafeRawBufferPointer, _ body: (borrowing CopyRow) throws -> Void
    ) throws -> Int {
        var offset = 0
        if state == .header {
            guard let end = try headerEnd(bytes) else { return 0 }
            state = .rows
            offset = end
        }
        while offset < bytes.count {
            guard state == .rows else {
                throw PostgresError.malformedCopy(reason: "\(bytes.count - offset) bytes follow its trailer")
            }
            switch try nextRow(bytes, from: offset) {
            case .needsMore: return offset
            case .end(let end):
                state = .ended
                offset = end
            case .row(let end):
                rowCount += 1
                try body(CopyRow(bytes: bytes, fields: fields, columns: columns))
                offset = end
            }
        }
        return offset
    }

    private func headerEnd(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> Int? {
        guard bytes.starts(with: Self.signature.prefix(bytes.count)) else {
            throw .malformedCopy(reason: "it begins with other bytes than PGCOPY and what belongs to it")
        }
        guard bytes.count >= 19 else { return nil }
        // The lower 16 bits say nothing that a reader must know.
        let flags = bytes.bigEndian(at: 11, as: UInt32.self)
        guard flags >> 16 == 0 else {
            throw .malformedCopy(reason: "its flags are \(flags), of which those from 65536 on have no known meaning")
        }
        let length = try Self.length(bytes.bigEndian(at: 15, as: Int32.self), of: "its header's extension")
        return bytes.count - 19 >= length ? 19 + length : nil
    }

    /// Finds the fields of a row; `fields` holds them when it is complete.
    private mutating func nextRow(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(PostgresError) -> Step {
        guard bytes.count - start >= 2 else { return .needsMore }
        let count = bytes.bigEndian(at: start, as: Int16.self)
        if count == -1 { return .end(end: start + 2) }
        guard count == columns.names.count else {
            throw .malformedCopy(reason: "row \(rowCount + 1) has \(count) fields, not \(columns.names.count)")
        }
        fields.removeAll(keepingCapacity: true)
        var offset = start + 2
        for column in 0..<Int(count) {
            guard bytes.count - offset >= 4 else { return .needsMore }
            let length = bytes.bigEndian(at: offset, as: Int32.self)
            offset += 4
            if length == -1 {
                fields.append(CopyField(offset: offset, length: -1))
                continue
            }
            let checked = try Self.length(length, of: "field \(column + 1) of row \(rowCount + 1)")
            guard bytes.count - offset >= checked else { return .needsMore }
            fields.append(CopyField(offset: offset, length: checked))
            offset += checked
        }
        return .row(end: offset)
    }

    private static func length(
        _ length: Int32, of part: @autoclosure () -> String
    ) throws(PostgresError) -> Int {
        guard length >= 0, length <= lengthLimit else {
            throw .malformedCopy(reason: "\(part()) has the length \(length), not 0 to \(lengthLimit)")
        }
        return Int(length)
    }
}

/// Where a field lies in the bytes of its row; the length of NULL is -1.
struct CopyField {
    let offset: Int
    let length: Int
}
