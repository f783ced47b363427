import Catalog
import Daemons
import Faults
import FolderWatching
import Glibc
import Logging
import Postgres
import Synchronization

/// What a daemon has done, and what it tells of it.
final class WatchLog: Sendable {
    private struct State {
        var activity: IngestActivity
        var scannedRoots: Set<[UInt8]> = []
        var unreadable: Set<[UInt8]> = []
    }

    private let logger: Logger
    private let report: @Sendable (WatchEvent) -> Void
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(
        startedAt: Timestamp, roots: [RootID], logger: Logger, report: @escaping @Sendable (WatchEvent) -> Void
    ) {
        self.logger = logger
        self.report = report
        state = Mutex(
            State(
                activity: IngestActivity(
                    host: MachineName.own, processID: getpid(), startedAt: startedAt, roots: roots)))
    }

    var activity: IngestActivity { state.withLock { $0.activity } }

    /// Files that a lane brought to their end, those that failed among them.
    func count(files: Int, _ failures: [FailedFile], _ cost: IntakeCost) {
        state.withLock { state in
            state.activity.files += files
            state.activity.failures += failures.count
            state.activity.bytes += cost.bytes
            state.activity.reading += .seconds(cost.read)
            state.activity.decoding += .seconds(cost.decode)
            state.activity.embedding += .seconds(cost.embed)
            state.activity.writing += .seconds(cost.write)
        }
        for failure in failures { report(.failure(failure)) }
    }

    func tell(waiting: Int) {
        let activity = state.withLock { state in
            state.activity.queueWaiting = waiting
            return state.activity
        }
        report(
            .progress(
                done: activity.files, failed: activity.failures, waiting: waiting, elapsed: .now - start))
    }

    /// What it does, in a line for the service manager.
    var words: String {
        let activity = activity
        return "\(grouped(activity.files)) files, \(grouped(activity.failures)) failed, "
            + "\(grouped(activity.queueWaiting)) waiting"
    }

    /// Whether so many roots were scanned, or found missing.
    func hasScanned(all count: Int) -> Bool { state.withLock { $0.scannedRoots.count >= count } }

    func tell(scanned scan: FolderScan, isRoot: Bool) {
        guard isRoot else { return }
        let isFirst = state.withLock { $0.scannedRoots.insert(scan.folder).inserted }
        let metadata: Logger.Metadata = [
            "folder": "\(printableName(scan.folder))", "files": "\(scan.files)", "undecided": "\(scan.undecided.count)",
        ]
        if isFirst { logger.info("scanned", metadata: metadata) } else { logger.debug("scanned", metadata: metadata) }
    }

    func tell(moved files: Int) {
        state.withLock { $0.activity.files += files }
        logger.info("files were moved or linked", metadata: ["files": "\(files)"])
    }

    func tell(vanished outcome: VanishOutcome) {
        if outcome.files == 0 { return }
        logger.info(
            "files are gone",
            metadata: ["files": "\(outcome.files)", "pictures hidden": "\(outcome.hiddenImages)"])
    }

    func tell(rootFound folder: [UInt8]) {
        logger.notice("a root is there again", metadata: ["folder": "\(printableName(folder))"])
    }

    func tell(rootLost folder: [UInt8], _ reason: String) {
        _ = state.withLock { $0.scannedRoots.insert(folder) }
        logger.warning(
            "a root is not there; nothing in it counts as gone",
            metadata: ["folder": "\(printableName(folder))", "reason": "\(reason)"])
    }

    func tell(_ limit: WatchLimit) {
        var metadata: Logger.Metadata = ["reason": "\(limit.message)"]
        if let detail = limit.detail { metadata["detail"] = "\(detail)" }
        if let hint = limit.hint { metadata["hint"] = "\(hint)" }
        logger.warning("some folders are polled", metadata: metadata)
    }

    /// Once for each path.
    func tell(unreadable path: [UInt8], _ reason: String) {
        guard state.withLock({ $0.unreadable.insert(path).inserted }) else { return }
        logger.warning("cannot be looked at", metadata: ["path": "\(printableName(path))", "reason": "\(reason)"])
    }
}
