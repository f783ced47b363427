import Catalog
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
    /// The file as it was; nil when even that could not be had.
    let stamp: FileStamp?

    init(path: [UInt8], errorClass: String, message: String, hint: String?, stamp: FileStamp?) {
        self.path = path
        self.errorClass = errorClass
        self.message = message
        self.hint = hint
        self.stamp = stamp
    }

    init(_ file: FoundFile, _ error: UnreadableFile) {
        self.init(
            path: file.path, errorClass: error.errorClass, message: error.reason, hint: error.hint, stamp: file.stamp)
    }

    init(_ file: FoundFile, _ error: ImagingError) {
        self.init(
            path: file.path, errorClass: error.errorClass, message: error.message, hint: error.hint, stamp: file.stamp)
    }

    /// The same failure of another file with the same bytes.
    func of(_ file: FoundFile) -> FailedFile {
        FailedFile(path: file.path, errorClass: errorClass, message: message, hint: hint, stamp: file.stamp)
    }

    /// The row that the catalog keeps of it.
    var row: IngestFailure {
        IngestFailure(path: path, errorClass: errorClass, message: message, stamp: stamp)
    }
}

extension FoundFile {
    /// Size and time, by which the file is known again without reading it.
    var stamp: FileStamp { FileStamp(size: size, mtimeNanoseconds: modified) }
}
