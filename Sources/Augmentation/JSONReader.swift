import Faults

/// Reads a JSON document and keeps the line of every value, so that whoever wrote it is told where to look.
///
/// Source: RFC 8259. Numbers are read as the nearest double. Keys may not repeat.
struct JSONReader {
    /// A value and the line that it begins in, from 1.
    struct Node {
        let value: Value
        let line: Int

        func problem(_ problem: RecipeProblem) -> Problem { Problem(problem: problem, line: line) }
    }

    enum Value {
        case null
        case bool(Bool)
        case number(Double)
        case string(String)
        case array([Node])
        case object([(key: String, value: Node)])
    }

    /// What is wrong, and in which line.
    struct Problem: Error {
        let problem: RecipeProblem
        let line: Int
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    /// Deeper nesting is refused; a recipe has four levels.
    private static let greatestDepth = 16

    /// Reads a document that fills all the bytes.
    ///
    /// - Complexity: O(n) in the number of bytes.
    static func document(_ bytes: [UInt8]) throws(Problem) -> Node {
        var reader = JSONReader(bytes)
        let node = try reader.node(depth: 0)
        reader.skipSpaces()
        if reader.next != nil { throw reader.unexpected("the end of the file") }
        return node
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private func unexpected(_ expected: String) -> Problem {
        let found: String
        if let byte = next {
            let character = String(decoding: bytes[place..<min(place + 4, bytes.count)], as: UTF8.self).first
            found =
                byte == UInt8(ascii: "\n")
                ? "the end of the line" : "\"\(printableName(String(character ?? " ").utf8))\""
        } else {
            found = "the end of the file"
        }
        return Problem(problem: .notJSON(expected: expected, found: found), line: line)
    }

    private mutating func skipSpaces() {
        while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) {
            if byte == 0x0A { line += 1 }
            place += 1
        }
    }

    /// Takes a character that must come next, after spaces.
    private mutating func take(_ character: Unicode.Scalar, or expected: String) throws(Problem) {
        skipSpaces()
        guard next == UInt8(ascii: character) else { throw unexpected(expected) }
        place += 1
    }

    /// Takes a character if it comes next, after spaces.
    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func node(depth: Int) throws(Problem) -> Node {
        skipSpaces()
        let line = line
        guard depth < Self.greatestDepth else { throw unexpected("at most \(Self.greatestDepth) levels of nesting") }
        switch next {
        case UInt8(ascii: "{"): return Node(value: .object(try members(depth: depth)), line: line)
        case UInt8(ascii: "["): return Node(value: .array(try elements(depth: depth)), line: line)
        case UInt8(ascii: "\""): return Node(value: .string(try string()), line: line)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return Node(value: .number(try number()), line: line)
        default:
            for (word, value) in [("null", Value.null), ("true", .bool(true)), ("false", .bool(false))]
            where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return Node(value: value, line: line)
            }
            throw unexpected("a value")
        }
    }

    private mutating func elements(depth: Int) throws(Problem) -> [Node] {
        try take("[", or: "\"[\"")
        if takes("]") { return [] }
        var elements: [Node] = []
        repeat { elements.append(try node(depth: depth + 1)) } while takes(",")
        try take("]", or: "\",\" or \"]\"")
        return elements
    }

    private mutating func members(depth: Int) throws(Problem) -> [(key: String, value: Node)] {
        try take("{", or: "\"{\"")
        if takes("}") { return [] }
        var members: [(key: String, value: Node)] = []
        repeat {
            skipSpaces()
            let line = line
            let key = try string()
            if members.contains(where: { $0.key == key }) { throw Problem(problem: .repeatedKey(key), line: line) }
            try take(":", or: "\":\"")
            members.append((key, try node(depth: depth + 1)))
        } while takes(",")
        try take("}", or: "\",\" or \"}\"")
        return members
    }

    private mutating func number() throws(Problem) -> Double {
        let start = place
        if next == UInt8(ascii: "-") { place += 1 }
        if next == UInt8(ascii: "0") { place += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            place += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw Problem(problem: .notJSON(expected: "a number below 1.8e308", found: text), line: line)
        }
        return value
    }

    private mutating func digits() throws(Problem) {
        let start = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        if place == start { throw unexpected("a digit") }
    }

    private mutating func string() throws(Problem) -> String {
        guard next == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
        place += 1
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\""), byte >= 0x20 {
            place += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        guard next == UInt8(ascii: "\"") else { throw unexpected("a quotation mark that ends the text") }
        guard let string = String(validating: text, as: UTF8.self) else {
            throw Problem(problem: .notJSON(expected: "UTF-8", found: "\"\(printableName(text))\""), line: line)
        }
        place += 1
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        let plain: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
        ]
        guard let byte = next, byte == UInt8(ascii: "u") || plain[byte] != nil else {
            throw unexpected("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
        place += 1
        if let character = plain[byte] { return text.append(character) }
        var units = [try hexadecimal()]
        if UTF16.isLeadSurrogate(units[0]), bytes[place...].starts(with: "\\u".utf8) {
            place += 2
            units.append(try hexadecimal())
        }
        guard let character = String(validating: units, as: UTF16.self) else {
            throw unexpected("the second half of a pair of surrogates")
        }
        text.append(contentsOf: character.utf8)
    }

    private mutating func hexadecimal() throws(Problem) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            place += 1
        }
        return unit
    }
}

extension JSONReader.Node {
    /// What it is, for messages.
    var words: String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): number(value)
        case .string(let text): "\"\(printableName(text.utf8))\""
        case .array(let elements): elements.isEmpty ? "an empty list" : "a list of \(elements.count)"
        case .object: "an object"
        }
    }
}
