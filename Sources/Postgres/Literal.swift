// COPY takes no binds, so a bind becomes a literal that denotes the same value of the same type. A value reaches SQL in two
// steps: each type has the text that its input function reads (``literalText(of:type:)``), and one function alone makes SQL
// of such a text (``literal(_:type:)``).

extension SQL {
    /// The statement with each bind as a literal, for statements that take no binds.
    ///
    /// - Throws: ``PostgresError/noLiteral(type:reason:)``.
    func withLiterals() throws(PostgresError) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .bind(let bind): text += try bind.literal()
            }
        }
        return text
    }
}

extension Bind {
    /// The value as SQL, in parentheses so that whatever stands behind it does not join the name of the type.
    func literal() throws(PostgresError) -> String {
        guard let name = type.castName else {
            throw .noLiteral(type: "\(type)", reason: "COPY takes no binds, and this type has no literal here")
        }
        guard let bytes else { return "(null::\(name))" }
        guard let text = bytes.withUnsafeBytes({ literalText(of: $0, type: type) }) else {
            throw .noLiteral(type: name, reason: "its \(bytes.count) bytes are not the binary form of one")
        }
        // Said here, for the server would call it a syntax error.
        if text.utf8.contains(0) { throw .noLiteral(type: name, reason: "PostgreSQL's text holds no zero character") }
        return "(\(escapeString(text))::\(name))"
    }
}

/// A text as an escape string in ASCII, the same whatever `standard_conforming_strings` and the client's encoding are.
///
/// No text can leave it, wherever it is put. Quotes of any kind, `$`, `*`, `/` and line ends stand as `\uXXXX`, so that it
/// ends no string, name or comment. The first character is always escaped: a literal that was put between quotes by mistake
/// ends those with its own, and the backslash behind that is an error of syntax for whatever follows.
func escapeString(_ text: String) -> String {
    var sql = "E'"
    sql.reserveCapacity(text.utf8.count + 8)
    var isFirst = true
    for scalar in text.unicodeScalars {
        if !isFirst && isPlain(scalar) {
            sql.unicodeScalars.append(scalar)
        } else if scalar == "\\" {
            sql += "\\\\"
        } else {
            let digits = String(scalar.value, radix: 16)
            let isShort = digits.count <= 4
            sql += isShort ? "\\u" : "\\U"
            sql += String(repeating: "0", count: (isShort ? 4 : 8) - digits.count) + digits
        }
        isFirst = false
    }
    return sql + "'"
}

/// Whether a character means nothing to SQL in any kind of quotes or comment.
private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", " ", ",", ".", ":", "+", "-": true
    default: false
    }
}

/// What the type's input function reads as the value of a binary form; nil when the bytes are not one.
private func literalText(of bytes: UnsafeRawBufferPointer, type: PostgresType) -> String? {
    switch type {
    case .bool: Bool(postgresBytes: bytes, type: type).map { $0 ? "true" : "false" }
    case .int2, .int4, .int8, .oid: Int64(postgresBytes: bytes, type: type).map { String($0) }
    case .float4: Float(postgresBytes: bytes, type: type).map(decimalText)
    case .float8: Double(postgresBytes: bytes, type: type).map(decimalText)
    case .numeric: decimalText(ofNumeric: bytes)
    case .text, .varchar, .bpchar, .name, .json, .jsonb: String(postgresBytes: bytes, type: type)
    case .bytea: "\\x" + hexadecimalText(bytes)
    case .uuid: bytes.count == 16 ? hexadecimalText(bytes) : nil
    case .timestamp, .timestamptz: Timestamp(postgresBytes: bytes, type: type).map(\.literalText)
    case .xid8: TransactionID(postgresBytes: bytes, type: type).map { String($0.rawValue) }
    default: arrayText(bytes)
    }
}

/// The shortest digits that are read as the same number; PostgreSQL has one NaN alone.
private func decimalText(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return value.description
}

private func hexadecimalText(_ bytes: UnsafeRawBufferPointer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
        for (index, byte) in bytes.enumerated() {
            text[2 * index] = digits[Int(byte >> 4)]
            text[2 * index + 1] = digits[Int(byte & 15)]
        }
        return 2 * bytes.count
    }
}

/// `{1,NULL,"a \"word\""}`; nil for what is no array of one dimension that counts from 1.
private func arrayText(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard var array = BinaryArray(bytes), array.firstIndex == 1 else { return nil }
    var text = "{"
    for index in 0..<array.count {
        if index > 0 { text += "," }
        var content: UnsafeRawBufferPointer?
        guard array.next(&content) else { return nil }
        guard let content else {
            text += "NULL"
            continue
        }
        // An array of arrays is of two dimensions: what claims to be one in one dimension is not to be followed down.
        guard array.elementType.castName?.hasSuffix("[]") == false,
            let element = literalText(of: content, type: array.elementType)
        else { return nil }
        let isNumber =
            !element.isEmpty && element.utf8.allSatisfy { $0 >= 0x2B && $0 <= 0x39 && $0 != 0x2C && $0 != 0x2F }
        text += isNumber ? element : quotedElement(element)
    }
    return text + "}"
}

/// An element of an array's text in double quotes, with those and the backslashes in it escaped.
private func quotedElement(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
}

extension PostgresType {
    /// The name for a cast, which no search path can turn into another type; nil for types without a literal.
    fileprivate var castName: String? { Self.castNames[oid].map { "pg_catalog." + $0 } }

    private static let castNames: [UInt32: String] = [
        16: "bool", 17: "bytea", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 114: "json",
        271: "xid8[]", 700: "float4", 701: "float8", 1000: "bool[]", 1001: "bytea[]", 1005: "int2[]", 1007: "int4[]",
        1009: "text[]", 1016: "int8[]", 1021: "float4[]", 1022: "float8[]", 1042: "bpchar", 1043: "varchar",
        1114: "timestamp", 1184: "timestamptz", 1185: "timestamptz[]", 1700: "numeric", 2950: "uuid", 2951: "uuid[]",
        3802: "jsonb", 3807: "jsonb[]", 5069: "xid8",
    ]
}

extension Timestamp {
    /// The moment to the microsecond as every date style reads it: `2023-11-14 22:13:20.123456+00`, with ` BC` where due.
    fileprivate var literalText: String {
        if !isFinite { return self == .infinity ? "infinity" : "-infinity" }
        let secondsOfDay: Int64 = 86400
        let (days, microseconds) = floorDivision(microsecondsSince2000, by: secondsOfDay * 1_000_000)
        let seconds = microseconds / 1_000_000
        let (year, month, day) = civilDate(daysSince2000: days)
        // There is no year 0: the one before 1 is 1 BC.
        let date = "\(padded(year > 0 ? year : 1 - year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2))"
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, to: 2) }.joined(separator: ":")
        return "\(date) \(time).\(padded(microseconds % 1_000_000, to: 6))+00" + (year > 0 ? "" : " BC")
    }
}

/// The date of a day in the Gregorian calendar, which PostgreSQL extends to all times; year 0 is 1 BC.
///
/// Counts in eras of 400 years that begin on the first of March, so that the leap day is the last of its year.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
private func civilDate(daysSince2000 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    // 2000-03-01, day 60, begins an era.
    let (era, dayOfEra) = floorDivision(days - 60, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = 2000 + 400 * era + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

/// Quotient toward the smaller, and the remainder, which is never negative; the divisor must be positive.
private func floorDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func padded(_ value: Int64, to width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
