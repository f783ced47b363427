import Catalog

/// A report as a page of HTML; pictures are shown from where their files lie, because a report can have millions of rows.
enum ReportPage {
    /// Everything before the first row. What the columns hold stands in their titles.
    static func head(title: String, comment: String, columns: [CatalogReport.Column]) -> String {
        let cells = columns.map { column in
            "<th\(numberClass(column)) title=\"\(HTMLPage.escaped(column.comment))\">\(HTMLPage.escaped(column.name))</th>"
        }
        return HTMLPage.start(title: title, style: style) + """
            <p>\(HTMLPage.escaped(comment))</p>
            <table>
            <thead><tr>\(cells.joined())</tr></thead>
            <tbody>

            """
    }

    /// A row of the table; the file of a picture is shown above its path.
    static func row(_ cells: [String?], columns: [CatalogReport.Column]) -> String {
        let fields = zip(cells, columns).map { cell, column in
            "<td\(numberClass(column))>\(cell.map { picture(of: $0, in: column) + HTMLPage.escaped($0) } ?? "")</td>"
        }
        return "<tr>\(fields.joined())</tr>\n"
    }

    /// Everything after the last row.
    static func foot(rows: Int) -> String {
        """
        </tbody>
        </table>
        <p>\(rows) \(rows == 1 ? "row" : "rows")</p>

        """ + HTMLPage.end
    }

    private static let style = """
        table { border-collapse: collapse; }
        th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top; }
        th { position: sticky; top: 0; background: #fff; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        img { display: block; max-width: 128px; max-height: 96px; }
        """

    private static func numberClass(_ column: CatalogReport.Column) -> String { column.isNumber ? " class=\"n\"" : "" }

    /// A backslash stands for something that cannot be printed, and the name of the file is not known from the text.
    private static func picture(of path: String, in column: CatalogReport.Column) -> String {
        guard column.name == "path" || column.name.hasSuffix("_path"), path.hasPrefix("/"), !path.contains("\\") else {
            return ""
        }
        return "<img loading=\"lazy\" alt=\"\" src=\"file://\(percentEncoded(path))\">"
    }

    private static func percentEncoded(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(Unicode.Scalar(byte))
            default: "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }.joined()
    }
}
