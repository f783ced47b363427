import Catalog
import Daemons
import Faults
import FolderWatching
import FoundationEssentials
import Logging
import Postgres

/// Notices that a file system does not answer the watcher, which a dead server of a network file system brings about: then
/// nothing new is noticed, and no lane is to take files from there.
struct Silence {
    private let watcher: FolderWatcher
    private let roots: RootBook
    private let limit: Duration
    private let logger: Logger
    /// The root that does not answer, as far as was told.
    private var silentRoot: [UInt8]?

    /// - Parameter limit: how long an answer may take.
    init(_ watcher: FolderWatcher, _ roots: RootBook, limit: Duration, _ logger: Logger) {
        self.watcher = watcher
        self.roots = roots
        self.limit = limit
        self.logger = logger
    }

    /// Looks whether there is silence, and tells when it begins and when it is over; to be called every second or so.
    ///
    /// A root that does not answer is not there, with the reason, until the watcher says otherwise.
    mutating func look(_ database: Database) async {
        guard let silence = watcher.unanswered(for: limit) else { return await end() }
        guard silentRoot == nil, let root = roots.folder(of: silence.path) else { return }
        silentRoot = root
        let seconds = Int(silence.duration / .seconds(1))
        logger.warning(
            "the file system does not answer; nothing new is noticed there until it does",
            metadata: ["path": "\(printableName(silence.path))", "seconds": "\(seconds)"])
        guard let id = roots.set(root, isPresent: false) else { return }
        let since = silence.duration
        // What trouble there is with the database the scout and the lanes tell.
        _ = try? await database.run { connection in
            let catalog = Catalog(connection)
            let now = try catalog.now()
            let start = Timestamp(
                microsecondsSince1970: now.microsecondsSince1970 - Int64(since / .microseconds(1)))
            try catalog.setRoot(
                id, host: MachineName.own,
                unavailableBecause: "no answer from its file system since \(start.date.formatted(.iso8601))")
        }
    }

    private mutating func end() async {
        guard let root = silentRoot else { return }
        silentRoot = nil
        logger.notice("the file system answers again", metadata: ["folder": "\(printableName(root))"])
        // Only the watcher knows how it stands; what went meanwhile was not called gone.
        watcher.tellRoots()
        watcher.rescanAll()
    }
}
