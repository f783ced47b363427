import Faults

/// Why index files cannot follow their catalog, apart from what the catalog and the files themselves say.
public enum SyncError: Fault, Equatable {
    /// The parameters of an index are not whole numbers by name.
    case unreadableParameters(index: String, text: String)
    /// Another writer has published since this one did; `by` is who holds the lock now.
    case takenOver(folder: String, by: String?)
    /// A person or the system asked for the end while something was being read; nothing of it was published.
    case stopped

    /// What happened.
    public var message: String {
        switch self {
        case .unreadableParameters(let index, let text):
            "index \"\(index)\" has parameters \(text), not whole numbers by name"
        case .takenOver(let folder, let by):
            "the index files in \(folder) were taken over by \(by ?? "a writer that has ended"): nothing more is published"
        case .stopped: "asked to stop"
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .unreadableParameters(let index, _): "Drop it and create it again: likeness index drop \(index)"
        case .takenOver: "One sync daemon a home is enough; start this one again when the other has ended"
        case .stopped: nil
        }
    }

    /// 75 when somebody else writes, else 1.
    public var exitStatus: ExitStatus {
        if case .takenOver = self { .tryAgain } else { .failed }
    }
}
