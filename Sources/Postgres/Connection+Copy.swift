import CLibPQ

extension Connection {
    /// Writes rows into a table by binary COPY, all of them or none.
    ///
    ///     try connection.copyIn(into: "embeddings", columns: ["image", "vector"]) { writer in
    ///         try writer.startRow()
    ///         try writer.field(image)
    ///         try writer.field(bytes: vector)
    ///     }
    ///
    /// COPY converts nothing: a value must have the very type of its column (an `Int64` does not fit an integer).
    /// When the body throws, no row is written and the connection can be used on; inside a transaction that one has failed.
    ///
    /// - Parameters:
    ///   - table: the table's name, `schema.table` when it is not in the search path.
    ///   - columns: the columns' names, in the order of the fields.
    /// - Returns: the number of rows.
    @discardableResult
    public func copyIn(
        into table: String, columns: [String], _ body: (inout CopyWriter) throws -> Void
    ) throws -> Int {
        let name = table.split(separator: ".").map { quotedIdentifier(String($0)) }.joined(separator: ".")
        let list = columns.map(quotedIdentifier).joined(separator: ", ")
        let statement = "copy \(name) (\(list)) from stdin (format binary)"
        try startCopyIn(statement)
        var writer = CopyWriter(connection: self, table: table, columns: columns.count, statement: statement)
        do {
            try body(&writer)
            try writer.finish()
        } catch {
            if PQputCopyEnd(handle, "the client gave up") == 1 { drain(statement: statement) }
            throw error
        }
        guard PQputCopyEnd(handle, nil) == 1 else { throw connectionFailure(statement: statement) }
        return try finishCopy(statement)
    }

    private func startCopyIn(_ statement: String) throws(PostgresError) {
        guard let pointer = PQexec(handle, statement) else { throw connectionFailure(statement: statement) }
        let result = QueryResult(pointer)
        guard result.status == PGRES_COPY_IN else { throw failure(of: result, statement: statement) }
    }
}
