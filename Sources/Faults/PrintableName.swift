/// A name of any bytes, made safe to print on one line.
///
/// File names are bytes: they may hold newlines, quotes, terminal escapes or no valid UTF-8 at all. Valid UTF-8 stays as
/// it is; control characters become `\n`, `\t`, `\r` or `\u{1B}`, bytes that are not UTF-8 become `\xE9`, and a backslash
/// is doubled so that the result is unambiguous.
///
/// - Complexity: O(n) in the number of bytes.
public func printableName(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var result = ""
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let end = min(index + utf8Length(leadByte: bytes[index]), bytes.endIndex)
        if let scalar = String(validating: bytes[index..<end], as: UTF8.self)?.unicodeScalars.first {
            result += printable(scalar)
            index = end
        } else {
            result += "\\x" + hexadecimal(bytes[index])
            index += 1
        }
    }
    return result
}

private func utf8Length(leadByte: UInt8) -> Int {
    switch leadByte {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
}

private func printable(_ scalar: Unicode.Scalar) -> String {
    switch scalar.value {
    case 0x0A: "\\n"
    case 0x0D: "\\r"
    case 0x09: "\\t"
    case 0x5C: "\\\\"
    // Control characters; line separators; directional overrides, which rewrite the line around them.
    case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069:
        "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    default: String(scalar)
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "0" + digits : digits
}
