/// What a watcher tells, in the order in which it became known.
public enum FolderNews: Sendable, Equatable {
    /// Complete files that look like pictures, by an event or a scan, at most 1,000 at once.
    ///
    /// They may be known already: whoever receives them compares size and time.
    case files([FoundFile])
    /// Files or folders that went from where they were, at most 1,000 at once.
    ///
    /// Something may have come to their place meanwhile: whoever receives them looks again, for a folder at all that was
    /// known below it. Files that came at the same time are told before, so that a file that was moved is never nowhere.
    case gone([[UInt8]])
    /// All that lies below a folder was told; what was known there and was not told may be missing.
    case scanned(FolderScan)
    /// A file or folder that could not be looked at, and the system's reason. What is below is neither there nor gone.
    case unreadable(path: [UInt8], reason: String)
    /// A root is not there or is not the one that it was: nothing is told of it until it is back.
    case rootLost(root: [UInt8], reason: String)
    /// A root is there: told at the start, and when it is back; then a scan of it follows. Told when somebody asks as well.
    case rootFound(root: [UInt8])
    /// Folders are polled because the system allows no more watches; told once.
    case limited(WatchLimit)
}

/// A scan that came to its end.
public struct FolderScan: Sendable, Equatable {
    /// The folder that was scanned with all below it: a root, or what was asked for.
    public let folder: [UInt8]
    /// How many pictures were told; one that changed meanwhile counts twice.
    public let files: Int
    /// Paths of which, and below which, nothing is known: folders that could not be read, disks that are not mounted, and
    /// files that are not complete yet and are told when they are.
    public let undecided: [[UInt8]]

    /// A scan with this outcome.
    public init(folder: [UInt8], files: Int, undecided: [[UInt8]]) {
        self.folder = folder
        self.files = files
        self.undecided = undecided
    }

    /// Whether the scan says nothing about a path below its folder.
    ///
    /// - Complexity: O(n) in the number of undecided paths.
    public func leavesOpen(_ path: [UInt8]) -> Bool { undecided.contains { isPath(path, atOrBelow: $0) } }
}
