/// A value that can be read from a column, in PostgreSQL's binary format.
public protocol PostgresDecodable {
    /// Reads the value; nil when a column of this type cannot be read as this, or the value does not fit.
    ///
    /// - Parameters:
    ///   - bytes: the binary form, in network byte order; valid during the call.
    ///   - type: the column's type, which decides what the bytes mean.
    init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType)

    /// What NULL is read as; nil when NULL is an error, as it is for everything but optionals.
    static var postgresNull: Self? { get }
}

extension PostgresDecodable {
    /// Whatever NULL stands for here.
    public static var postgresNull: Self? { nil }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = RawValue(postgresBytes: bytes, type: type) else { return nil }
        self.init(rawValue: value)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Wrapped(postgresBytes: bytes, type: type) else { return nil }
        self = .some(value)
    }
    /// Whatever NULL stands for here.
    public static var postgresNull: Self? { .some(.none) }
}

extension Bool: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard type == .bool, bytes.count == 1 else { return nil }
        self = bytes[0] != 0
    }
}

/// Reads smallint, integer and bigint.
extension Int64: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch (type, bytes.count) {
        case (.int2, 2): self = Int64(bytes.bigEndian(at: 0, as: Int16.self))
        case (.int4, 4): self = Int64(bytes.bigEndian(at: 0, as: Int32.self))
        case (.oid, 4): self = Int64(bytes.bigEndian(at: 0, as: UInt32.self))
        case (.int8, 8): self = bytes.bigEndian(at: 0, as: Int64.self)
        default: return nil
        }
    }
}

/// Reads smallint, integer and bigint.
extension Int: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Int64(postgresBytes: bytes, type: type) else { return nil }
        self.init(exactly: value)
    }
}

/// Reads smallint and integer, and a bigint that fits.
extension Int32: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Int64(postgresBytes: bytes, type: type) else { return nil }
        self.init(exactly: value)
    }
}

/// Reads smallint, and an integer or bigint that fits.
extension Int16: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Int64(postgresBytes: bytes, type: type) else { return nil }
        self.init(exactly: value)
    }
}

extension Float: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard type == .float4, bytes.count == 4 else { return nil }
        self.init(bitPattern: bytes.bigEndian(at: 0, as: UInt32.self))
    }
}

/// Reads real, double precision and numeric (rounded to the nearest double).
extension Double: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch (type, bytes.count) {
        case (.float4, 4): self = Double(Float(bitPattern: bytes.bigEndian(at: 0, as: UInt32.self)))
        case (.float8, 8): self.init(bitPattern: bytes.bigEndian(at: 0, as: UInt64.self))
        case (.numeric, _):
            guard let digits = decimalText(ofNumeric: bytes), let value = Double(digits) else { return nil }
            self = value
        default: return nil
        }
    }
}

/// Reads every type whose binary form is text (enums and domains too), JSON, and numeric as its decimal digits.
extension String: PostgresDecodable {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch type {
        case .text, .varchar, .bpchar, .name, .unknown, .json:
            self.init(validating: bytes, as: UTF8.self)
        case .jsonb:
            guard let json = JSON(postgresBytes: bytes, type: type) else { return nil }
            self = json.text
        case .numeric:
            guard let digits = decimalText(ofNumeric: bytes) else { return nil }
            self = digits
        default:
            guard type.isUserDefined else { return nil }
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The integer in network byte order at an offset, which must leave room for it.
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as: Value.Type) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
