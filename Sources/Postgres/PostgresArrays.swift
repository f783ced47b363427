/// A type whose arrays can be bound and read: `[Int64]` is `bigint[]`, `[[UInt8]]` is `bytea[]`.
///
/// `UInt8` conforms as well, and its array is `bytea`.
public protocol PostgresArrayElement {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }

    /// Appends the binary form of an array.
    static func appendArray(_ elements: [Self], to buffer: inout [UInt8])

    /// Reads an array; nil when it has more than one dimension, NULLs, or elements that cannot be read as this.
    static func array(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) -> [Self]?
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    /// As the raw value or the element has it.
    public static var postgresType: PostgresType { Element.postgresArrayType }
    /// Appends the binary form.
    public func appendPostgresBinary(to buffer: inout [UInt8]) { Element.appendArray(self, to: &buffer) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    /// Reads the binary form; nil when it does not fit.
    public init?(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let elements = Element.array(postgresBytes: bytes, type: type) else { return nil }
        self = elements
    }
}

/// `[UInt8]` is `bytea`, not an array of numbers.
extension UInt8: PostgresArrayElement {
    /// `bytea`.
    public static var postgresArrayType: PostgresType { .bytea }
    /// Appends the binary form of an array.
    public static func appendArray(_ elements: [UInt8], to buffer: inout [UInt8]) {
        buffer.append(contentsOf: elements)
    }
    /// Reads an array.
    public static func array(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) -> [UInt8]? {
        type == .bytea ? Array(bytes) : nil
    }
}

// The form of an array: number of dimensions, whether there are NULLs, the element's type; for each dimension its length
// and first index; then each element with its length. Source: `array_send` in PostgreSQL's `arrayfuncs.c`.
extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    /// Appends the binary form of an array.
    public static func appendArray(_ elements: [Self], to buffer: inout [UInt8]) {
        buffer.appendBigEndian(Int32(elements.isEmpty ? 0 : 1))
        buffer.appendBigEndian(Int32(0))
        buffer.appendBigEndian(postgresType.oid)
        if elements.isEmpty { return }
        buffer.appendBigEndian(Int32(elements.count))
        buffer.appendBigEndian(Int32(1))
        for element in elements {
            buffer.appendWithLength { element.appendPostgresBinary(to: &$0) }
        }
    }

    /// Reads an array.
    public static func array(postgresBytes bytes: UnsafeRawBufferPointer, type: PostgresType) -> [Self]? {
        guard var array = BinaryArray(bytes) else { return nil }
        var elements: [Self] = []
        elements.reserveCapacity(array.count)
        for _ in 0..<array.count {
            var content: UnsafeRawBufferPointer?
            guard array.next(&content), let content,
                let element = Self(postgresBytes: content, type: array.elementType)
            else { return nil }
            elements.append(element)
        }
        return elements
    }
}

/// The elements of an array of one dimension or none, one after the other, where they lie.
struct BinaryArray {
    let elementType: PostgresType
    let count: Int
    /// The index of the first one, which is 1 unless somebody wanted another.
    let firstIndex: Int
    private let bytes: UnsafeRawBufferPointer
    private var offset = 20

    /// Reads what stands before the elements; nil when that is cut short or there are more dimensions.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 12 else { return nil }
        self.bytes = bytes
        elementType = PostgresType(oid: bytes.bigEndian(at: 8, as: UInt32.self))
        let dimensions = bytes.bigEndian(at: 0, as: Int32.self)
        if dimensions == 0 {
            count = 0
            firstIndex = 1
            return
        }
        guard dimensions == 1, bytes.count >= 20 else { return nil }
        count = Int(bytes.bigEndian(at: 12, as: Int32.self))
        firstIndex = Int(bytes.bigEndian(at: 16, as: Int32.self))
        // Each element has a length of 4 bytes, so that a count beyond that is not to be believed.
        guard count >= 0, count <= (bytes.count - 20) / 4 else { return nil }
    }

    /// Gives the next of the `count` elements, nil for NULL; false when the bytes end before it does.
    mutating func next(_ content: inout UnsafeRawBufferPointer?) -> Bool {
        guard bytes.count - offset >= 4 else { return false }
        let length = Int(bytes.bigEndian(at: offset, as: Int32.self))
        offset += 4
        if length == -1 {
            content = nil
            return true
        }
        guard length >= 0, bytes.count - offset >= length else { return false }
        content = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        offset += length
        return true
    }
}

extension Bool: PostgresArrayElement {
    /// `boolean[]`.
    public static var postgresArrayType: PostgresType { .boolArray }
}
extension Int16: PostgresArrayElement {
    /// `smallint[]`.
    public static var postgresArrayType: PostgresType { .int2Array }
}
extension Int32: PostgresArrayElement {
    /// `integer[]`.
    public static var postgresArrayType: PostgresType { .int4Array }
}
extension Int64: PostgresArrayElement {
    /// `bigint[]`.
    public static var postgresArrayType: PostgresType { .int8Array }
}
extension Int: PostgresArrayElement {
    /// `bigint[]`.
    public static var postgresArrayType: PostgresType { .int8Array }
}
extension Float: PostgresArrayElement {
    /// `real[]`.
    public static var postgresArrayType: PostgresType { .float4Array }
}
extension Double: PostgresArrayElement {
    /// `double precision[]`.
    public static var postgresArrayType: PostgresType { .float8Array }
}
extension String: PostgresArrayElement {
    /// `text[]`.
    public static var postgresArrayType: PostgresType { .textArray }
}
extension TransactionID: PostgresArrayElement {
    /// `xid8[]`.
    public static var postgresArrayType: PostgresType { .xid8Array }
}
extension Timestamp: PostgresArrayElement {
    /// `timestamp with time zone[]`.
    public static var postgresArrayType: PostgresType { .timestamptzArray }
}
extension JSON: PostgresArrayElement {
    /// `jsonb[]`.
    public static var postgresArrayType: PostgresType { .jsonbArray }
}
/// `[[UInt8]]` is `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {
    /// `bytea[]`.
    public static var postgresArrayType: PostgresType { .byteaArray }
}
