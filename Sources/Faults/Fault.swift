/// An error that tells a person what happened, what is known about it and what to type next.
///
/// Every module has one enum that conforms; its cases carry the values, and the words are made here from them.
/// A message is one line in lower case without a full stop, with both values of a mismatch. Neither passwords nor the
/// contents of vectors ever stand in one.
public protocol Fault: Error, Sendable, CustomStringConvertible {
    /// What happened, in one line: `index "default" holds vectors of model resnet50-bf16, not resnet50-fp32`.
    var message: String { get }
    /// Facts that help to understand it; nil when the message says all.
    var detail: String? { get }
    /// What to do about it, as a rule a command to type; nil when there is nothing to do.
    var hint: String? { get }
    /// What a daemon does about it. Daemons switch on this and on nothing else.
    var recovery: Recovery { get }
    /// What the process exits with when nobody handled it.
    var exitStatus: ExitStatus { get }
}

extension Fault {
    /// None, unless the fault says otherwise.
    public var detail: String? { nil }
    /// None, unless the fault says otherwise.
    public var hint: String? { nil }
    /// A person is asked, unless the fault says otherwise.
    public var recovery: Recovery { .askOperator }
    /// 1, unless the fault says otherwise.
    public var exitStatus: ExitStatus { .failed }

    /// The three lines that standard error shows; lines without content are left out.
    public var description: String {
        var lines = ["error: \(message)"]
        if let detail { lines.append("detail: \(detail)") }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}

/// What a caller that cannot ask a person should do about a fault.
public enum Recovery: Sendable, Equatable {
    /// It may pass by itself: a database that restarts, a lock that is held, a disk that is full.
    case retryLater
    /// This input will never work: set it aside and go on with the rest.
    case quarantineItem
    /// A derived file is damaged: rebuild it from PostgreSQL.
    case rebuildIndex
    /// Only a person can mend this.
    case askOperator
}

/// The exit statuses of `likeness`; 64 to 75 have the meaning that sysexits.h gives them.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    /// Done, but some inputs failed; each was named.
    case someInputsFailed = 2
    case usage = 64
    case databaseUnreachable = 69
    case cannotWrite = 73
    /// Somebody else holds a lock: the same command may work later.
    case tryAgain = 75
}
