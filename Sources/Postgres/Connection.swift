import CLibPQ
import Glibc

/// One connection to a database; its functions block until the server has answered.
///
/// Not `Sendable`: one thread at a time uses it. Give it a thread of its own with ``Database``.
/// A connection that was lost stays lost, and every call throws ``PostgresError/connectionLost(reason:sqlState:)``.
public final class Connection {
    /// Where it goes.
    public let target: ConnectionTarget
    /// libpq's connection; nil after ``close()``, which libpq's functions take as a lost one.
    private(set) var handle: OpaquePointer?
    /// How many transactions and savepoints are open.
    var transactionDepth = 0

    /// Connects, for at most 5 seconds a host unless the target says otherwise.
    ///
    /// The session speaks UTF-8, has the time zone UTC and isolation level read committed.
    ///
    /// - Parameter applicationName: what `pg_stat_activity` shows, unless the target or `PGAPPNAME` says otherwise.
    /// - Throws: ``PostgresError/unreachable(target:reason:)``, ``PostgresError/refused(target:reason:)`` or, when the
    ///   server is older than 15, ``PostgresError/serverTooOld(have:need:)``.
    public init(_ target: ConnectionTarget, applicationName: String = "likeness") throws(PostgresError) {
        self.target = target
        handle = Self.connect(target, applicationName: applicationName)
        guard PQstatus(handle) == CONNECTION_OK else {
            throw connectFailure(target: target, reason: String(cString: PQerrorMessage(handle)))
        }
        // Notices would go to standard error, where nobody could tell whose they are.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        if let refusal = refusal(ofServerVersion: serverVersion) { throw refusal }
        try command(
            """
            set timezone to 'UTC'; set default_transaction_isolation to 'read committed';
            set standard_conforming_strings to on
            """)
    }

    deinit { PQfinish(handle) }

    /// The server's version as libpq counts: 150018 is 15.18.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    /// The server process that serves it, as `pg_backend_pid()` has it.
    public var serverProcessID: Int32 { PQbackendPID(handle) }

    /// Whether nothing can come of it any more.
    public var isLost: Bool { PQstatus(handle) != CONNECTION_OK }

    /// Ends the connection; an open transaction is rolled back by the server.
    public func close() {
        PQfinish(handle)
        handle = nil
    }

    /// Executes a statement.
    ///
    /// - Returns: the number of rows that it inserted, updated, deleted or selected; 0 for what counts no rows.
    @discardableResult
    public func execute(_ sql: SQL) throws(PostgresError) -> Int {
        let result = try run(sql)
        return Int(String(cString: PQcmdTuples(result.pointer))) ?? 0
    }

    /// All rows of a query, held in memory; ``stream(_:_:)`` and ``copyOut(_:_:)`` take one after the other.
    public func rows(_ sql: SQL) throws(PostgresError) -> [Row] {
        let result = try run(sql)
        let columns = Columns(of: result.pointer)
        return (0..<PQntuples(result.pointer)).map { Row(result: result, columns: columns, index: $0) }
    }

    /// The first row of a query; nil when it has none. The server computes and sends them all: say `limit 1`.
    public func firstRow(_ sql: SQL) throws(PostgresError) -> Row? {
        let result = try run(sql)
        if PQntuples(result.pointer) == 0 { return nil }
        return Row(result: result, columns: Columns(of: result.pointer), index: 0)
    }

    /// Whether it still reaches the server, as far as can be told without asking: sees a server that has hung up meanwhile.
    public func noticesHangUp() -> Bool {
        // The farewell is read first; the end behind it only by a second look.
        PQconsumeInput(handle) == 0 || PQconsumeInput(handle) == 0 || isLost
    }

    /// Whether no transaction is open on the server.
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    private static func connect(_ target: ConnectionTarget, applicationName: String) -> OpaquePointer? {
        // The last of two equal keywords counts: the target overrides what comes before it.
        let before = [
            ("connect_timeout", "5"), ("fallback_application_name", applicationName), ("keepalives", "1"),
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ]
        let parameters = before + target.settings.map { ($0.keyword, $0.value) } + [("client_encoding", "UTF8")]
        return withCStrings(parameters.map(\.0)) { keywords in
            withCStrings(parameters.map(\.1)) { values in PQconnectdbParams(keywords, values, 0) }
        }
    }
}

/// The oldest server that has what the schema needs, as libpq counts.
package let oldestServerVersion = 150_000

/// Why a server of this version is refused; nil when it is new enough.
package func refusal(ofServerVersion version: Int) -> PostgresError? {
    version < oldestServerVersion ? .serverTooOld(have: version, need: oldestServerVersion) : nil
}

/// The error of an attempt to connect, from libpq's words for it.
///
/// libpq gives no SQLSTATE here. A server that speaks another language than English counts as unreachable, which a daemon
/// takes as a reason to try again.
package func connectFailure(target: ConnectionTarget, reason: String) -> PostgresError {
    let reason = oneLine(reason)
    let refusals = [
        "authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied for database",
        "is not permitted to log in", "fe_sendauth", "requirepeer", "certificate", "does not support SSL",
        "pg_hba.conf rejects",
    ]
    let answered = refusals.contains { reason.contains($0) }
    // "socket … No such file": contains no refusal of the server's, whatever the folder is called.
    return answered && !reason.contains("Is the server running")
        ? .refused(target: target.description, reason: reason)
        : .unreachable(target: target.description, reason: reason)
}

/// Lends an array of C strings, ended by NULL.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafePointer<CChar>?] = strings.map { UnsafePointer(strdup($0)) }
    defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { buffer in body(buffer.baseAddress!) }
}
