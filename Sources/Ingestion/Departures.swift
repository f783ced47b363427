import Catalog
import Daemons
import FolderWatching
import Postgres

/// Calls vanished what has been gone for a while and has not come to another place.
///
/// Not at once: what was moved may still have to settle at its new place, and a picture that leaves the answers and comes
/// back a second later costs every index two changes. So what went waits for three things: for some time; then until the
/// watcher has told all that happened meanwhile; and, where its picture would leave the answers, for the files of its size that
/// are in the queue by then, for each of them may be what went. What has come back is not gone.
actor Departures {
    /// Files that went are looked at again after this time while others of their size wait in the queue.
    private static let pause = Duration.milliseconds(500)

    private let database: Database
    private let roots: RootBook
    private let patience: Duration
    private let trouble: DatabaseTrouble
    private let stopFlag: StopFlag
    private let log: WatchLog
    private let watchers: [FolderWatcher]
    private let silenceLimit: Duration
    private var waiting: [Departure] = []
    private var isAtWork = false

    private struct Departure {
        var paths: [[UInt8]]
        /// Files that were queued until then may be what went; nil before the first look.
        var queuedUntil: Timestamp?
    }

    /// - Parameters:
    ///   - patience: for how long something must be gone.
    ///   - watchers: those of all roots: something may have moved from one to another.
    ///   - silenceLimit: a watcher that its file system does not answer for so long is not waited for.
    init(
        _ database: Database, roots: RootBook, patience: Duration, trouble: DatabaseTrouble, stopFlag: StopFlag,
        log: WatchLog, watchers: [FolderWatcher], silenceLimit: Duration
    ) {
        self.database = database
        self.roots = roots
        self.patience = patience
        self.trouble = trouble
        self.stopFlag = stopFlag
        self.log = log
        self.watchers = watchers
        self.silenceLimit = silenceLimit
    }

    /// Notes files and folders that went, or that a scan has not met. What is forgotten by a process that ends is found by the
    /// next scan.
    nonisolated func note(_ paths: [[UInt8]]) {
        Task {
            try? await Task.sleep(for: patience)
            for watcher in watchers where watcher.unanswered(for: silenceLimit) == nil { await watcher.catchUp() }
            await take(Departure(paths: paths))
        }
    }

    private func take(_ departure: Departure) async {
        waiting.append(departure)
        if isAtWork { return }
        isAtWork = true
        defer { isAtWork = false }
        while !waiting.isEmpty, !stopFlag.isSet {
            let taken = waiting.removeFirst()
            do {
                if let rest = try await vanish(taken) { takeLater(rest) }
                trouble.isOver()
            } catch {
                waiting.append(taken)
                // What no waiting helps against the lanes meet as well, and end for it.
                guard let delay = try? trouble.met(error) else { return }
                try? await Task.sleep(for: delay)
            }
        }
    }

    private func takeLater(_ departure: Departure) {
        Task {
            try? await Task.sleep(for: Self.pause)
            await take(departure)
        }
    }

    /// - Returns: what is to wait for files in the queue; nil when nothing is.
    private func vanish(_ departure: Departure) async throws -> Departure? {
        var rest = departure
        rest.paths = []
        for (root, group) in Dictionary(grouping: departure.paths, by: { roots.root(of: $0) }) {
            guard let root else { continue }
            do {
                // All of it on the connection's thread: a disk that does not answer holds nobody else.
                let (outcome, waiting, now) = try await database.run { connection in
                    let catalog = Catalog(connection)
                    let now = try departure.queuedUntil ?? catalog.now()
                    let (missing, folders) = try Self.missing(group, catalog)
                    let waiting = try catalog.possiblyMoved(missing, folders: folders, queuedUntil: now)
                    let outcome = try catalog.vanish(
                        paths: missing.filter { !waiting.contains($0) },
                        folders: folders.filter { !waiting.contains($0) }, root: root, host: MachineName.own)
                    return (outcome, waiting, now)
                }
                for watcher in watchers { watcher.lookAgain(at: outcome.inWork) }
                log.tell(vanished: outcome)
                rest.paths += waiting
                rest.queuedUntil = now
            } catch CatalogError.rootUnavailable {
                // It went away in this moment; then nothing in it is gone.
            }
        }
        return rest.paths.isEmpty ? nil : rest
    }

    /// What is not there now of what went, and of what was known below.
    ///
    /// - Returns: files, and folders that are gone with everything below them. Where a folder is again, it is files alone.
    private static func missing(
        _ paths: [[UInt8]], _ catalog: Catalog
    ) throws -> (files: [[UInt8]], folders: [[UInt8]]) {
        var files = paths.filter(isMissing)
        var folders = Set(try catalog.knownFolders(of: files))
        for folder in folders where isFolder(folder) {
            folders.remove(folder)
            try catalog.forEachKnownPath(under: folder) { if isMissing($0) { files.append($0) } }
        }
        return (files, Array(folders))
    }
}
