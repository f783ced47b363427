/// A regular file as a walk met it.
public struct FoundFile: Sendable, Equatable {
    /// Absolute path without symbolic links in it: bytes, for file names need not be UTF-8.
    public let path: [UInt8]
    /// Size in bytes.
    public let size: Int64
    /// Time of the last modification, in nanoseconds since 1970.
    public let modified: Int64
}

/// What a walk meets.
public enum WalkEvent: Sendable, Equatable {
    case file(FoundFile)
    /// A file or folder that could not be looked at, and the system's reason.
    case unreadable(path: [UInt8], reason: String)
}
