import Postgres

/// What a pass over files found out, to be written in one transaction.
///
/// A content, a path or a failed path that stands in it twice counts once, the last time.
public struct IngestBatch: Sendable {
    /// Pictures that are new, or known without an embedding of the model.
    public var contents: [IngestedContent] = []
    /// Files that were read; their content is in `contents` or already in the catalog.
    public var sightings: [FileSighting] = []
    /// Files that could not be ingested.
    public var failures: [IngestFailure] = []

    /// The machine whose device numbers and inodes the sightings have, by the name that it gives to
    /// ``Catalog/Catalog/openRoot(folder:marker:policy:host:)``; nil: they are not to be believed later.
    public var host: String?

    /// Starts empty.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool { contents.isEmpty && sightings.isEmpty && failures.isEmpty }
}

/// A picture with what was found in it.
public struct IngestedContent: Sendable {
    /// The digest of the file's bytes: the identity of the picture.
    public var digest: ContentDigest
    /// Width in pixels as seen, after the orientation is applied; positive.
    public var width: Int
    /// Height in pixels as seen, after the orientation is applied; positive.
    public var height: Int
    /// Size of the file in bytes; positive.
    public var bytes: Int64
    /// Format by content: `jpeg`.
    public var format: String
    /// EXIF orientation of the file, 1 to 8.
    public var orientation: Int
    /// The vector of the picture, as many numbers as the model has dimensions; nil when it was not embedded.
    public var vector: [Float]?

    /// The digest of the decoded, upright pixels.
    public var pixelDigest: ContentDigest?
    /// When the picture was taken.
    public var capturedAt: Timestamp?
    /// Offset of the camera's clock from UTC, in minutes.
    public var capturedOffsetMinutes: Int?
    /// Maker and model of the camera.
    public var camera: String?
    /// Degrees, north positive; set it with the longitude or not at all.
    public var latitude: Double?
    /// Degrees, east positive; set it with the latitude or not at all.
    public var longitude: Double?
    /// Variance of the Laplacian of the luminance.
    public var blur: Float?
    /// Mean luminance, 0 to 1.
    public var brightness: Float?
    /// Standard deviation of the luminance.
    public var contrast: Float?

    /// A picture without metadata; set what else is known.
    public init(
        digest: ContentDigest, width: Int, height: Int, bytes: Int64, format: String, orientation: Int = 1,
        vector: [Float]?
    ) {
        self.digest = digest
        self.width = width
        self.height = height
        self.bytes = bytes
        self.format = format
        self.orientation = orientation
        self.vector = vector
    }
}

/// A file as it was when it was read.
public struct FileSighting: Sendable {
    /// Absolute path, as bytes.
    public var path: [UInt8]
    /// The watched root it lies in; nil when there is none.
    public var root: RootID?
    /// What it holds.
    public var content: ContentDigest
    /// Size and time of the last change, with which ``Catalog/Catalog/knownFiles(under:model:)`` vouches for it.
    public var stamp: FileStamp

    /// Describes a file that was read.
    public init(path: [UInt8], root: RootID? = nil, content: ContentDigest, stamp: FileStamp) {
        self.path = path
        self.root = root
        self.content = content
        self.stamp = stamp
    }
}

/// What tells that a file is still the one that was read, without reading it.
public struct FileStamp: Sendable, Hashable {
    /// Size in bytes.
    public var size: Int64
    /// Time of the last change in nanoseconds since 1970.
    public var mtimeNanoseconds: Int64
    /// Number of the file system; nil when not known.
    public var device: UInt64?
    /// Number of the file in its file system; nil when not known.
    public var inode: UInt64?

    /// Takes what `stat` says.
    public init(size: Int64, mtimeNanoseconds: Int64, device: UInt64? = nil, inode: UInt64? = nil) {
        self.size = size
        self.mtimeNanoseconds = mtimeNanoseconds
        self.device = device
        self.inode = inode
    }

    /// Whether size and time are equal; another inode alone is no sign of another content.
    public func vouches(for other: FileStamp) -> Bool {
        size == other.size && mtimeNanoseconds == other.mtimeNanoseconds
    }
}

/// A file that could not be ingested.
public struct IngestFailure: Sendable {
    /// Absolute path, as bytes.
    public var path: [UInt8]
    /// The watched root it lies in; nil when there is none.
    public var root: RootID?
    /// The same word for the same cause: `truncated`.
    public var errorClass: String
    /// The error in one line.
    public var message: String
    /// The file as it was; nil when even that could not be had.
    public var stamp: FileStamp?
    /// When to try again; nil: not before the file changes.
    public var nextRetryAt: Timestamp?
    /// The digest of the bytes that failed; nil when they could not be read.
    public var content: ContentDigest?

    /// Describes a file that failed.
    public init(
        path: [UInt8], root: RootID? = nil, errorClass: String, message: String, stamp: FileStamp?,
        nextRetryAt: Timestamp? = nil, content: ContentDigest? = nil
    ) {
        self.path = path
        self.root = root
        self.errorClass = errorClass
        self.message = message
        self.stamp = stamp
        self.nextRetryAt = nextRetryAt
        self.content = content
    }
}

/// What writing a batch changed.
public struct IngestBatchOutcome: Sendable, Equatable {
    /// Pictures that were not in the catalog before.
    public var addedImages = 0
    /// Embeddings that were not there before.
    public var addedEmbeddings = 0
    /// Paths that were not there before.
    public var addedFiles = 0
    /// Those of them whose picture another file holds as well.
    public var copies = 0
    /// Known paths whose content is another one now.
    public var replacedFiles = 0
    /// Files that failed.
    public var failures = 0
    /// Pictures that had vanished with their files and are active again.
    public var restoredImages = 0
    /// Pictures that vanished because the last file that held them holds something else now.
    public var vanishedImages = 0

    /// Starts empty.
    public init() {}

    /// Adds the numbers of another batch.
    public static func += (sum: inout Self, other: Self) {
        sum.addedImages += other.addedImages
        sum.addedEmbeddings += other.addedEmbeddings
        sum.addedFiles += other.addedFiles
        sum.copies += other.copies
        sum.replacedFiles += other.replacedFiles
        sum.failures += other.failures
        sum.restoredImages += other.restoredImages
        sum.vanishedImages += other.vanishedImages
    }
}
