/// Reads a condition as PostgreSQL's lexer would, to see that it is one expression in balanced parentheses.
///
/// Put in parentheses on lines of its own, such a text can neither end the statement nor the parentheses around it, and hides
/// nothing that follows. What it means, and whether it is allowed, the server says.
///
/// Source: PostgreSQL's manual, "Lexical Structure", with `standard_conforming_strings` on, as every connection has it.
struct PredicateScanner {
    /// Why a text is no condition.
    struct Problem: Error, Equatable {
        /// In words.
        let reason: String
        /// The offset of the character that it is about, in code points from 0.
        let offset: Int
    }

    private let characters: [Unicode.Scalar]
    private var position = 0
    /// Where the brackets stand that are still open, each with the one that closes it.
    private var open: [(offset: Int, closing: Unicode.Scalar)] = []

    private init(_ text: String) { characters = Array(text.unicodeScalars) }

    /// Throws unless the text could be a condition.
    ///
    /// - Complexity: O(n) in the length of the text.
    static func check(_ text: String) throws(Problem) {
        var scanner = PredicateScanner(text)
        var isEmpty = true
        while scanner.position < scanner.characters.count {
            if try scanner.readToken() { isEmpty = false }
        }
        if let last = scanner.open.last {
            throw Problem(reason: "a bracket is not closed", offset: last.offset)
        }
        if isEmpty { throw Problem(reason: "it is empty", offset: 0) }
    }

    /// Reads one string, name, comment or character; false when it means nothing: a space or a comment.
    private mutating func readToken() throws(Problem) -> Bool {
        let character = characters[position]
        switch character {
        case "'": try readString(isEscaping: false)
        case "\"": try readQuotedName()
        case "$": try readDollar()
        case "(": push(closedBy: ")")
        case "[": push(closedBy: "]")
        case ")", "]":
            guard open.last?.closing == character else {
                throw Problem(reason: "a bracket closes that was not opened", offset: position)
            }
            open.removeLast()
            position += 1
        case ";": throw Problem(reason: "a semicolon ends it", offset: position)
        case "\0": throw Problem(reason: "it holds the character NUL", offset: position)
        default:
            if starts(with: "--") {
                skipLine()
                return false
            }
            if starts(with: "/*") {
                try skipComment()
                return false
            }
            if isSpace(character) {
                position += 1
                return false
            }
            if isPartOfName(character) {
                try readWord()
            } else {
                position += 1
            }
        }
        return true
    }

    private mutating func push(closedBy closing: Unicode.Scalar) {
        open.append((position, closing))
        position += 1
    }

    /// A name or a number; before a quote the word E begins a string with backslashes.
    private mutating func readWord() throws(Problem) {
        let start = position
        // A dollar sign is part of a name but for its first character.
        while position < characters.count, isPartOfName(characters[position]) || characters[position] == "$" {
            position += 1
        }
        let isEscape = position == start + 1 && (characters[start] == "E" || characters[start] == "e")
        if isEscape, position < characters.count, characters[position] == "'" { try readString(isEscaping: true) }
    }

    /// A string from its first quote on. A string that goes on in another line after its end goes on with its backslashes.
    private mutating func readString(isEscaping: Bool) throws(Problem) {
        let start = position
        repeat {
            position += 1
            while position < characters.count, characters[position] != "'" {
                position += isEscaping && characters[position] == "\\" ? 2 : 1
            }
            guard position < characters.count else { throw Problem(reason: "a string is not closed", offset: start) }
            position += 1
        } while isEscaping && goesOnInAnotherLine()
    }

    /// Whether a quote follows behind white space with an end of line in it, and perhaps comments; goes there.
    private mutating func goesOnInAnotherLine() -> Bool {
        let start = position
        var hasLineEnd = false
        while position < characters.count {
            if isSpace(characters[position]) {
                if isLineEnd(characters[position]) { hasLineEnd = true }
                position += 1
            } else if starts(with: "--") {
                skipLine()
            } else {
                break
            }
        }
        if hasLineEnd, position < characters.count, characters[position] == "'" { return true }
        position = start
        return false
    }

    private mutating func readQuotedName() throws(Problem) {
        let start = position
        position += 1
        while position < characters.count, characters[position] != "\"" { position += 1 }
        guard position < characters.count else { throw Problem(reason: "a quoted name is not closed", offset: start) }
        position += 1
    }

    /// A string between dollar signs with or without a word between them, or a lone dollar sign.
    private mutating func readDollar() throws(Problem) {
        let start = position
        var end = start + 1
        while end < characters.count, isPartOfName(characters[end]) { end += 1 }
        let isTag = end < characters.count && characters[end] == "$"
        let beginsWithDigit = end > start + 1 && ("0"..."9").contains(characters[start + 1])
        guard isTag, !beginsWithDigit else {
            position += 1
            return
        }
        let tag = characters[start...end]
        position = end + 1
        while position + tag.count <= characters.count {
            if characters[position..<position + tag.count] == tag {
                position += tag.count
                return
            }
            position += 1
        }
        throw Problem(reason: "a string is not closed", offset: start)
    }

    private mutating func skipLine() {
        while position < characters.count, !isLineEnd(characters[position]) { position += 1 }
    }

    /// A comment, with those within it.
    private mutating func skipComment() throws(Problem) {
        let start = position
        var depth = 0
        repeat {
            guard position < characters.count else { throw Problem(reason: "a comment is not closed", offset: start) }
            if starts(with: "/*") {
                depth += 1
                position += 2
            } else if starts(with: "*/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0
    }

    private func starts(with text: String) -> Bool {
        characters[position...].starts(with: text.unicodeScalars)
    }

    private func isLineEnd(_ character: Unicode.Scalar) -> Bool { character == "\n" || character == "\r" }

    /// White space as PostgreSQL has it: a no-break space, say, is part of a name.
    private func isSpace(_ character: Unicode.Scalar) -> Bool {
        character == " " || (0x09...0x0D).contains(character.value)
    }

    private func isPartOfName(_ character: Unicode.Scalar) -> Bool {
        character == "_" || character.value >= 0x80 || ("0"..."9").contains(character)
            || ("A"..."Z").contains(character) || ("a"..."z").contains(character)
    }
}
