import Faults

/// How copies are named after their originals: `{stem}_{n}.jpg`.
///
/// `{stem}` is the name of the original without its extension, `{n}` a whole number, `*` anything.
struct NamePattern {
    private enum Piece: Equatable {
        case literal([UInt8])
        case stem
        case number
        case anything

        var isWildcard: Bool { if case .literal = self { false } else { true } }
    }

    /// So many at most: a name is tried in every way that there is.
    private static let mostWildcards = 4

    private let pieces: [Piece]

    /// Reads a pattern.
    init(_ text: [UInt8]) throws(NamePatternFault) {
        var pieces: [Piece] = []
        var rest = text[...]
        let wildcards: [(text: [UInt8], piece: Piece)] = [
            (Array("{stem}".utf8), .stem), (Array("{n}".utf8), .number), (Array("*".utf8), .anything),
        ]
        while let byte = rest.first {
            if let wildcard = wildcards.first(where: { rest.starts(with: $0.text) }) {
                pieces.append(wildcard.piece)
                rest = rest.dropFirst(wildcard.text.count)
                continue
            }
            guard ![UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "/")].contains(byte) else {
                throw .unknownPart(printableName(text), part: printableName(rest.prefix(12)))
            }
            if case .literal(let literal)? = pieces.last {
                pieces[pieces.count - 1] = .literal(literal + [byte])
            } else {
                pieces.append(.literal([byte]))
            }
            rest = rest.dropFirst()
        }
        let stems = pieces.count { $0 == .stem }
        guard stems == 1 else { throw .needsOneStem(printableName(text), have: stems) }
        let wild = pieces.count(where: \.isWildcard)
        guard wild <= Self.mostWildcards else {
            throw .tooManyWildcards(printableName(text), have: wild, limit: Self.mostWildcards)
        }
        self.pieces = pieces
    }

    /// Every stem that a file's name can have; empty for a name that does not fit.
    func stems(of name: [UInt8]) -> Set<[UInt8]> {
        var stems: Set<[UInt8]> = []
        match(name, from: 0, piece: 0, stem: 0..<0, &stems)
        return stems
    }

    private func match(
        _ name: [UInt8], from start: Int, piece: Int, stem: Range<Int>, _ stems: inout Set<[UInt8]>
    ) {
        guard piece < pieces.count else {
            if start == name.count { stems.insert(Array(name[stem])) }
            return
        }
        switch pieces[piece] {
        case .literal(let literal):
            guard name[start...].starts(with: literal) else { return }
            match(name, from: start + literal.count, piece: piece + 1, stem: stem, &stems)
        case .stem:
            for end in start + 1..<max(start + 1, name.count + 1) {
                match(name, from: end, piece: piece + 1, stem: start..<end, &stems)
            }
        case .anything:
            for end in start...name.count { match(name, from: end, piece: piece + 1, stem: stem, &stems) }
        case .number:
            // A whole number: of the digits that belong together none goes to what is before it.
            if start > 0, piece > 0, pieces[piece - 1].isWildcard, Self.isDigit(name[start - 1]) { return }
            let end = name[start...].firstIndex { !Self.isDigit($0) } ?? name.count
            if end > start { match(name, from: end, piece: piece + 1, stem: stem, &stems) }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// Why a pattern is none.
enum NamePatternFault: Fault {
    case unknownPart(String, part: String)
    case needsOneStem(String, have: Int)
    case tooManyWildcards(String, have: Int, limit: Int)
    case matchesNothing(String, files: Int)

    var message: String {
        switch self {
        case .unknownPart(let pattern, let part): "the pattern \"\(pattern)\" has an unknown part at \"\(part)\""
        case .needsOneStem(let pattern, let have): "the pattern \"\(pattern)\" has {stem} \(have) times, not once"
        case .tooManyWildcards(let pattern, let have, let limit):
            "the pattern \"\(pattern)\" has \(have) wildcards, not \(limit) at most"
        case .matchesNothing(let pattern, let files):
            "none of \(grouped(files)) files has a name like \"\(pattern)\""
        }
    }

    var detail: String? {
        "{stem} is the name of the original without its extension, {n} a whole number, * anything but a slash."
    }
    var hint: String? { "For a_1.jpg made from a.jpg: likeness lineage infer --pattern '{stem}_{n}.jpg' --dry-run" }
    var exitStatus: ExitStatus { if case .matchesNothing = self { .failed } else { .usage } }
}
