import Faults
import FolderWatching

/// What a walk met, in its order.
struct Walked: Sendable {
    var files: [FoundFile] = []
    var unreadable: [FailedFile] = []

    init(_ paths: [[UInt8]]) {
        for event in FolderWalk(paths) {
            switch event {
            case .file(let file): files.append(file)
            case .unreadable(let path, let reason):
                unreadable.append(
                    FailedFile(
                        path: path, errorClass: "unreadable", message: reason, hint: nil, recovery: .retryLater,
                        stamp: nil))
            }
        }
    }
}
