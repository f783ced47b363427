import CLibPQ

extension Connection {
    /// Reads the rows of a query by binary COPY, one at a time, in memory bounded by the longest row.
    ///
    ///     try connection.copyOut("select image, vector from embeddings where model = \(model)") { row in
    ///         let image: Int64 = try row[0]
    ///         try row.withBytes(of: 1) { vector in … }
    ///     }
    ///
    /// COPY takes no binds: they are put in as literals of the same types and values, which cannot be taken for SQL whatever
    /// they hold; unlike binds they stand in the server's log when it logs statements. COPY names no types either: the
    /// query is described first, so that a column cannot be read as something that it is not, for two short round trips.
    /// The connection does nothing else meanwhile: open another for statements in the body. When the body throws, the query
    /// is cancelled and the connection can be used on; inside a transaction that one has failed.
    ///
    /// - Parameter body: gets each row, which is valid during the call.
    /// - Returns: the number of rows.
    /// - Throws: ``PostgresError/noLiteral(type:reason:)`` for a bind that has no literal, ``PostgresError/malformedCopy(reason:)``
    ///   for rows that are not what was described, the server's errors, which may come after some rows; what `body` throws.
    @discardableResult
    public func copyOut(_ query: SQL, _ body: (borrowing CopyRow) throws -> Void) throws -> Int {
        let text = try query.withLiterals()
        // Errors show the statement without the values.
        let statement = "copy (\(query.text)) to stdout (format binary)"
        var stream = CopyStream(columns: try describe(text, statement: statement))
        // The line end closes a comment at the end of the query.
        try startCopyOut("copy (\(text)\n) to stdout (format binary)", statement: statement)
        do {
            while try readPiece(of: &stream, statement: statement, body) {}
        } catch {
            leaveCopyOut(statement: statement)
            throw error
        }
        let rows = try finishCopy(statement)
        try stream.finish()
        guard rows == stream.rowCount else {
            throw PostgresError.malformedCopy(
                reason: "it has \(stream.rowCount) rows, not \(rows) as the server counts")
        }
        return rows
    }

    /// Has the server understand a query without executing it: its columns by name and type.
    ///
    /// What is more than one statement, or only part of one, does not pass. Rights are not asked for; they count when it is
    /// executed.
    ///
    /// - Throws: ``PostgresError/query(_:)``, as a rule with the position of the error.
    public func columns(of query: SQL) throws(PostgresError) -> [(name: String, type: PostgresType)] {
        let columns = try describe(query.text, statement: query.text)
        return zip(columns.names, columns.types).map { (name: $0, type: $1) }
    }

    /// The columns of a query. What is more than one statement, or only part of one, does not pass.
    private func describe(_ text: String, statement: String) throws(PostgresError) -> Columns {
        _ = try check(PQprepare(handle, "", text, 0, nil), statement: statement)
        let result = try check(PQdescribePrepared(handle, ""), statement: statement)
        return withExtendedLifetime(result) { Columns(of: result.pointer) }
    }

    private func startCopyOut(_ text: String, statement: String) throws(PostgresError) {
        guard let pointer = PQexec(handle, text) else { throw connectionFailure(statement: statement) }
        let result = QueryResult(pointer)
        guard result.status == PGRES_COPY_OUT else { throw failure(of: result, statement: statement) }
    }

    /// Waits for the next piece of the copy and reads it; false when there is none.
    private func readPiece(
        of stream: inout CopyStream, statement: String, _ body: (borrowing CopyRow) throws -> Void
    ) throws -> Bool {
        var buffer: UnsafeMutablePointer<CChar>?
        let length = PQgetCopyData(handle, &buffer, 0)
        defer { PQfreemem(buffer) }
        if length == -1 { return false }
        guard length > 0 else { throw connectionFailure(statement: statement) }
        try stream.read(UnsafeRawBufferPointer(start: buffer, count: Int(length)), body)
        return true
    }

    /// Cancels a copy and reads to its end, which is near, so that the connection can be used on.
    func leaveCopyOut(statement: String) {
        if PQtransactionStatus(handle) == PQTRANS_ACTIVE { cancel() }
        var buffer: UnsafeMutablePointer<CChar>?
        while PQgetCopyData(handle, &buffer, 0) > 0 { PQfreemem(buffer) }
        drain(statement: statement)
    }
}
