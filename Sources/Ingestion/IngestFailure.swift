import Faults

/// A picture that did not get into the catalog, and why.
public struct IngestFailure: Sendable {
    /// The file, as bytes.
    public let path: [UInt8]
    /// A short stable word for reports: `truncated`, `not_an_image`, `unreadable`.
    public let errorClass: String
    /// One line without the path.
    public let message: String
    /// What the person can do; nil when nothing helps.
    public let hint: String?

    /// `error:` with the file and the reason, and the hint if there is one.
    public var description: String {
        let line = "error: \(printableName(path)): \(message)"
        return hint.map { "\(line)\nhint: \($0)" } ?? line
    }
}
