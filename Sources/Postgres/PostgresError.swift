import Faults

/// What can go wrong between Likeness and PostgreSQL.
public enum PostgresError: Fault, Equatable {
    /// A connection string that is neither a URL nor key=value pairs; its text is left out, for it may hold a password.
    case malformedTarget(reason: String)
    /// Nobody answers there, or not yet.
    case unreachable(target: String, reason: String)
    /// The server answers and refuses: a wrong password, an unknown role or database, no entry in pg_hba.conf.
    case refused(target: String, reason: String)
    /// The server is older than Likeness supports; versions as libpq counts them, 150018 is 15.18.
    case serverTooOld(have: Int, need: Int)
    /// The server ended the connection, or the way to it broke; an unfinished transaction was rolled back.
    case connectionLost(reason: String, sqlState: String?)
    /// The database takes no writes (25006): a standby, or `default_transaction_read_only`.
    case readOnly(ServerReport)
    /// The server's disk is full (53100).
    case diskFull(ServerReport)
    /// Somebody else holds the lock (55P03).
    case lockNotAvailable(ServerReport)
    /// A statement failed for any other reason.
    case query(ServerReport)
    /// A column's value cannot be read as the type that was asked for.
    case decoding(column: String, expected: String, got: String)
    /// A name that the result does not have.
    case noSuchColumn(name: String, columns: [String])
    /// A row of COPY with more or fewer fields than the columns it was opened for.
    case fieldCount(table: String, have: Int, need: Int)
    /// A bind that cannot stand in a COPY, which takes literals alone.
    case noLiteral(type: String, reason: String)
    /// A stream of COPY that breaks its own form: something between here and the server damages it.
    case malformedCopy(reason: String)
    /// More binds than the protocol can count.
    case tooManyBinds(have: Int, limit: Int)
    /// The body of a transaction committed or rolled back by itself.
    case transactionEndedInside
    /// A statement failed inside the transaction, the error was ignored, and so nothing can be committed (25P02).
    case transactionAborted
    /// A COPY given to a function that is not for it.
    case misplacedCopy(statement: String)

    /// The server's five-character code of the error; nil when the error is not the server's.
    public var sqlState: String? {
        switch self {
        case .readOnly(let report), .diskFull(let report), .lockNotAvailable(let report), .query(let report):
            report.sqlState
        case .connectionLost(_, let sqlState): sqlState
        case .transactionAborted: "25P02"
        default: nil
        }
    }

    /// The constraint that a row violated, by name.
    public var constraint: String? {
        if case .query(let report) = self { report.constraint } else { nil }
    }

    /// What happened, with the values.
    public var message: String {
        switch self {
        case .malformedTarget(let reason): "not a PostgreSQL URL: \(reason)"
        case .unreachable(let target, let reason): "no PostgreSQL answers at \(target): \(reason)"
        case .refused(let target, let reason): "PostgreSQL at \(target) refuses the connection: \(reason)"
        case .serverTooOld(let have, let need):
            "the server is PostgreSQL \(versionText(have)), not \(versionText(need)) or newer"
        case .connectionLost(let reason, _): "the connection to PostgreSQL was lost: \(reason)"
        case .readOnly(let report): "the database is read-only: \(report.message)"
        case .diskFull(let report): "the disk of the PostgreSQL server is full: \(report.message)"
        case .lockNotAvailable(let report): report.message
        case .query(let report): report.message + (report.line.map { ", at line \($0)" } ?? "")
        case .decoding(let column, let expected, let got): "column \"\(column)\" holds \(got), not \(expected)"
        case .noSuchColumn(let name, let columns):
            "the result has no column \"\(name)\", only \(columns.joined(separator: ", "))"
        case .fieldCount(let table, let have, let need):
            "a row for \"\(table)\" has \(have) fields, not \(need)"
        case .noLiteral(let type, let reason): "a bind of type \(type) cannot stand in COPY: \(reason)"
        case .malformedCopy(let reason): "the stream of COPY is damaged: \(reason)"
        case .tooManyBinds(let have, let limit): "a statement has \(have) binds, not \(limit) or fewer"
        case .transactionEndedInside: "the body of a transaction ended it with a commit or rollback of its own"
        case .transactionAborted: "the transaction cannot commit, for a statement in it had an error"
        case .misplacedCopy(let statement): "COPY needs copyIn or copyOut, not a query: \(statement)"
        }
    }

