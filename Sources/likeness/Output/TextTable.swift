/// Rows and columns for people: headed, aligned, two spaces between columns.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment

        static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func append(_ cells: [String]) { rows.append(cells) }

    /// The table, a line each row; nothing at all when there is no row.
    var text: String {
        guard !rows.isEmpty else { return "" }
        let widths = columns.indices.map { column in
            rows.reduce(columns[column].title.count) { max($0, $1[column].count) }
        }
        let lines = [columns.map(\.title), widths.map { String(repeating: "-", count: $0) }] + rows
        return lines.map { line($0, widths: widths) }.joined()
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        let padded = zip(zip(cells, columns), widths).map { pair, width in
            let (cell, column) = pair
            let space = String(repeating: " ", count: width - cell.count)
            return column.alignment == .right ? space + cell : cell + space
        }
        let line = padded.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }
}
