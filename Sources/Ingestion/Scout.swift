import Catalog
import Daemons
import Dispatch
import Faults
import FolderWatching
import Glibc
import Logging
import NativeThreads
import Postgres

/// Writes what a watcher tells into the catalog, on the watcher's thread: while the catalog is away, the watcher waits, and
/// what it then has missed it finds by scanning.
actor Scout {
    private let thread = NativeThreadExecutor(name: "watch")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Paths that are noted as gone together, one transaction's worth.
    private static let mostMissing = 10_000

    private let target: ConnectionTarget
    private let watcher: FolderWatcher
    private let roots: RootBook
    private let model: StoredModel
    private let trouble: DatabaseTrouble
    private let stopFlag: StopFlag
    private let log: WatchLog
    private let departures: Departures
    private let wake: @Sendable () -> Void
    private var connection: Connection?

    init(
        target: ConnectionTarget, watcher: FolderWatcher, roots: RootBook, model: StoredModel,
        departures: Departures, trouble: DatabaseTrouble, stopFlag: StopFlag, log: WatchLog,
        wake: @escaping @Sendable () -> Void
    ) {
        self.departures = departures
        self.target = target
        self.watcher = watcher
        self.roots = roots
        self.model = model
        self.trouble = trouble
        self.stopFlag = stopFlag
        self.log = log
        self.wake = wake
    }

    /// Watches until the watcher is stopped.
    ///
    /// - Throws: what no waiting helps against.
    func run() throws {
        defer { connection = nil }
        try watcher.run { news in try self.assumeIsolated { try $0.take(news) } }
    }

    /// Takes some news, and tries until it is done or the end is asked for.
    private func take(_ news: FolderNews) throws {
        while !stopFlag.isSet {
            do {
                try write(news, Catalog(try connected()))
                return trouble.isOver()
            } catch {
                connection = nil
                let end = ContinuousClock.now + (try trouble.met(error))
                // In pieces, so that the end does not wait.
                while ContinuousClock.now < end, !stopFlag.isSet { usleep(50_000) }
            }
        }
    }

    private func connected() throws -> Connection {
        if let connection, !connection.isLost { return connection }
        let fresh = try Connection(target, applicationName: WriterName.of("likeness watch"))
        connection = fresh
        return fresh
    }

    private func write(_ news: FolderNews, _ catalog: Catalog) throws {
        switch news {
        case .files(let files): try offer(files, catalog)
        case .gone(let paths): departures.note(paths)
        case .scanned(let scan): try compare(scan, catalog)
        case .unreadable(let path, let reason): try note(unreadable: path, reason, catalog)
        case .rootFound(let folder):
            guard let root = roots.set(folder, isPresent: true) else { return }
            if try catalog.setRoot(root, host: MachineName.own, unavailableBecause: nil) { log.tell(rootFound: folder) }
            wake()
        case .rootLost(let folder, let reason):
            // First of all: no lane is to take files from there.
            guard let root = roots.set(folder, isPresent: false) else { return }
            try catalog.setRoot(root, host: MachineName.own, unavailableBecause: reason)
            log.tell(rootLost: folder, reason)
        case .limited(let limit): log.tell(limit)
        }
    }

    private func offer(_ files: [FoundFile], _ catalog: Catalog) throws {
        for (root, group) in Dictionary(grouping: files, by: { roots.root(of: $0.path) }) {
            guard let root else { continue }
            let unknown = try catalog.unknownFiles(
                of: group.map { StampedFile(path: $0.path, stamp: $0.stamp) }, model: model.id)
            if unknown.isEmpty { continue }
            let moved = try sight(moved: unknown, root: root, catalog)
            let outcome = try catalog.enqueue(
                unknown.filter { !moved.contains($0.path) }, root: root, host: MachineName.own)
            lookAgain(at: outcome.inWork.map(\.path))
        }
        wake()
    }

    /// Files that were moved here, or linked, are sighted without being read; before their old names are called vanished, so
    /// that no picture is without a file meanwhile.
    ///
    /// - Returns: their paths.
    private func sight(moved files: [StampedFile], root: RootID, _ catalog: Catalog) throws -> Set<[UInt8]> {
        let moved = try catalog.movedFiles(matching: files, model: model.id, host: MachineName.own)
            // Another daemon sighted it a moment ago.
            .filter { $0.readAt != $0.file.path }
        if moved.isEmpty { return [] }
        var batch = IngestBatch()
        batch.host = MachineName.own
        batch.sightings = moved.map {
            FileSighting(path: $0.file.path, root: root, content: $0.content, stamp: $0.file.stamp)
        }
        try catalog.write(batch, model: model)
        log.tell(moved: moved.count)
        return Set(moved.map(\.file.path))
    }

    /// Notes as gone what the catalog knows below a folder and a scan has not met: about 120 bytes a file, until that waited
    /// for what was moved.
    private func compare(_ scan: FolderScan, _ catalog: Catalog) throws {
        if let root = roots.root(of: scan.folder) {
            var missing: [[UInt8]] = []
            try catalog.forEachKnownPath(under: scan.folder) { path in
                guard !scan.leavesOpen(path), isMissing(path) else { return }
                missing.append(path)
                if missing.count == Self.mostMissing {
                    departures.note(missing)
                    missing = []
                }
            }
            if !missing.isEmpty { departures.note(missing) }
            if roots.isRoot(scan.folder) { try catalog.noteScan(of: root) }
        }
        log.tell(scanned: scan, isRoot: roots.isRoot(scan.folder))
    }

    private func note(unreadable path: [UInt8], _ reason: String, _ catalog: Catalog) throws {
        var batch = IngestBatch()
        batch.failures.append(
            IngestFailure(
                path: path, root: roots.root(of: path), errorClass: "unreadable", message: reason, stamp: nil))
        try catalog.write(batch, model: model)
        log.tell(unreadable: path, reason)
    }

    private func lookAgain(at paths: [[UInt8]]) { watcher.lookAgain(at: paths) }
}

extension FolderWatcher {
    /// Has folders scanned in a moment: files in them changed or went while a lane had them as they were before.
    func lookAgain(at paths: [[UInt8]]) {
        let folders = Set(paths.map(folder))
        if folders.isEmpty { return }
        Task {
            try? await Task.sleep(for: .seconds(1))
            for folder in folders { rescan(folder) }
        }
    }
}

/// The folder that a path lies in.
func folder(of path: [UInt8]) -> [UInt8] {
    let end = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
    return end == 0 ? [UInt8(ascii: "/")] : Array(path[..<end])
}

/// Whether a path is surely not that of a file any more; one that cannot be looked at is not missing.
func isMissing(_ path: [UInt8]) -> Bool {
    var status = stat()
    if withPath(path, { lstat($0, &status) }) != 0 { return errno == ENOENT || errno == ENOTDIR }
    // A folder of that name holds no picture itself; a link may be followed to one.
    return status.st_mode & S_IFMT == S_IFDIR
}

/// Whether a path is that of a folder, or of a link to one.
func isFolder(_ path: [UInt8]) -> Bool {
    var status = stat()
    return withPath(path, { stat($0, &status) }) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
