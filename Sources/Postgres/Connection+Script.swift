import CLibPQ

extension Connection {
    /// Executes several statements, separated by semicolons and without binds; the first that fails ends it.
    ///
    /// They form one transaction, unless one is open already or the script says `begin`.
    ///
    /// - Throws: ``PostgresError`` with the line of the script where the error is, or where the statement begins that failed.
    public func script(_ text: String) throws(PostgresError) {
        guard PQsendQuery(handle, text) == 1 else { throw connectionFailure(statement: text) }
        let statements = scriptStatements(text)
        var completed = 0
        var failure: PostgresError?
        while let pointer = PQgetResult(handle) {
            let result = QueryResult(pointer)
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: completed += 1
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                endMisplacedCopy()
                failure = failure ?? .misplacedCopy(statement: "a script")
            default:
                let statement = completed < statements.count ? statements[completed] : nil
                let position = result.field(CLIBPQ_DIAG_POSITION).flatMap { Int($0) }
                let line = position.map { lineNumber(inText: text, character: $0) } ?? statement?.line
                failure = failure ?? self.failure(of: result, statement: statement?.text ?? text, line: line)
            }
        }
        if let failure { throw failure }
    }
}

/// A statement of a script and the line where it begins; the first is 1.
package struct ScriptStatement: Equatable {
    package let text: String
    package let line: Int
}

/// The line of a character, both counted from 1 as PostgreSQL does: in code points.
func lineNumber(inText text: String, character: Int) -> Int {
    1 + text.unicodeScalars.prefix(max(character - 1, 0)).count { $0 == "\n" }
}

/// The statements of a script, for telling which one failed; those that hold nothing but comments are left out.
///
/// Knows strings, quoted names, dollar quotes and comments. Semicolons in the body of a function that is not quoted (`begin
/// atomic … end`) are taken for the end of a statement; what comes after is then named with too early a line.
///
/// - Complexity: O(n) in the length of the script.
package func scriptStatements(_ script: String) -> [ScriptStatement] {
    var scanner = ScriptScanner(characters: Array(script.unicodeScalars))
    while scanner.step() {}
    return scanner.statements
}

private struct ScriptScanner {
    let characters: [Unicode.Scalar]
    private(set) var statements: [ScriptStatement] = []
    private var position = 0
    private var line = 1
    /// Where the statement begins that is being read; nil before its first character.
    private var start: (position: Int, line: Int)?

    init(characters: [Unicode.Scalar]) { self.characters = characters }

    /// Reads one string, comment or character; false at the end.
    mutating func step() -> Bool {
        guard position < characters.count else {
            endStatement()
            return false
        }
        let character = characters[position]
        if starts(with: "--") {
            skip(through: "\n")
        } else if starts(with: "/*") {
            skipComment()
        } else if character == ";" {
            endStatement()
            advance(1)
        } else if character.properties.isWhitespace {
            advance(1)
        } else {
            if start == nil { start = (position, line) }
            skipToken(character)
        }
        return true
    }

    private mutating func skipToken(_ character: Unicode.Scalar) {
        if character == "'" {
            let isEscaping = position > 0 && (characters[position - 1] == "E" || characters[position - 1] == "e")
            advance(1)
            while position < characters.count, characters[position] != "'" {
                advance(isEscaping && characters[position] == "\\" ? 2 : 1)
            }
            advance(1)
        } else if character == "\"" {
            advance(1)
            skip(through: "\"")
        } else if character == "$", let tag = dollarTag() {
            advance(tag.unicodeScalars.count)
            skip(through: tag)
        } else {
            advance(1)
        }
    }

    /// `$tag$`, when that stands here and not within a name.
    private func dollarTag() -> String? {
        if position > 0, isPartOfName(characters[position - 1]) { return nil }
        let rest = characters[(position + 1)...]
        guard let end = rest.firstIndex(where: { !isPartOfName($0) }), characters[end] == "$" else { return nil }
        if let first = rest.first, first.properties.numericType != nil { return nil }
        var tag = String.UnicodeScalarView()
        tag.append(contentsOf: characters[position...end])
        return String(tag)
    }

    private func isPartOfName(_ character: Unicode.Scalar) -> Bool {
        character == "_" || character.properties.isAlphabetic || character.properties.numericType != nil
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                advance(2)
            } else if starts(with: "*/") {
                depth -= 1
                advance(2)
            } else {
                advance(1)
            }
        } while depth > 0 && position < characters.count
    }

    private mutating func skip(through end: String) {
        while position < characters.count, !starts(with: end) { advance(1) }
        advance(end.unicodeScalars.count)
    }

    private func starts(with text: String) -> Bool { characters[position...].starts(with: text.unicodeScalars) }

    private mutating func advance(_ count: Int) {
        let end = min(position + count, characters.count)
        line += characters[position..<end].count { $0 == "\n" }
        position = end
    }

    private mutating func endStatement() {
        guard let start else { return }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: characters[start.position..<position])
        statements.append(ScriptStatement(text: String(text), line: start.line))
        self.start = nil
    }
}
