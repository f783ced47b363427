import Faults
import Glibc

/// What keeps all files out of the catalog, not one.
public enum IngestionError: Fault, Equatable {
    /// A decode worker ends before it is ready for work, or cannot even be started; what the program wrote last.
    case workerDoesNotStart(program: String, reason: String, words: String?)
    /// The system gives no memory that two processes can share, or no descriptor for it.
    case noSharedMemory(bytes: Int, reason: String)
    /// The decode worker was started by something else than its pool.
    case notStartedByPool(reason: String)

    /// What happened, with the system's reason.
    public var message: String {
        switch self {
        case .workerDoesNotStart(let program, let reason, _): "the decode worker \(program) does not start: \(reason)"
        case .noSharedMemory(let bytes, let reason): "no \(bytes) bytes of shared memory are to be had: \(reason)"
        case .notStartedByPool(let reason): "decode-worker is a part of likeness, not a command for people: \(reason)"
        }
    }

    /// The worker's last line.
    public var detail: String? {
        if case .workerDoesNotStart(_, _, let words?) = self { "It wrote: \(words)" } else { nil }
    }

    /// Where to look.
    public var hint: String? {
        switch self {
        case .workerDoesNotStart: "See what this machine has: likeness doctor"
        case .noSharedMemory: "Let fewer files be open, or more: ulimit -n"
        case .notStartedByPool: "Bring pictures into the catalog: likeness ingest FOLDER"
        }
    }

    /// Memory and descriptors may come back; a program that does not start needs a person.
    public var recovery: Recovery {
        if case .noSharedMemory = self { .retryLater } else { .askOperator }
    }
}

/// The system's words for the last error of this thread, in lower case.
func lastSystemError() -> String {
    let words = String(cString: strerror(errno))
    return words.prefix(1).lowercased() + words.dropFirst()
}
