import CLibPQ

/// What a transaction may do and see.
public enum TransactionMode: Sendable {
    /// Reads and writes; each statement sees what was committed before it began.
    case readWrite
    /// Reads only; each statement sees what was committed before it began.
    case readOnly
    /// Reads only; all statements see one snapshot.
    case repeatableReadOnly
    /// Reads and writes as if alone; may end with 40001, and then has to be done again.
    case serializable

    // A read-write one does not say so: it would override an operator's default_transaction_read_only.
    var statement: String {
        switch self {
        case .readWrite: "begin isolation level read committed"
        case .readOnly: "begin isolation level read committed read only"
        case .repeatableReadOnly: "begin isolation level repeatable read read only"
        case .serializable: "begin isolation level serializable"
        }
    }
}

extension Connection {
    /// Executes the body in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// Inside of another transaction it is a savepoint, and the mode is that of the outer one.
    ///
    /// - Throws: what the body throws; ``PostgresError/transactionAborted`` when a statement had an error and the body
    ///   ignored it; ``PostgresError/transactionEndedInside`` when the body said `commit` or `rollback` by itself. When the
    ///   connection is lost during the commit, nobody knows whether it was done.
    @discardableResult
    public func transaction<T>(_ mode: TransactionMode = .readWrite, _ body: () throws -> T) throws -> T {
        let savepoint = try begin(mode)
        defer { transactionDepth -= 1 }
        do {
            let value = try body()
            try end(savepoint)
            return value
        } catch {
            rollBack(to: savepoint)
            throw error
        }
    }

    /// The same with a body that waits: for an actor that owns the connection and lets nobody else use it meanwhile.
    @discardableResult
    public func transaction<T>(
        _ mode: TransactionMode = .readWrite, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> T
    ) async throws -> T {
        let savepoint = try begin(mode)
        defer { transactionDepth -= 1 }
        do {
            let value = try await body()
            try end(savepoint)
            return value
        } catch {
            rollBack(to: savepoint)
            throw error
        }
    }

    /// - Returns: the savepoint that stands for the transaction within another; nil for the outermost.
    private func begin(_ mode: TransactionMode) throws -> String? {
        let savepoint = transactionDepth > 0 ? "savepoint_\(transactionDepth)" : nil
        try command(savepoint.map { "savepoint \($0)" } ?? mode.statement)
        transactionDepth += 1
        return savepoint
    }

    private func end(_ savepoint: String?) throws {
        switch PQtransactionStatus(handle) {
        case PQTRANS_INTRANS: break
        case PQTRANS_INERROR: throw PostgresError.transactionAborted
        case PQTRANS_IDLE: throw PostgresError.transactionEndedInside
        default: throw connectionFailure()
        }
        try command(savepoint.map { "release savepoint \($0)" } ?? "commit")
    }

    /// Rolls back, and ends the connection when that is not possible: the server then does it.
    private func rollBack(to savepoint: String?) {
        if isLost || isIdle { return }
        do {
            try command(savepoint.map { "rollback to savepoint \($0); release savepoint \($0)" } ?? "rollback")
        } catch {
            close()
        }
    }
}
