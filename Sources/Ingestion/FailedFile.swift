import Catalog
import Faults
import FolderWatching
import Imaging

/// A file that did not get into the catalog, and why.
public struct FailedFile: Error, Sendable {
    /// The file, as bytes.
    public let path: [UInt8]
    /// A short stable word for reports: `truncated`, `not_an_image`, `unreadable`.
    public let errorClass: String
    /// One line without the path.
    public let message: String
    /// What the person can do; nil when nothing helps.
    public let hint: String?
    /// Whether it may pass (permissions, a disk) or the same bytes will fail again.
    public let recovery: Recovery
    /// The file as it was; nil when even that could not be had.
    let stamp: FileStamp?

    init(
        path: [UInt8], errorClass: String, message: String, hint: String?, recovery: Recovery, stamp: FileStamp?
    ) {
        self.path = path
        self.errorClass = errorClass
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.stamp = stamp
    }

    init(_ file: FoundFile, _ error: UnreadableFile) {
        self.init(
            path: file.path, errorClass: error.errorClass, message: error.reason, hint: error.hint,
            recovery: error.recovery, stamp: file.stamp)
    }

    init(_ read: ReadFile, _ refusal: RefusedPicture) {
        self.init(
            path: read.file.path, errorClass: refusal.errorClass, message: refusal.message, hint: refusal.hint,
            recovery: .quarantineItem, stamp: read.stamp)
    }

    /// A file that is written again and again.
    static func changing(_ file: FoundFile) -> FailedFile {
        FailedFile(
            path: file.path, errorClass: "changing", message: "it changes while it is read",
            hint: "Ingest it again when it is complete", recovery: .retryLater, stamp: nil)
    }

    /// The row that the catalog keeps of it.
    var row: IngestFailure {
        IngestFailure(path: path, errorClass: errorClass, message: message, stamp: stamp)
    }
}

extension FoundFile {
    /// What the file is known by again without reading it.
    var stamp: FileStamp {
        FileStamp(
            size: size, mtimeNanoseconds: modified, device: device == 0 ? nil : device, inode: inode == 0 ? nil : inode)
    }
}
