import Catalog
import FolderWatching

/// What a lane made of a group of files.
///
/// The contents in it count as in work as long as it lives: let it go when its batch is committed or given up.
public struct IntakeResult: Sendable {
    /// What is to be written, in one transaction.
    public var batch = IngestBatch()
    /// What became of each file, in the order in which they were given.
    public var files: [TakenFile] = []
    /// What it took.
    public var cost = IntakeCost()

    let claims: ClaimedContents?
}

/// A file and what became of it.
public struct TakenFile: Sendable {
    /// The file as it was found.
    public let file: FoundFile
    /// What became of it.
    public let outcome: FileOutcome
}

/// What becomes of a file that a lane takes.
public enum FileOutcome: Sendable {
    /// Its picture is new and was embedded, by this lane or by another at the same time; the batch holds both.
    case added(ContentDigest)
    /// The catalog has its picture already; the batch holds the sighting.
    case known(ContentDigest)
    /// It does not get in, and the batch says why.
    case failed(FailedFile)
    /// It is not as it was found, or was written while it was read: to be looked at again. Nothing of it is in the batch.
    case changed
    /// Its picture is in work elsewhere: to be taken again in a moment. Nothing of it is in the batch.
    case postponed(ContentDigest)
}

/// Whether a content has to be embedded, as the catalog knows.
public enum ContentStanding: Sendable {
    /// The catalog has its embedding.
    case known
    /// The lane that asked is to embed it.
    case new
    /// Somebody else is embedding it, on another machine perhaps.
    case inWorkElsewhere
}

/// What files cost, stage by stage: seconds in which a stage was busy, added over those who work side by side.
public struct IntakeCost: Sendable, Equatable {
    /// Files taken.
    public var files = 0
    /// Bytes read.
    public var bytes: Int64 = 0
    /// Seconds of reading and hashing.
    public var read = 0.0
    /// Seconds of decode workers.
    public var decode = 0.0
    /// Seconds of the network.
    public var embed = 0.0
    /// Seconds of writing to the catalog, which who writes adds.
    public var write = 0.0

    /// Nothing yet.
    public init() {}

    /// Adds what others cost.
    public static func += (sum: inout Self, other: Self) {
        sum.files += other.files
        sum.bytes += other.bytes
        sum.read += other.read
        sum.decode += other.decode
        sum.embed += other.embed
        sum.write += other.write
    }
}
