import Postgres

/// The number of a file in the queue (`ingest_queue.id`); another one each time that it is queued.
public struct QueuedFileID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// A file as somebody saw it, without reading it.
public struct StampedFile: Sendable, Hashable {
    /// Absolute path, as bytes.
    public var path: [UInt8]
    /// The file as it was.
    public var stamp: FileStamp

    /// Describes a file.
    public init(path: [UInt8], stamp: FileStamp) {
        self.path = path
        self.stamp = stamp
    }
}

/// A file of the queue that was claimed.
public struct QueuedFile: Sendable, Hashable {
    /// Its number in the queue.
    public let id: QueuedFileID
    /// The watched root it lies in.
    public let root: RootID
    /// Absolute path, as bytes.
    public let path: [UInt8]
    /// The file as it was when it was noticed; without device and inode when another machine noticed it.
    public let stamp: FileStamp
    /// How often it failed as it is.
    public let attempts: Int
    /// When it was noticed, by the clock of the server: from here on its latency counts.
    public let noticedAt: Timestamp
}

/// That a claimed file is to be taken again later.
public struct Postponement: Sendable, Hashable {
    /// The file.
    public var file: QueuedFileID
    /// For how long it is left alone, counted by the server's clock from now on.
    public var delay: Duration
    /// What went wrong; nil: nothing did, and it counts as no attempt.
    public var error: Reason?

    /// What went wrong with a file.
    public struct Reason: Sendable, Hashable {
        /// The same word for the same cause.
        public var errorClass: String
        /// The error in one line.
        public var message: String

        /// Describes an error.
        public init(errorClass: String, message: String) {
            self.errorClass = errorClass
            self.message = message
        }
    }

    /// Describes when to take a file again.
    public init(of file: QueuedFileID, by delay: Duration, error: Reason? = nil) {
        self.file = file
        self.delay = delay
        self.error = error
    }
}

/// What became of files that were offered to the queue.
public struct EnqueueOutcome: Sendable, Equatable {
    /// Files that were not in the queue, or not with this stamp.
    public var queued = 0
    /// Files that changed while somebody works on them as they were before: offer them again a little later.
    public var inWork: [StampedFile] = []

    /// Starts empty.
    public init() {}
}
