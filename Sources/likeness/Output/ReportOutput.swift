import Catalog
import Faults

/// Writes a report to standard output row by row, in memory that does not grow with it.
struct ReportOutput {
    private let title: String
    private let comment: String
    private let columns: [CatalogReport.Column]
    private let format: FormatArgument
    /// How many rows were written.
    private(set) var rows = 0
    /// Text that was not written yet, so that not each row is a call of the system.
    private var pending = ""
    /// The first rows of a table, which the widths of its columns are taken from; nil once they are known.
    private var sample: [[String]]? = []
    private var widths: [Int] = []

    /// Rows that the widths of a table are taken from; wider cells in later rows stand out.
    private static let sampleRows = 1000
    /// Characters of a list or an object that a table shows; the other formats have all of it.
    private static let listLength = 60

    init(title: String, comment: String, columns: [CatalogReport.Column], _ format: FormatArgument) {
        self.title = title
        self.comment = comment
        self.columns = columns
        self.format = format
        switch format {
        case .table: break
        case .json: pending = "["
        case .csv: pending = CSV.text(header: columns.map(\.name), rows: [])
        case .html: pending = ReportPage.head(title: title, comment: comment, columns: columns)
        }
    }

    /// Writes a row: a text for each column, nil for NULL; in JSON a single one, the object.
    mutating func write(_ cells: [String?]) {
        switch format {
        case .json: pending += (rows == 0 ? "\n  " : ",\n  ") + (cells[0] ?? "null")
        case .csv: pending += CSV.text(header: cells.map { $0 ?? "" }, rows: [])
        case .html: pending += ReportPage.row(cells, columns: columns)
        case .table:
            writeLine(
                zip(cells, columns).map { cell, column in cell.map { Self.shown($0, as: column) } ?? "" })
        }
        rows += 1
        if pending.utf8.count > 1 << 16 { flush() }
    }

    /// Writes what is left and the end.
    mutating func end() {
        switch format {
        case .table: if let sample { writeTable(sample) }
        case .json: pending += rows == 0 ? "]\n" : "\n]\n"
        case .csv: break
        case .html: pending += ReportPage.foot(rows: rows)
        }
        flush()
    }

    private mutating func flush() {
        StandardOutput.write(pending)
        pending = ""
    }

    private mutating func writeLine(_ cells: [String]) {
        if sample == nil { return pending += line(cells) }
        sample?.append(cells)
        if let sample, sample.count >= Self.sampleRows { writeTable(sample) }
    }

    /// The head of the table and its first rows.
    private mutating func writeTable(_ rows: [[String]]) {
        sample = nil
        if rows.isEmpty { return }
        widths = columns.indices.map { column in
            rows.reduce(columns[column].name.count) { max($0, $1[column].count) }
        }
        pending += line(columns.map(\.name)) + line(widths.map { String(repeating: "-", count: $0) })
        for row in rows { pending += line(row) }
    }

    private func line(_ cells: [String]) -> String {
        let padded = columns.indices.map { column in
            let space = String(repeating: " ", count: max(0, widths[column] - cells[column].count))
            return columns[column].isNumber ? space + cells[column] : cells[column] + space
        }
        return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }

    /// A value as a table shows it: numbers with a fraction to five places, lists cut short, on one line.
    private static func shown(_ text: String, as column: CatalogReport.Column) -> String {
        switch column.type {
        case "real", "double precision": return Double(text).map { fixed($0, 5) } ?? text
        case let type where type.hasSuffix("[]") || type.hasPrefix("json"):
            return text.count > listLength ? onOneLine(String(text.prefix(listLength - 1))) + "…" : onOneLine(text)
        default: return onOneLine(text)
        }
    }

    /// Control characters escaped, the rest as it is: paths in the catalog have been escaped before.
    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map {
            $0.properties.generalCategory == .control ? printableName(String($0).utf8) : String($0)
        }.joined()
    }
}
