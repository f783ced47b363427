import Postgres

/// Everything that the catalog knows about one path; what is nil or empty it does not know.
public struct FileFacts: Sendable {
    /// The path that was asked about.
    public let path: [UInt8]
    /// The watched root that it lies in; of several the innermost, and a retired one only when there is no other.
    public var root: Root?
    /// Its place in the queue.
    public var queued: Queued?
    /// Why it could not be ingested; of a file that was replaced, beside the sighting of what it held before.
    public var failure: Failure?
    /// What it held when it was last read, and whether it is still there.
    public var sighting: Sighting?

    /// A watched root, as ``Catalog/Catalog/fileFacts(_:)`` finds it.
    public struct Root: Sendable {
        /// The root.
        public let root: WatchedRoot
        /// Machines that watch it and do not see it, with their reasons.
        public let unavailable: [(host: String, reason: String)]
        /// Ingest daemons that see it and said so within two minutes.
        public let daemons: Int
        /// Files of it that are ready and wait, or are in work.
        public let ready: Int
    }

    /// A place in the queue.
    public struct Queued: Sendable, Hashable {
        /// The file as it was noticed.
        public let stamp: FileStamp
        /// When it was noticed.
        public let noticedAt: Timestamp
        /// From when on it may be taken.
        public let readyAt: Timestamp
        /// How often it failed as it is.
        public let attempts: Int
        /// What went wrong last.
        public let error: Postponement.Reason?
        /// Whether somebody works on it at this moment.
        public let isInWork: Bool
        /// Files of the root that are ready for longer.
        public let before: Int
    }

    /// A failure.
    public struct Failure: Sendable, Hashable {
        /// What is recorded of it.
        public let recorded: RecordedFailure
        /// The file as it was when it failed; nil when that could not be had.
        public let stamp: FileStamp?
        /// Other files with the same bytes that failed as well.
        public let copies: [[UInt8]]
    }

    /// What a file holds.
    public struct Sighting: Sendable {
        /// The file as it was when it was read.
        public let stamp: FileStamp
        /// When the file was first seen with this picture.
        public let firstSeen: Timestamp
        /// When it was last read.
        public let lastSeen: Timestamp
        /// When it was found to be gone; nil while it is there.
        public let vanishedAt: Timestamp?
        /// The picture.
        public let image: ImageID
        /// What names the picture.
        public let content: ContentDigest
        /// `active`, `hidden` by a person, or `vanished` with its last file.
        public let imageState: String
        /// Width in pixels, as seen.
        public let width: Int
        /// Height in pixels, as seen.
        public let height: Int
        /// Format by content.
        public let format: String
        /// When the picture entered the catalog.
        public let addedAt: Timestamp
        /// Other files that hold the picture now or held it, those that are there first.
        public let otherFiles: [(path: [UInt8], vanishedAt: Timestamp?)]
        /// The embeddings of the picture, in the order in which the models were added.
        public let embeddings: [Embedding]
    }

    /// An embedding, and how far it got.
    public struct Embedding: Sendable {
        /// The model, as people call it.
        public let model: String
        /// When it was computed.
        public let embeddedAt: Timestamp
        /// The index stores of the model.
        public let stores: [Store]
    }

    /// An index store.
    public struct Store: Sendable, Hashable {
        /// The machine that keeps it.
        public let host: String
        /// The folder on that machine.
        public let folder: String
        /// Whether it has applied all that happened to this picture.
        public let isApplied: Bool
        /// Changes of all pictures that it has not applied.
        public let pendingChanges: Int
        /// When it last followed the catalog.
        public let lastSeen: Timestamp
    }
}
