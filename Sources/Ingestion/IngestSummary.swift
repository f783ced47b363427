/// What one pass over folders did, and how far it is.
public struct IngestSummary: Sendable, Codable, Equatable {
    /// Pictures looked at.
    public var seen = 0
    /// Pictures that the catalog did not have.
    public var added = 0
    /// Files that the catalog knows at this path, with this size and time or these bytes.
    public var unchanged = 0
    /// Further files with the bytes of a picture that the catalog has.
    public var copies = 0
    /// Files that did not get in; each was named.
    public var failed = 0
    /// Wall-clock time.
    public var seconds = 0.0

    public init() {}
}

/// What a pass tells while it runs.
public enum IngestEvent: Sendable {
    /// So far: `done` of `total` files have an outcome.
    case progress(done: Int, total: Int, summary: IngestSummary, elapsed: Duration)
    /// A file that did not get in.
    case failure(IngestFailure)
}
