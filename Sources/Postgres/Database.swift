import NativeThreads

/// A database, by one connection on one thread of its own.
///
/// Connects at the first use, and again at the next use after the connection was lost. What ran when it was lost throws, for
/// only the caller knows whether doing it twice is right.
public actor Database {
    /// Where it is.
    public nonisolated let target: ConnectionTarget
    private let applicationName: String
    private let thread: NativeThreadExecutor
    private var connection: Connection?

    /// The thread of the connection.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Starts the thread; connects later.
    public init(_ target: ConnectionTarget, applicationName: String = "likeness") {
        self.target = target
        self.applicationName = applicationName
        thread = NativeThreadExecutor(name: "postgres")
    }

    /// Executes the body on the thread of the connection, alone.
    ///
    /// A transaction that the body began and left open is rolled back with its connection.
    @discardableResult
    public func run<T: Sendable>(_ body: @Sendable (Connection) throws -> T) async throws -> T {
        let connection = try connected()
        defer {
            if connection.isLost || !connection.isIdle { self.connection = nil }
        }
        return try body(connection)
    }

    /// Executes the body in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// See ``Connection/transaction(_:_:)``.
    @discardableResult
    public func transaction<T: Sendable>(
        _ mode: TransactionMode = .readWrite, _ body: @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await run { connection in
            try connection.transaction(mode) { try body(connection) }
        }
    }

    /// Ends the connection; the next use makes another.
    public func disconnect() { connection = nil }

    private func connected() throws(PostgresError) -> Connection {
        // A server that was restarted meanwhile has hung up: better noticed now than by the caller's first statement.
        if let connection, !connection.noticesHangUp() { return connection }
        connection = nil
        let fresh = try Connection(target, applicationName: applicationName)
        connection = fresh
        return fresh
    }
}