    /// The server's details, the statement and its code.
    public var detail: String? {
        guard let report else { return nil }
        var facts = report.detail.map { [$0] } ?? []
        if let statement = report.statement { facts.append("Statement: \(statement)") }
        if let sqlState = report.sqlState { facts.append("SQLSTATE \(sqlState).") }
        return facts.isEmpty ? nil : facts.joined(separator: " ")
    }

    /// The command to type.
    public var hint: String? {
        switch self {
        case .malformedTarget: "Give it as postgresql://user@host:5432/database, or as key=value pairs."
        case .unreachable(let target, _): "Check that the server runs there: pg_isready -d '\(target)'"
        case .refused(let target, _): "Try the same by hand: psql '\(target)'"
        case .serverTooOld(_, let need):
            "Upgrade the server to PostgreSQL \(versionText(need)), or leave out the URL to use a private one."
        case .readOnly:
            "Give the URL of the primary server, or: alter database … set default_transaction_read_only = off"
        case .diskFull: "Free space where the server keeps its data: df -h"
        default: report?.hint
        }
    }

    /// As the code of the error says; retryLater for what passes by itself.
    public var recovery: Recovery { classification.recovery }

    /// 69 where no server is to be had, 73 where it cannot write, 75 where another try may do.
    public var exitStatus: ExitStatus { classification.exitStatus }

    private var report: ServerReport? {
        switch self {
        case .readOnly(let report), .diskFull(let report), .lockNotAvailable(let report), .query(let report): report
        default: nil
        }
    }

    private var classification: (recovery: Recovery, exitStatus: ExitStatus) {
        switch self {
        case .malformedTarget: (.askOperator, .usage)
        case .unreachable, .connectionLost: (.retryLater, .databaseUnreachable)
        case .refused, .serverTooOld: (.askOperator, .databaseUnreachable)
        case .readOnly: (.askOperator, .cannotWrite)
        case .diskFull: (.retryLater, .cannotWrite)
        case .lockNotAvailable: (.retryLater, .tryAgain)
        case .query(let report): Self.classify(sqlState: report.sqlState)
        default: (.askOperator, .failed)
        }
    }

    /// Source: appendix A of PostgreSQL's manual.
    private static func classify(sqlState: String?) -> (Recovery, ExitStatus) {
        guard let sqlState else { return (.askOperator, .failed) }
        // Protocol violation, which is also what a COPY of the wrong format gets: it would get it again.
        if sqlState == "08P01" { return (.askOperator, .failed) }
        return switch sqlState.prefix(2) {
        // 40001 serialization failure, 40P01 deadlock: the same transaction may well pass the next time.
        case "40": (.retryLater, .tryAgain)
        // 57014 a statement that was cancelled or ran into its time limit: the server is there.
        case "57" where sqlState == "57014": (.askOperator, .failed)
        case "08", "57": (.retryLater, .databaseUnreachable)
        case "53": (.retryLater, .failed)
        default: (.askOperator, .failed)
        }
    }
}

/// A version as libpq counts it, in the words of its time: 150018 is 15.18, 90624 is 9.6.24.
func versionText(_ version: Int) -> String {
    if version < 100_000 { return "\(version / 10000).\(version / 100 % 100).\(version % 100)" }
    return version % 10000 == 0 ? "\(version / 10000)" : "\(version / 10000).\(version % 10000)"
}
