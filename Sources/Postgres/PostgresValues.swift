/// The id of a transaction, 64 bits wide so that it never comes round again (`xid8`).
public struct TransactionID: Hashable, Comparable, Sendable, PostgresEncodable, PostgresDecodable {
    /// The number; transactions that started later have greater ones.
    public let rawValue: UInt64

    /// Names a transaction by its number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Whether the one comes before the other.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `xid8`.
    public static var postgresType: PostgresType { .xid8 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(rawValue) }
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard type == .xid8, bytes.count == 8 else { return nil }
        self.init(bytes.bigEndian(at: 0, as: UInt64.self))
    }
}

/// A JSON document as text (`jsonb`, and `json` when read); PostgreSQL checks it and orders its keys.
public struct JSON: Hashable, Sendable, PostgresEncodable, PostgresDecodable {
    /// The document, in UTF-8 without a byte order mark.
    public let text: String

    /// Takes a document as it is; PostgreSQL refuses one that is not JSON (22P02).
    public init(_ text: String) { self.text = text }

    /// `jsonb`.
    public static var postgresType: PostgresType { .jsonb }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) {
        buffer.append(Self.binaryVersion)
        buffer.append(contentsOf: text.utf8)
    }
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        let content: UnsafeRawBufferPointer
        switch type {
        case .json: content = bytes
        case .jsonb where bytes.first == Self.binaryVersion:
            content = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        default: return nil
        }
        guard let text = String(validating: content, as: UTF8.self) else { return nil }
        self.init(text)
    }

    /// The only version of jsonb's binary form that there is. Source: `jsonb_send` in PostgreSQL's `jsonb.c`.
    private static let binaryVersion: UInt8 = 1
}
