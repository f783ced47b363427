import Catalog
import Faults
import FoundationEssentials
import Postgres
import Search

/// A row of a file of lineage, as far as it could be read.
struct LineageRow {
    /// From 1.
    let line: Int
    var child: [UInt8] = []
    var parent: [UInt8] = []
    var recipe = Postgres.JSON("[]")
    var seed: Int64?
    var ordinal: Int?
    /// Why it cannot be used; nil when it can.
    var problem: String?
}

/// Lineage that was written down elsewhere: comma-separated values with a header, or a JSON object on each line.
///
/// Columns, or keys: `child` and `parent`; `operation` and `parameters`, a JSON object; or in `parameters` a JSON array of
/// objects, each with its `operation`; `seed` and `ordinal`. Others are passed over.
struct LineageFile {
    let rows: [LineageRow]

    /// Reads a file; which of the two it is shows in its first character.
    init(_ bytes: [UInt8], name: String) throws(LineageFileFault) {
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let first = bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
            throw .isEmpty(name)
        }
        rows = first == UInt8(ascii: "{") ? Self.lines(of: bytes) : try Self.table(bytes, name: name)
        if rows.isEmpty { throw .isEmpty(name) }
    }

    private static func lines(of bytes: ArraySlice<UInt8>) -> [LineageRow] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.enumerated().compactMap { number, line in
            let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            return isBlank ? nil : row(of: line, line: number + 1)
        }
    }

    private static func row(of text: ArraySlice<UInt8>, line: Int) -> LineageRow {
        var row = LineageRow(line: line)
        guard case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: Data(text)) else {
            row.problem = "this is no JSON object: \(printableName(text.prefix(60)))"
            return row
        }
        row.child = reference(members["child"])
        row.parent = reference(members["parent"])
        row.fill(
            operation: members["operation"], parameters: members["parameters"], seed: members["seed"],
            ordinal: members["ordinal"])
        return row
    }

    /// A number is the number of a picture.
    private static func reference(_ value: JSONValue?) -> [UInt8] {
        switch value {
        case .string(let text): Array(text.utf8)
        case .integer(let number): Array("#\(number)".utf8)
        default: []
        }
    }

    private static func table(_ bytes: ArraySlice<UInt8>, name: String) throws(LineageFileFault) -> [LineageRow] {
        var records = CSVRecords(bytes)
        let header = try records.next(name)?.fields.map { String(decoding: $0, as: UTF8.self) } ?? []
        guard let child = header.firstIndex(of: "child"), let parent = header.firstIndex(of: "parent") else {
            throw .noColumns(name, header: header)
        }
        var rows: [LineageRow] = []
        while let record = try records.next(name) {
            if record.fields == [[]] { continue }
            var row = LineageRow(line: record.line)
            guard record.fields.count == header.count else {
                row.problem = "this has \(record.fields.count) fields, the header \(header.count)"
                rows.append(row)
                continue
            }
            func value(_ column: String, isJSON: Bool) -> JSONValue? {
                guard let place = header.firstIndex(of: column), !record.fields[place].isEmpty else { return nil }
                let text = record.fields[place]
                if isJSON, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text)) { return value }
                return .string(String(decoding: text, as: UTF8.self))
            }
            row.child = record.fields[child]
            row.parent = record.fields[parent]
            row.fill(
                operation: value("operation", isJSON: false), parameters: value("parameters", isJSON: true),
                seed: value("seed", isJSON: true), ordinal: value("ordinal", isJSON: true))
            rows.append(row)
        }
        return rows
    }
}

extension LineageRow {
    /// Takes how the child was made, or says why it cannot.
    mutating func fill(operation: JSONValue?, parameters: JSONValue?, seed: JSONValue?, ordinal: JSONValue?) {
        if child.isEmpty || parent.isEmpty {
            problem = child.isEmpty ? "there is no child" : "there is no parent"
            return
        }
        do throws(RowProblem) {
            recipe = try Self.recipe(operation.nonNull, parameters.nonNull)
            self.seed = try Self.integer(seed.nonNull, "seed", Int64.min...Int64.max)
            self.ordinal = try Self.integer(ordinal.nonNull, "ordinal", 0...Int64(Int32.max)).map(Int.init)
        } catch {
            problem = error.words
        }
    }

