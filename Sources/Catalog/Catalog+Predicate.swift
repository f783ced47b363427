import Postgres

extension Catalog {
    /// How long a condition may take, unless somebody says otherwise.
    public static let conditionTimeout: Duration = .seconds(10)

    /// The pictures that satisfy a condition over `image_overview`, in ascending order, hidden ones included.
    ///
    /// The condition is somebody's SQL: `width > 1000 and camera ilike '%canon%'`. It is executed in a read-only transaction
    /// that is rolled back, with the rights of `likeness_reader`, within a time limit, and can be nothing but one expression.
    /// Where that role cannot be used, because the user of the database may not create roles, it runs with the rights of that
    /// user, read-only all the same; a superuser's is refused then.
    ///
    /// Cost: reads every picture unless an index helps; a condition on the path looks for a file of each, some microseconds.
    ///
    /// - Parameters:
    ///   - limit: at most so many; nil: all.
    ///   - timeout: when the server gives up, from a millisecond on.
    /// - Throws: ``CatalogError/wrongCondition(view:reason:mark:advice:)``, ``CatalogError/conditionTooSlow(view:limit:)``,
    ///   ``CatalogError/conditionRefused(reason:)``, ``CatalogError/noReader``.
    public func images(
        where predicate: String, limit: Int? = nil, timeout: Duration = conditionTimeout
    ) throws -> [ImageID] {
        let condition = try Condition(predicate, on: Self.overview, columns: "image_id")
        let query = condition.query + "\norder by image_id" + (limit.map { "\nlimit \(max(0, $0))" } ?? "")
        return try condition.explainingErrors(timeout) {
            try reading {
                try require(condition)
                let source = try asReader(query, columns: [(name: "image_id", type: "bigint")])
                try limitStatements(to: timeout)
                return try connection.rows("select image_id from \(source)").map { try $0[0] }
            }
        }
    }

    private static let overview = "image_overview"

    /// Has the server understand a condition, so that errors have a place and no second statement comes along.
    func require(_ condition: Condition) throws {
        do {
            _ = try connection.columns(of: SQL(raw: condition.query))
        } catch PostgresError.query(let report) {
            throw condition.error(report)
        }
    }

    /// Executes the body in a read-only transaction that is rolled back in the end, with what settings it changed.
    func reading<T>(_ body: () throws -> T) throws -> T {
        var result: Result<T, any Error>?
        do {
            try connection.transaction(.readOnly) {
                // Within a transaction that is open already the mode does not count.
                try connection.execute("set local transaction_read_only = on")
                result = .success(try body())
                throw RolledBack()
            }
        } catch is RolledBack {}
        // The transaction threw something else when there is no result.
        return try result!.get()
    }

    private struct RolledBack: Error {}

    /// Limits the time of each further statement of the transaction: somebody's condition, not what we ask before.
    func limitStatements(to timeout: Duration) throws {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
        try connection.execute("set local statement_timeout = \(raw: String(milliseconds))")
    }

    /// What stands behind `from` for the rows of a query that holds somebody's condition: executed as `likeness_reader`, or
    /// as ourselves where that is not possible and we are not a superuser.
    ///
    /// - Parameter columns: the columns of the query with the names that SQL has for their types.
    func asReader(_ query: String, columns: [(name: String, type: String)]) throws -> SQL {
        let row = try connection.firstRow(
            """
            select p.proowner::regrole::text = 'likeness_reader' and has_function_privilege(p.oid, 'execute') as has_reader,
                u.rolsuper as is_superuser
            from pg_proc p, pg_roles u
            where p.oid = 'likeness.read_as_reader(text)'::regprocedure and u.rolname = current_user
            """)
        if try row?["has_reader"] == true {
            let list = columns.enumerated().map { index, column in
                (index > 0 ? ", " : "") as SQL + "\(identifier: column.name) \(raw: column.type)"
            }.reduce("", +)
            return "likeness.read_as_reader(\(query)) as result (\(list))"
        }
        if try row?["is_superuser"] == true { throw CatalogError.noReader }
        return "(\(raw: query)) as result"
    }
}

/// A condition that somebody typed, put into a query of a view.
struct Condition {
    private let predicate: String
    private let view: String
    /// What stands before the condition.
    private let opening: String

    /// Takes a text that is one expression, as far as can be told without the server.
    ///
    /// - Parameter columns: what the query selects.
    /// - Throws: ``CatalogError/wrongCondition(view:reason:mark:advice:)``.
    init(_ predicate: String, on view: String, columns: String = "*") throws(CatalogError) {
        self.predicate = predicate
        self.view = view
        opening = "select \(columns) from likeness.\"\(view)\"\nwhere (\n"
        do {
            try PredicateScanner.check(predicate)
        } catch {
            throw .wrongCondition(view: view, reason: error.reason, mark: mark(error.offset), advice: nil)
        }
    }

    /// The rows of the view that satisfy it. The condition has lines of its own, which a comment at its end cannot leave.
    var query: String { opening + predicate + "\n)" }

    /// Turns the server's errors of a query that holds the condition into those of the catalog.
    func explainingErrors<T>(_ timeout: Duration, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch PostgresError.readOnly(let report) {
            throw CatalogError.conditionRefused(reason: report.message)
        } catch PostgresError.query(let report) {
            switch report.sqlState {
            case "57014": throw CatalogError.conditionTooSlow(view: view, limit: timeout)
            case "42501": throw CatalogError.conditionRefused(reason: report.message)
            default: throw error(report)
            }
        }
    }

    /// The error that the server's is.
    func error(_ report: ServerReport) -> CatalogError {
        let end = predicate.unicodeScalars.count
        let offset = report.position.map { min(max(0, $0 - 1 - opening.unicodeScalars.count), end) }
        return .wrongCondition(view: view, reason: report.message, mark: offset.map(mark), advice: report.hint)
    }

    /// The line of a character of the condition, and a caret below it, both as they stand behind `detail: `.
    private func mark(_ offset: Int) -> String {
        let scalars = predicate.unicodeScalars
        let place = scalars.index(scalars.startIndex, offsetBy: offset, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let lineBreak = scalars[..<place].lastIndex { $0 == "\n" }
        let lineStart = lineBreak.map { scalars.index(after: $0) } ?? scalars.startIndex
        let lineEnd = scalars[place...].firstIndex { $0 == "\n" } ?? scalars.endIndex
        // A tab is as wide above the caret as it is before it.
        let before = scalars[lineStart..<place].map { $0 == "\t" ? "\t" : " " }.joined()
        let indentation = String(repeating: " ", count: "detail: ".count)
        return String(scalars[lineStart..<lineEnd]) + "\n" + indentation + before + "^"
    }
}
