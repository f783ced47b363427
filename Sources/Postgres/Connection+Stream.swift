import CLibPQ

extension Connection {
    /// Streams the rows of a query, one at a time, in memory bounded by the longest row.
    ///
    /// They come by libpq's single-row mode. Unlike those of ``copyOut(_:_:)`` its rows have names and stay valid as long as
    /// they are kept, and its binds are binds. The connection does nothing else meanwhile: open another for statements in
    /// the body. When the body throws, the query is cancelled and the connection can be used on; inside a transaction that
    /// one has failed.
    ///
    /// Cost: that of COPY for rows of some KiB, about a quarter more for rows of some bytes.
    public func stream(_ query: SQL, _ body: (Row) throws -> Void) throws {
        let statement = try send(query)
        PQsetSingleRowMode(handle)
        var columns: Columns?
        do {
            while let pointer = PQgetResult(handle) {
                let result = try check(pointer, statement: statement)
                guard result.status == PGRES_SINGLE_TUPLE else { continue }
                let shared = columns ?? Columns(of: pointer)
                columns = shared
                try body(Row(result: result, columns: shared, index: 0))
            }
        } catch {
            if PQtransactionStatus(handle) == PQTRANS_ACTIVE { cancel() }
            drain(statement: statement)
            throw error
        }
    }
}
