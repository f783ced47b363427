import CLibPQ

extension Connection {
    /// The number of binds the protocol counts with 16 bits.
    private static let bindLimit = 65535

    /// Executes a statement with its binds, binary both ways.
    func run(_ sql: SQL) throws(PostgresError) -> QueryResult {
        let (text, binds) = sql.rendered()
        return try check(
            try withParameters(binds) { count, types, values, lengths, formats in
                PQexecParams(handle, text, count, types, values, lengths, formats, 1)
            }, statement: text)
    }

    /// Sends a statement with its binds; the results are still to be fetched.
    func send(_ sql: SQL) throws(PostgresError) -> String {
        let (text, binds) = sql.rendered()
        let isSent = try withParameters(binds) { count, types, values, lengths, formats in
            PQsendQueryParams(handle, text, count, types, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw connectionFailure(statement: text) }
        return text
    }

    /// Executes statements without binds, by the simple protocol.
    func command(_ text: String) throws(PostgresError) { _ = try check(PQexec(handle, text), statement: text) }

    /// The result, when it is not an error.
    func check(_ pointer: OpaquePointer?, statement: String) throws(PostgresError) -> QueryResult {
        guard let pointer else { throw connectionFailure(statement: statement) }
        let result = QueryResult(pointer)
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return result
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            endMisplacedCopy()
            throw .misplacedCopy(statement: oneLine(statement.prefix(60)))
        default: throw failure(of: result, statement: statement)
        }
    }

    /// The error that a result is.
    ///
    /// - Parameter line: the line of a script where the statement begins, when it is one of many.
    func failure(of result: QueryResult, statement: String, line: Int? = nil) -> PostgresError {
        let sqlState = result.field(CLIBPQ_DIAG_SQLSTATE)
        let message =
            result.field(CLIBPQ_DIAG_MESSAGE) ?? String(cString: PQresultErrorMessage(result.pointer))
        // The server gives every error a code. One without comes from libpq, which lost the server in mid-statement and may
        // not have noticed yet that the connection is of no use any more.
        if sqlState == nil { close() }
        if isLost { return .connectionLost(reason: oneLine(message), sqlState: sqlState) }
        return ServerReport(
            sqlState: sqlState, message: message, detail: result.field(CLIBPQ_DIAG_DETAIL),
            hint: result.field(CLIBPQ_DIAG_HINT), statement: statement,
            constraint: result.field(CLIBPQ_DIAG_CONSTRAINT), line: line,
            position: result.field(CLIBPQ_DIAG_POSITION).flatMap { Int($0) }
        ).error
    }

    /// The error of a call that gave no result at all.
    func connectionFailure(statement: String? = nil) -> PostgresError {
        let reason = handle == nil ? "it was closed" : oneLine(String(cString: PQerrorMessage(handle)))
        if isLost { return .connectionLost(reason: reason, sqlState: nil) }
        return .query(ServerReport(sqlState: nil, message: reason, statement: statement))
    }

    /// Fetches and forgets what is left of the results.
    ///
    /// - Returns: the first error among them.
    @discardableResult
    func drain(statement: String) -> PostgresError? {
        var firstError: PostgresError?
        while let pointer = PQgetResult(handle) {
            let result = QueryResult(pointer)
            switch result.status {
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
                firstError = firstError ?? failure(of: result, statement: statement)
            // libpq gives one of these for ever until the copy is ended.
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: endMisplacedCopy()
            default: break
            }
        }
        return firstError
    }

    /// The number of rows of a copy in either direction whose data are through, unless the server reports an error instead.
    func finishCopy(_ statement: String) throws(PostgresError) -> Int {
        guard let pointer = PQgetResult(handle) else { throw connectionFailure(statement: statement) }
        let result = QueryResult(pointer)
        let error = result.status == PGRES_COMMAND_OK ? nil : failure(of: result, statement: statement)
        let laterError = drain(statement: statement)
        if let error = error ?? laterError { throw error }
        return Int(String(cString: PQcmdTuples(result.pointer))) ?? 0
    }

    /// Asks the server to stop what it does for this connection; the answer comes as an error of the statement.
    func cancel() {
        guard let cancel = PQgetCancel(handle) else { return }
        defer { PQfreeCancel(cancel) }
        var reason = [CChar](repeating: 0, count: 256)
        // When it does not get through, the statement runs to its end, which is slower and not wrong.
        _ = PQcancel(cancel, &reason, Int32(reason.count))
    }

    /// Ends a COPY that a statement began where none belongs, so that the connection can be used on.
    func endMisplacedCopy() {
        // A copy in ends with the reason; a copy out is cancelled, and read to its end, which is near.
        if PQputCopyEnd(handle, "a COPY was not expected") == 1 {
            drain(statement: "")
            return
        }
        leaveCopyOut(statement: "")
    }

    private typealias SendParameters<Result> = (
        Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Result

    /// Lends binds in the form that libpq takes: types, addresses, lengths and formats, all binary.
    private func withParameters<Result>(
        _ binds: [Bind], _ send: SendParameters<Result>
    ) throws(PostgresError) -> Result {
        guard binds.count <= Self.bindLimit else { throw .tooManyBinds(have: binds.count, limit: Self.bindLimit) }
        if binds.isEmpty { return send(0, nil, nil, nil, nil) }
        let types = binds.map { $0.type.oid }
        let lengths = binds.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: binds.count)
        // One block for all of them; the byte at its end gives an empty value an address, for NULL has none.
        var block: [UInt8] = []
        block.reserveCapacity(lengths.reduce(1) { $0 + Int($1) })
        var offsets: [Int?] = []
        for bind in binds {
            offsets.append(bind.bytes.map { _ in block.count })
            block += bind.bytes ?? []
        }
        block.append(0)
        return block.withUnsafeBytes { bytes in
            let values = offsets.map { offset in
                offset.map { bytes.baseAddress!.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return send(Int32(binds.count), types, values, lengths, formats)
        }
    }
}
