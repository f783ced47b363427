import Postgres
import TestSupport
import Testing

/// Streams that no server sends: each is refused, whatever is wrong with it and wherever it is cut.
@Suite struct CopyStreamTests {
    private static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 13, 10, 0] + [0, 0, 0, 0] + [0, 0, 0, 0]
    private static let row: [UInt8] = [0, 2] + [0, 0, 0, 4, 0, 0, 1, 2] + [0, 0, 0, 3, 7, 8, 9]
    private static let rowWithNull: [UInt8] = [0, 2] + [0, 0, 0, 4, 0, 0, 0, 5] + [255, 255, 255, 255]
    private static let trailer: [UInt8] = [255, 255]
    private static let whole = header + row + rowWithNull + trailer

    /// The rows of a stream that comes in pieces.
    private func read(_ pieces: some Sequence<some Sequence<UInt8>>) throws -> [String] {
        let int4 = PostgresType(oid: 23)
        let bytea = PostgresType(oid: 17)
        var stream = CopyStream(columns: [(name: "n", type: int4), (name: "b", type: bytea)])
        var rows: [String] = []
        for piece in pieces {
            try Array(piece).withUnsafeBytes { bytes in
                try stream.read(bytes) { (row) throws in
                    let bytes = try row.withBytes(of: 1) { $0.map { Array($0) } }
                    rows.append("\(try row[0, as: Int.self]) \(bytes.map { "\($0)" } ?? "NULL")")
                }
            }
        }
        try stream.finish()
        #expect(stream.rowCount == rows.count)
        return rows
    }

    private func reason(_ bytes: [UInt8]) throws -> String? {
        let error = #expect(throws: PostgresError.self) { try read([bytes]) }
        guard case .malformedCopy(let reason) = error else { return nil }
        return reason
    }

    @Test func `rows are read wherever the pieces are cut`() throws {
        let expected = ["258 [7, 8, 9]", "5 NULL"]
        #expect(try read([Self.whole]) == expected)
        #expect(try read(Self.whole.map { [$0] }) == expected)
        for cut in 0...Self.whole.count {
            #expect(try read([Self.whole[..<cut], Self.whole[cut...]]) == expected)
        }
        for size in 1...Self.whole.count {
            let pieces = stride(from: 0, to: Self.whole.count, by: size).map { Self.whole[$0...].prefix(size) }
            #expect(try read(pieces) == expected)
        }
    }

    @Test func `a stream that ends early is refused at every length`() {
        for length in 0..<Self.whole.count {
            #expect(throws: PostgresError.self) { try read([Self.whole.prefix(length)]) }
        }
    }

    @Test func `an extension of the header is skipped`() throws {
        var header = Self.header
        header[18] = 5
        #expect(try read([header + [1, 2, 3, 4, 5] + Self.row + Self.trailer]).count == 1)
        #expect(throws: PostgresError.self) { try read([header + [1, 2, 3, 4]]) }
    }

    @Test func `what is wrong is said`() throws {
        #expect(try reason(Array("PGCOPX".utf8)) == "it begins with other bytes than PGCOPY and what belongs to it")
        #expect(try reason(Self.header + Self.row) == "it ends after 1 rows without a trailer")
        #expect(try reason(Self.whole + [0]) == "1 bytes follow its trailer")
        #expect(try reason(Self.header + [0, 3]) == "row 1 has 3 fields, not 2")
        #expect(try reason(Self.header + Self.row + [255, 254]) == "row 2 has -2 fields, not 2")
        #expect(
            try reason(Self.header + [0, 2, 255, 255, 255, 254])
                == "field 1 of row 1 has the length -2, not 0 to 1073741823")
        #expect(
            try reason(Self.header + [0, 2, 0x7F, 255, 255, 255])
                == "field 1 of row 1 has the length 2147483647, not 0 to 1073741823")
        var flags = Self.header
        flags[13] = 1
        #expect(try read([flags + Self.trailer]) == [])
        flags[12] = 1
        #expect(try reason(flags)?.hasPrefix("its flags are 65792,") == true)
        var negative = Self.header
        negative[15] = 255
        #expect(try reason(negative)?.hasPrefix("its header's extension has the length -") == true)
    }

    @Test func `no changed byte does more than give another value or an error`() {
        var whole = 0
        var refused = 0
        for place in Self.whole.indices {
            for value in 0...UInt8.max where value != Self.whole[place] {
                var bytes = Self.whole
                bytes[place] = value
                do {
                    // Fewer rows than there were are only seen by who knows their number, as the connection does.
                    #expect(try read([bytes]).count <= 2)
                    whole += 1
                } catch {
                    refused += 1
                }
            }
        }
        // The numbers, the bytes and the flags without a meaning can be anything: 8 + 3 + 2 places. The three others are
        // lengths of the header and of the bytes, which a smaller row or none at all may happen to fit.
        #expect(whole == 13 * 255 + 3)
        #expect(whole + refused == Self.whole.count * 255)
    }
}
