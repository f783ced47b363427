/// What the server says of a statement that failed, without the data that was in it.
public struct ServerReport: Sendable, Equatable {
    /// The five-character code, as appendix A of PostgreSQL's manual lists them; nil when libpq made the report.
    public let sqlState: String?
    /// One line.
    public let message: String
    /// The server's second line; long runs of binary data in it are left out.
    public let detail: String?
    /// The server's advice.
    public let hint: String?
    /// The beginning of the statement, with `$1` for the first bind: values never stand in it.
    public let statement: String?
    /// The constraint that was violated, by name.
    public let constraint: String?
    /// The line of a script where the statement that failed begins, or where in it the error is; the first is 1.
    public let line: Int?
    /// The character of the statement where the server sees the error, the first is 1, in code points; nil when it names none.
    public let position: Int?

    /// Takes a report apart from the server's; shortens the statement and leaves out binary data and passwords.
    package init(
        sqlState: String?, message: String, detail: String? = nil, hint: String? = nil, statement: String? = nil,
        constraint: String? = nil, line: Int? = nil, position: Int? = nil
    ) {
        self.sqlState = sqlState
        self.message = withoutData(oneLine(message))
        self.detail = detail.map { withoutData(oneLine($0)) }
        self.hint = hint.map(oneLine)
        self.statement = statement.map { excerpt(of: $0) }
        self.constraint = constraint
        self.line = line
        self.position = position
    }

    /// The error that this is.
    package var error: PostgresError {
        switch sqlState {
        case "25006": .readOnly(self)
        case "53100": .diskFull(self)
        case "55P03": .lockNotAvailable(self)
        // The server is about to end the connection: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout.
        case "57P01", "57P02", "57P03", "57P05": .connectionLost(reason: message, sqlState: sqlState)
        default: .query(self)
        }
    }
}

/// The text on one line, with single spaces.
func oneLine(_ text: some StringProtocol) -> String {
    text.split { $0.isWhitespace }.joined(separator: " ")
}

/// The first 200 characters of a statement on one line, without the password of a `create role`.
private func excerpt(of statement: String) -> String {
    let line = oneLine(statement.prefix(2000))
    if line.lowercased().contains("password '") { return line.prefix { $0 != "'" } + "'…'" }
    return line.count <= 200 ? line : line.prefix(200) + "…"
}

/// The text with each run of 16 or more hexadecimal digits after `\x` replaced by an ellipsis, and each list of more than 8
/// numbers in braces: PostgreSQL quotes the row that failed, and a row may hold a vector.
func withoutData(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(where: { $0 == "\\" || $0 == "{" }) {
        result += rest[..<start]
        rest = rest[start...]
        if rest.hasPrefix("\\x") {
            let digits = rest.dropFirst(2).prefix { $0.isHexDigit }
            result += digits.count < 16 ? "\\x" + digits : "\\x…"
            rest = rest[digits.endIndex...]
        } else if rest.first == "{" {
            let list = rest.dropFirst().prefix { $0.isNumber || "+-.,eE".contains($0) }
            result += list.count { $0 == "," } < 8 ? "{" + list : "{…"
            rest = rest[list.endIndex...]
        } else {
            result.append(rest.removeFirst())
        }
    }
    return result + rest
}
