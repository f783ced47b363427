import Faults
import Glibc

/// Why folders cannot be watched, or a root not be marked.
public enum WatchingError: Fault, Equatable {
    /// Two roots of which one lies in the other, or which are the same; as they were named and as they are.
    case rootInsideRoot(inner: [UInt8], outer: [UInt8], resolved: [UInt8], outerResolved: [UInt8])
    /// Something that is no folder was named as a root.
    case notAFolder([UInt8])
    /// The way to a root cannot be followed.
    case unreadableRoot([UInt8], reason: String)
    /// The marker of a root cannot be read.
    case unreadableMarker(root: [UInt8], reason: String)
    /// The marker of a root holds no UUID.
    case damagedMarker(root: [UInt8])
    /// The marker of a root cannot be written; `isReadOnly` when nothing can be written there.
    case cannotMark(root: [UInt8], reason: String, isReadOnly: Bool)
    /// The system has no inotify instance left for this user, or none at all.
    case noInotify(reason: String, isLimit: Bool)

    /// What happened, with the folder.
    public var message: String {
        switch self {
        case .rootInsideRoot(let inner, let outer, let resolved, let outerResolved):
            resolved == outerResolved
                ? "\(named(outer, as: outerResolved)) and \(named(inner, as: resolved)) are the same folder"
                : "\(named(inner, as: resolved)) lies in \(named(outer, as: outerResolved)), "
                    + "which is watched with all below it"
        case .notAFolder(let path): "\(printableName(path)) is a file, not a folder to watch"
        case .unreadableRoot(let path, let reason): "\(printableName(path)): \(reason)"
        case .unreadableMarker(let root, let reason): "\(printableName(RootMarker.path(in: root))): \(reason)"
        case .damagedMarker(let root): "\(printableName(RootMarker.path(in: root))) holds no UUID"
        case .cannotMark(let root, let reason, _): "cannot write \(printableName(RootMarker.path(in: root))): \(reason)"
        case .noInotify(let reason, _): "no inotify instance to watch folders with: \(reason)"
        }
    }

    /// What follows from it.
    public var detail: String? {
        switch self {
        case .cannotMark:
            "Without a marker, a disk that is not mounted when Likeness starts cannot be told from an empty folder."
        default: nil
        }
    }

    /// The command that mends it.
    public var hint: String? {
        switch self {
        case .rootInsideRoot(_, let outer, _, _): "Name the outer one alone: likeness watch '\(printableName(outer))'"
        case .notAFolder(let path): "For one pass over files: likeness ingest '\(printableName(path))'"
        case .unreadableRoot(let path, _): "Look at the way to it: namei -l '\(printableName(path))'"
        case .unreadableMarker(let root, _):
            "Let this user read it: ls -l '\(printableName(RootMarker.path(in: root)))'"
        case .damagedMarker(let root):
            "If it is the right folder, remove the marker and a new one is made: "
                + "rm '\(printableName(RootMarker.path(in: root)))'"
        case .cannotMark(let root, _, let isReadOnly):
            isReadOnly ? nil : "Look at its owner and the space left: ls -ld '\(printableName(root))'; df -h"
        case .noInotify(_, let isLimit): isLimit ? "sudo sysctl fs.inotify.max_user_instances=1024" : nil
        }
    }

    /// The system's refusals may pass; what was named stays wrong.
    public var recovery: Recovery {
        switch self {
        case .unreadableRoot, .unreadableMarker, .cannotMark, .noInotify: .retryLater
        case .rootInsideRoot, .notAFolder, .damagedMarker: .askOperator
        }
    }

    /// 64 for what was named wrongly, 73 for what cannot be written, else 1.
    public var exitStatus: ExitStatus {
        switch self {
        case .rootInsideRoot, .notAFolder: .usage
        case .cannotMark: .cannotWrite
        case .unreadableRoot, .unreadableMarker, .damagedMarker, .noInotify: .failed
        }
    }
}

private func named(_ path: [UInt8], as resolved: [UInt8]) -> String {
    path == resolved ? printableName(path) : "\(printableName(path)) (\(printableName(resolved)))"
}
