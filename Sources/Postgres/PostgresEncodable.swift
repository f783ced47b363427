/// A value that can be bound to a statement or written by COPY, in PostgreSQL's binary format.
///
/// A type of one's own delegates to one of the built-in conformances: an id to `Int64`, an enum to `String`.
/// `RawRepresentable` types get the conformance of their raw value by declaring it.
public protocol PostgresEncodable {
    /// The type that the statement declares for the parameter.
    static var postgresType: PostgresType { get }

    /// Appends the binary form, in network byte order and without its length.
    func appendPostgresBinary(to buffer: inout [UInt8])
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    /// As the raw value or the element has it.
    public static var postgresType: PostgresType { RawValue.postgresType }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { rawValue.appendPostgresBinary(to: &buffer) }
}

extension Bool: PostgresEncodable {
    /// `boolean`.
    public static var postgresType: PostgresType { .bool }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.append(self ? 1 : 0) }
}

extension Int16: PostgresEncodable {
    /// `smallint`.
    public static var postgresType: PostgresType { .int2 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(self) }
}

extension Int32: PostgresEncodable {
    /// `integer`.
    public static var postgresType: PostgresType { .int4 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(self) }
}

extension Int64: PostgresEncodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(self) }
}

extension Int: PostgresEncodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(Int64(self)) }
}

extension Float: PostgresEncodable {
    /// `real`.
    public static var postgresType: PostgresType { .float4 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(bitPattern) }
}

extension Double: PostgresEncodable {
    /// `double precision`.
    public static var postgresType: PostgresType { .float8 }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.appendBigEndian(bitPattern) }
}

/// A string is text; PostgreSQL refuses one with a zero character (22021).
extension String: PostgresEncodable {
    /// `text`.
    public static var postgresType: PostgresType { .text }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { buffer.append(contentsOf: utf8) }
}

extension Array where Element == UInt8 {
    /// Appends an integer in network byte order.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends the length of what `body` appends, and that itself.
    mutating func appendWithLength(_ body: (inout [UInt8]) -> Void) {
        let start = count
        appendBigEndian(Int32(0))
        body(&self)
        let length = Int32(count - start - 4).bigEndian
        Swift.withUnsafeBytes(of: length) { replaceSubrange(start..<start + 4, with: $0) }
    }
}
