/// A statement, and the values that are bound to it.
///
/// A value in a literal becomes a bind, never text, so that nothing in it can be taken for SQL:
///
///     let sql: SQL = "select id from images where width > \(width) and camera = \(camera)"   // … $1 … $2
///
/// `\(identifier: name)` puts in a quoted name, `\(raw: text)` puts in text as it is, another `SQL` is put in with its
/// binds, and `+` joins two.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    enum Piece: Sendable {
        case text(String)
        case bind(Bind)
    }

    private(set) var pieces: [Piece]

    /// Takes text as it is: a statement without binds that is only known at run time.
    public init(raw text: String) { pieces = [.text(text)] }

    /// Takes a literal without binds.
    public init(stringLiteral value: String) { self.init(raw: value) }

    /// Takes a literal with its binds.
    public init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }

    /// Joins two statements or parts of such, with nothing in between.
    public static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.pieces += right.pieces
        return sum
    }

    /// Appends a part, with nothing in between.
    public static func += (left: inout SQL, right: SQL) { left.pieces += right.pieces }

    /// The statement as the server gets it, with `$1` for the first bind.
    public var text: String { rendered().text }

    func rendered() -> (text: String, binds: [Bind]) {
        var text = ""
        var binds: [Bind] = []
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .bind(let bind):
                binds.append(bind)
                text += "$\(binds.count)"
            }
        }
        return (text, binds)
    }

    /// What an interpolated literal is made of.
    public struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [Piece] = []

        /// Begins with nothing.
        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(2 * interpolationCount + 1)
        }

        /// Takes the text between interpolations as it is.
        public mutating func appendLiteral(_ literal: String) { pieces.append(.text(literal)) }

        /// Binds a value; nil is NULL.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            pieces.append(.bind(Bind(value)))
        }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some PostgresEncodable) { pieces.append(.bind(Bind(value))) }

        /// Puts in a part with its binds.
        public mutating func appendInterpolation(_ part: SQL) { pieces += part.pieces }

        /// Puts in text as it is; never give it something that came from outside.
        public mutating func appendInterpolation(raw text: String) { pieces.append(.text(text)) }

        /// Puts in a name in quotes.
        public mutating func appendInterpolation(identifier name: String) {
            pieces.append(.text(quotedIdentifier(name)))
        }
    }
}

/// A value in binary form with the type it is declared as; nil is NULL.
struct Bind: Sendable {
    let type: PostgresType
    let bytes: [UInt8]?

    init<Value: PostgresEncodable>(_ value: Value?) {
        type = Value.postgresType
        guard let value else {
            bytes = nil
            return
        }
        var buffer: [UInt8] = []
        value.appendPostgresBinary(to: &buffer)
        bytes = buffer
    }
}

/// The name in double quotes, with those in it doubled.
func quotedIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
