/// A pattern of the shell's kind over bytes: `*`, `?`, `[…]`, `\` and, across folders, `**`.
///
/// All places of the pattern at which a match can be are followed at once, so that no pattern takes more than O(p · t) for p
/// bytes of pattern and t of text.
struct Glob: Sendable {
    private enum Token: Sendable {
        case byte(UInt8)
        /// `?`
        case anyByte
        case set(ByteSet)
        /// `*`
        case anyName
        /// `**/`: any number of folders, none as well.
        case anyFolders
        /// `**` at the end.
        case everything
    }

    private let tokens: [Token]
    /// The pattern, if it is one byte after the other.
    private let literal: [UInt8]?
    /// What follows the `*`, if the pattern is one star and then one byte after the other.
    private let ending: [UInt8]?

    /// - Parameter crossesFolders: whether the text is a path, in which `**` matches any number of folders. Without it the text is one name.
    /// - Returns: nil for a pattern that can never match: a class without end or of an unknown name, a backslash at the end.
    init?(_ pattern: ArraySlice<UInt8>, crossesFolders: Bool) {
        var tokens: [Token] = []
        var rest = pattern
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                tokens.append(.byte(escaped))
            case UInt8(ascii: "?"): tokens.append(.anyByte)
            case UInt8(ascii: "["):
                guard let set = ByteSet(&rest) else { return nil }
                tokens.append(.set(set))
            case UInt8(ascii: "*"):
                let startsName = rest.startIndex - 1 == pattern.startIndex || pattern[rest.startIndex - 2] == slash
                var stars = 1
                while rest.first == UInt8(ascii: "*") {
                    rest.removeFirst()
                    stars += 1
                }
                tokens.append(Self.stars(stars > 1 && crossesFolders && startsName, &rest))
            default: tokens.append(.byte(byte))
            }
        }
        self.tokens = tokens
        literal = Self.bytes(tokens[...])
        if case .anyName = tokens.first { ending = Self.bytes(tokens.dropFirst()) } else { ending = nil }
    }

    private static func stars(_ mayCross: Bool, _ rest: inout ArraySlice<UInt8>) -> Token {
        guard mayCross else { return .anyName }
        if rest.isEmpty { return .everything }
        for separator in [[slash], [UInt8(ascii: "\\"), slash]] where rest.starts(with: separator) {
            rest.removeFirst(separator.count)
            return .anyFolders
        }
        return .anyName
    }

    private static func bytes(_ tokens: ArraySlice<Token>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for token in tokens {
            guard case .byte(let byte) = token else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Whether the whole text is of this pattern.
    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        if let literal { return text.elementsEqual(literal) }
        if let ending {
            let start = text.endIndex - ending.count
            return start >= text.startIndex && text[start...].elementsEqual(ending) && !text[..<start].contains(slash)
        }
        var places = [Bool](repeating: false, count: tokens.count + 1)
        var next = places
        enter(0, &places)
        for byte in text {
            var isAlive = false
            for index in next.indices { next[index] = false }
            for index in tokens.indices where places[index] {
                isAlive = true
                step(from: index, over: byte, &next)
            }
            if !isAlive { return false }
            swap(&places, &next)
        }
        return places[tokens.count]
    }

    private func step(from index: Int, over byte: UInt8, _ next: inout [Bool]) {
        switch tokens[index] {
        case .byte(let wanted): if byte == wanted { enter(index + 1, &next) }
        case .anyByte: if byte != slash { enter(index + 1, &next) }
        case .set(let set): if byte != slash && set.contains(byte) { enter(index + 1, &next) }
        case .anyName: if byte != slash { enter(index, &next) }
        case .everything: enter(index, &next)
        case .anyFolders:
            // Within a folder's name what follows cannot begin, so that its place is not entered anew.
            next[index] = true
            if byte == slash { enter(index + 1, &next) }
        }
    }

    /// Comes to a place, and to those behind it that may match nothing.
    private func enter(_ index: Int, _ places: inout [Bool]) {
        var index = index
        while true {
            places[index] = true
            guard index < tokens.count else { return }
            switch tokens[index] {
            case .anyName, .anyFolders, .everything: index += 1
            case .byte, .anyByte, .set: return
            }
        }
    }
}
