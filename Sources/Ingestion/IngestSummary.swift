/// What one pass over folders did. `seen` is the sum of the four that follow it.
public struct IngestSummary: Sendable, Codable, Equatable {
    /// Pictures looked at.
    public var seen = 0
    /// Pictures that the catalog did not have.
    public var added = 0
    /// Files that the catalog knows at this path, by size and time or by their bytes.
    public var unchanged = 0
    /// Further files with the bytes of a picture that the catalog has.
    public var copies = 0
    /// Files that did not get in; each was named.
    public var failed = 0
    /// Wall-clock time.
    public var seconds = 0.0

    /// Nothing seen yet.
    public init() {}
}

/// What a pass tells while it runs.
public enum IngestEvent: Sendable {
    /// `done` of `total` files have an outcome.
    case progress(done: Int, total: Int, failed: Int, elapsed: Duration)
    /// A file that did not get in.
    case failure(FailedFile)
}
