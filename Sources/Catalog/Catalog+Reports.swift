import Migrations
import Postgres

/// A view for people.
public struct CatalogReport: Sendable, Hashable {
    /// A column of a report.
    public struct Column: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its type as SQL calls it: `timestamp with time zone`.
        public let type: String
        /// What it holds, with its unit.
        public let comment: String

        /// Describes a column.
        public init(name: String, type: String, comment: String) {
            self.name = name
            self.type = type
            self.comment = comment
        }

        /// Whether people want it aligned to the right.
        public var isNumber: Bool {
            ["smallint", "integer", "bigint", "real", "double precision", "numeric"].contains(type)
        }

        /// Its value as text: bytes in hexadecimal, the rest as PostgreSQL writes it.
        fileprivate var text: SQL {
            type == "bytea" ? "encode(\(identifier: name), 'hex')" : "\(identifier: name)::text"
        }
    }

    /// The name of the view.
    public let name: String
    /// What it shows and what that costs, in some sentences.
    public let comment: String
    /// Its columns, in order.
    public let columns: [Column]

    /// What it shows, in one sentence.
    public var summary: String {
        guard let end = comment.firstRange(of: ". ") else { return comment }
        return String(comment[..<end.lowerBound]) + "."
    }
}

/// How the rows of a report are wanted.
public enum ReportForm: Sendable {
    /// A text for each column; nil is NULL.
    case cells
    /// A JSON object for each row: numbers, Booleans, arrays and objects as such, the rest as strings, times as ISO 8601 has
    /// them.
    case json
}

extension Catalog {
    /// All reports, in the order of their names.
    public func reports() throws -> [CatalogReport] {
        let rows = try connection.rows(
            """
            select c.relname::text as view, coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
                array_agg(a.attname::text order by a.attnum) as columns,
                array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum) as types,
                array_agg(coalesce(col_description(c.oid, a.attnum), '') order by a.attnum) as comments
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'likeness'::regnamespace and c.relkind = 'v' and c.relname = any(\(Migrations.views.map(\.name)))
            group by c.oid, c.relname order by c.relname::text collate "C"
            """)
        return try rows.map { row in
            let columns: [String] = try row["columns"]
            let types: [String] = try row["types"]
            let comments: [String] = try row["comments"]
            return CatalogReport(
                name: try row["view"], comment: try row["comment"],
                columns: columns.indices.map {
                    CatalogReport.Column(name: columns[$0], type: types[$0], comment: comments[$0])
                })
        }
    }

    /// The report of a name.
    ///
    /// - Throws: ``CatalogError/noSuchReport(name:nearest:)`` with the names that are written most like it.
    public func report(named name: String) throws -> CatalogReport {
        let reports = try reports()
        if let report = reports.first(where: { $0.name == name }) { return report }
        throw CatalogError.noSuchReport(name: name, nearest: nearestNames(to: name, among: reports.map(\.name)))
    }

    /// Reads a report, one row after the other, in bounded memory on both sides but for what sorting takes on the server's
    /// disk.
    ///
    /// Rows are fetched by the thousand, so that a slow reader does not run into the time limit. The connection does nothing
    /// else meanwhile, and its transaction is rolled back in the end.
    ///
    /// - Parameters:
    ///   - predicate: a condition over the columns of the report, executed as ``images(where:limit:timeout:)`` does it; nil:
    ///     all rows.
    ///   - limit: at most so many rows; nil: all.
    ///   - timeout: for computing rows that satisfy a condition; without one there is no limit.
    ///   - each: gets each row: a text for each column, or a single one that is a JSON object.
    /// - Throws: as ``images(where:limit:timeout:)``, and what `each` throws.
    public func read(
        _ report: CatalogReport, where predicate: String? = nil, limit: Int? = nil, as form: ReportForm = .cells,
        timeout: Duration = conditionTimeout, each: ([String?]) throws -> Void
    ) throws {
        let condition = try predicate.map { try Condition($0, on: report.name) }
        let end = limit.map { "\nlimit \(max(0, $0))" } ?? ""
        let fetch = { (body: () throws -> [Row]) throws -> [Row] in
            try condition?.explainingErrors(timeout, body) ?? body()
        }
        try reading {
            var source: SQL = "(select * from likeness.\(identifier: report.name)\(raw: end)) as result"
            if let condition {
                try require(condition)
                source = try asReader(condition.query + end, columns: report.columns.map { ($0.name, $0.type) })
                try limitStatements(to: timeout)
            }
            let list: SQL =
                switch form {
                case .cells: report.columns.map(\.text).dropFirst().reduce(report.columns[0].text) { $0 + ", " + $1 }
                case .json: "row_to_json(result)::text"
                }
            _ = try fetch {
                // The rows are wanted to the last one, not the first ones soon.
                try connection.execute("set local cursor_tuple_fraction = 1")
                try connection.execute("declare report no scroll cursor for select \(list) from \(source)")
                return []
            }
            while true {
                let rows = try fetch { try connection.rows("fetch \(raw: String(Self.rowsAtOnce)) from report") }
                for row in rows { try each((0..<row.count).map { try row[$0] }) }
                if rows.count < Self.rowsAtOnce { return }
            }
        }
    }

    private static let rowsAtOnce = 1000
}

/// The names that are written most like a given one, at most three, the nearest first: those that contain it, and those that
/// differ from it in no more than half of its characters.
package func nearestNames(to name: String, among names: [String]) -> [String] {
    let distances = names.map { candidate in
        (candidate, candidate.contains(name) || name.contains(candidate) ? 0 : editDistance(name, candidate))
    }
    return distances.filter { $0.1 <= max(2, name.count / 2) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(3).map(\.0)
}

/// How many characters have to be put in, taken out or replaced to make the one text of the other.
///
/// - Complexity: O(n · m). Source: V. Levenshtein, 1965; by rows as R. Wagner and M. Fischer have it, 1974.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let replaced = diagonal + (character == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
