import FoundationEssentials

/// A moment, in microseconds (`timestamp with time zone`; `timestamp` is read as UTC).
public struct Timestamp: Hashable, Comparable, Sendable, PostgresEncodable, PostgresDecodable {
    /// Microseconds since 2000-01-01 00:00 UTC, as PostgreSQL counts; the greatest and the least number are infinite.
    public let microsecondsSince2000: Int64

    /// After every moment.
    public static let infinity = Timestamp(microsecondsSince2000: .max)
    /// Before every moment.
    public static let negativeInfinity = Timestamp(microsecondsSince2000: .min)

    /// A moment as PostgreSQL counts.
    public init(microsecondsSince2000: Int64) { self.microsecondsSince2000 = microsecondsSince2000 }

    /// A moment as Unix counts; one before the least that fits becomes that.
    public init(microsecondsSince1970: Int64) {
        let (sum, overflow) = microsecondsSince1970.subtractingReportingOverflow(Self.epoch)
        self.init(microsecondsSince2000: overflow ? .min : sum)
    }

    /// A moment as a file's modification time has it.
    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let whole = overflow ? (seconds < 0 ? Int64.min : .max) : product
        self.init(microsecondsSince1970: overflow ? whole : whole &+ nanoseconds / 1000)
    }

    /// Microseconds since 1970-01-01 00:00 UTC, held to what 64 bits can say: PostgreSQL's last 30 years (of the 294,277th
    /// century on) are beyond it.
    public var microsecondsSince1970: Int64 {
        let (sum, overflow) = microsecondsSince2000.addingReportingOverflow(Self.epoch)
        return overflow ? .max : microsecondsSince2000 == .min ? .min : sum
    }

    /// Whether it is a moment at all, not one of the infinities.
    public var isFinite: Bool { self != .infinity && self != .negativeInfinity }

    /// Whether the one comes before the other.
    public static func < (left: Self, right: Self) -> Bool { left.microsecondsSince2000 < right.microsecondsSince2000 }

    /// `timestamp with time zone`.
    public static var postgresType: PostgresType { .timestamptz }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(microsecondsSince2000) }
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard type == .timestamptz || type == .timestamp, bytes.count == 8 else { return nil }
        self.init(microsecondsSince2000: bytes.bigEndian(at: 0, as: Int64.self))
    }

    /// 2000-01-01 00:00 UTC in microseconds since 1970.
    private static let epoch: Int64 = 946_684_800_000_000
}

extension Timestamp {
    /// A moment as Foundation has it, rounded to microseconds and held to what fits.
    public init(_ date: Date) {
        let microseconds = ((date.timeIntervalSince1970 * 1_000_000).rounded())
        self.init(microsecondsSince1970: Int64(exactly: microseconds) ?? (microseconds < 0 ? .min : .max))
    }

    /// The moment as Foundation has it, right to a microsecond within some centuries of today.
    public var date: Date { Date(timeIntervalSince1970: Double(microsecondsSince1970) / 1_000_000) }
}

extension UUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// `uuid`.
    public static var postgresType: PostgresType { .uuid }
    /// `uuid[]`.
    public static var postgresArrayType: PostgresType { .uuidArray }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) {
        withUnsafeBytes(of: uuid) { buffer.append(contentsOf: $0) }
    }
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard type == .uuid, bytes.count == 16 else { return nil }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