    private struct RowProblem: Error {
        let words: String
    }

    private static func recipe(_ operation: JSONValue?, _ parameters: JSONValue?) throws(RowProblem) -> Postgres.JSON {
        switch (operation, parameters) {
        case (nil, nil): return Postgres.JSON("[]")
        case (.string(let name)?, nil) where !name.isEmpty: return text([.object(["operation": .string(name)])])
        case (.string(let name)?, .object(let members)?) where !name.isEmpty:
            if let other = members["operation"], other != .string(name) {
                throw RowProblem(words: "the operation is \"\(name)\", and another one in its parameters")
            }
            return text([.object(members.merging(["operation": .string(name)]) { $1 })])
        case (nil, .array(let steps)?):
            for step in steps {
                guard case .object(let members) = step, case .string? = members["operation"] else {
                    throw RowProblem(words: "a step of the parameters is no object with an \"operation\"")
                }
            }
            return text(steps)
        case (nil, .object?): throw RowProblem(words: "there are parameters without an operation")
        case (.string(let name)?, .some):
            throw RowProblem(words: "the parameters of \"\(name)\" are no JSON object")
        case (nil, .some): throw RowProblem(words: "the parameters are neither a JSON object nor an array")
        case (.some, _): throw RowProblem(words: "the operation is no text")
        }
    }

    private static func text(_ steps: [JSONValue]) -> Postgres.JSON {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What was decoded from JSON can be encoded.
        return Postgres.JSON((try? encoder.encode(steps)).map { String(decoding: $0, as: UTF8.self) } ?? "[]")
    }

    private static func integer(
        _ value: JSONValue?, _ name: String, _ range: ClosedRange<Int64>
    ) throws(RowProblem) -> Int64? {
        guard let value else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw RowProblem(words: "the \(name) is no whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension JSONValue? {
    /// Without the null that stands for nothing.
    fileprivate var nonNull: JSONValue? { self == .null ? nil : self }
}

/// Records of comma-separated values, as RFC 4180 has them; fields are bytes, because file names need not be UTF-8.
private struct CSVRecords {
    private var bytes: ArraySlice<UInt8>
    private var line = 1

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// The next record with the line that it begins in; nil at the end.
    mutating func next(_ name: String) throws(LineageFileFault) -> (line: Int, fields: [[UInt8]])? {
        if bytes.isEmpty { return nil }
        let start = line
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where field.isEmpty: field += try quoted(name, from: start)
            case UInt8(ascii: ","):
                fields.append(field)
                field = []
            case UInt8(ascii: "\r") where bytes.first == UInt8(ascii: "\n"): break
            case UInt8(ascii: "\n"):
                line += 1
                return (start, fields + [field])
            default: field.append(byte)
            }
        }
        return (start, fields + [field])
    }

    /// The rest of a field in quotes, up to the quote that ends it; two of them are one.
    private mutating func quoted(_ name: String, from start: Int) throws(LineageFileFault) -> [UInt8] {
        var field: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == UInt8(ascii: "\"") {
                guard bytes.first == byte else { return field }
                bytes.removeFirst()
            }
            field.append(byte)
        }
        throw .openQuote(name, line: start)
    }
}

/// Why a file holds no lineage that could be read.
enum LineageFileFault: Fault {
    case isEmpty(String)
    case noColumns(String, header: [String])
    case openQuote(String, line: Int)

    var message: String {
        switch self {
        case .isEmpty(let name): "\(name) holds no lineage: it has no row"
        case .noColumns(let name, let header):
            "\(name) has the columns \(printableName(header.joined(separator: ", ").utf8)), not child and parent"
        case .openQuote(let name, let line): "\(name): line \(line): a quote is not closed"
        }
    }

    var hint: String? {
        "Write a header and rows: child,parent,operation,parameters; or on each line "
            + #"{"child": "a_1.jpg", "parent": "a.jpg", "operation": "rotate", "parameters": {"degrees": 4}}"#
    }
}
