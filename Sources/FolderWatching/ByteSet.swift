/// A set of bytes: what stands between `[` and `]` in a pattern.
struct ByteSet: Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Reads a class behind its `[`, up to and with its `]`.
    ///
    /// - Returns: nil when there is no `]`, or `[:name:]` of an unknown name.
    init?(_ rest: inout ArraySlice<UInt8>) {
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        // The first byte of a range, if the byte before can be one.
        var start: UInt8?
        var isFirst = true
        while true {
            guard let byte = rest.popFirst() else { return nil }
            switch byte {
            case UInt8(ascii: "]") where !isFirst:
                if isNegated { words = (~words.0, ~words.1, ~words.2, ~words.3) }
                return
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                insert(escaped)
                start = escaped
            case UInt8(ascii: "-") where start != nil && rest.first != nil && rest.first != UInt8(ascii: "]"):
                guard var end = rest.popFirst() else { return nil }
                if end == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { return nil }
                    end = escaped
                }
                if let start, start <= end { for byte in start...end { insert(byte) } }
                start = nil
            case UInt8(ascii: "[") where rest.first == UInt8(ascii: ":"):
                guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
                if close - rest.startIndex >= 2, rest[close - 1] == UInt8(ascii: ":") {
                    let name = String(decoding: rest[(rest.startIndex + 1)..<(close - 1)], as: UTF8.self)
                    guard let isMember = namedClasses[name] else { return nil }
                    for byte in UInt8(0)...127 where isMember(byte) { insert(byte) }
                    rest = rest[(close + 1)...]
                    start = nil
                } else {
                    insert(byte)
                    start = byte
                }
            default:
                insert(byte)
                start = byte
            }
            isFirst = false
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        return switch byte >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    private mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }
}

private let namedClasses: [String: @Sendable (UInt8) -> Bool] = [
    "alnum": { isLetter($0) || isDigit($0) },
    "alpha": isLetter,
    "blank": { $0 == 0x20 || $0 == 0x09 },
    "cntrl": { $0 < 0x20 || $0 == 0x7F },
    "digit": isDigit,
    "graph": { (0x21...0x7E).contains($0) },
    "lower": { (0x61...0x7A).contains($0) },
    "print": { (0x20...0x7E).contains($0) },
    "punct": { (0x21...0x7E).contains($0) && !isLetter($0) && !isDigit($0) },
    "space": { $0 == 0x20 || (0x09...0x0D).contains($0) },
    "upper": { (0x41...0x5A).contains($0) },
    "xdigit": { isDigit($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0) },
]

@Sendable private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
@Sendable private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
