import Crypto
import Postgres

/// A SHA-256: what names a picture, a file of weights or a migration by its content.
public struct ContentDigest: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Its 32 bytes.
    public let rawValue: [UInt8]

    /// Takes a digest that was computed elsewhere; nil when it does not have 32 bytes.
    public init?(rawValue: [UInt8]) {
        guard rawValue.count == SHA256.byteCount else { return nil }
        self.rawValue = rawValue
    }

    /// Computes the digest of some bytes.
    public init(of bytes: some Sequence<UInt8>) {
        var hash = SHA256()
        hash.update(data: Array(bytes))
        rawValue = Array(hash.finalize())
    }

    /// Reads 64 hexadecimal digits; nil when the text is anything else.
    public init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
        guard digits.count == 2 * SHA256.byteCount, text.utf8.count == digits.count else { return nil }
        rawValue = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// 64 hexadecimal digits in lower case.
    public var description: String { Self.hexadecimal(rawValue) }

    /// The first eight digits, for messages.
    public var abbreviation: String { Self.hexadecimal(rawValue.prefix(4)) }

    /// Orders by bytes.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue.lexicographicallyPrecedes(right.rawValue) }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension ContentDigest: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// `bytea[]`.
    public static var postgresArrayType: PostgresType { [UInt8].postgresArrayType }
}
