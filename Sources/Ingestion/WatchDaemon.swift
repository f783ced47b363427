import Catalog
import Daemons
import FolderWatching
import Logging
import Postgres
import Synchronization

/// Keeps the catalog equal to folders for as long as it runs: the ingest daemon.
///
///     watcher ─▶ scout ─▶ queue in PostgreSQL ─▶ lanes: claim, read, decode, embed, write
///
/// A scout, on a thread and a connection of its own, writes what its watcher tells into the catalog: complete files that
/// nothing vouches for into the queue, files that are gone as vanished. All disks of this machine have one, and each root on a
/// network file system has another, which may have to wait for its server. Each lane claims files, makes what the catalog stores
/// of them and writes that in the transaction of the claim: a daemon that is killed gives back what it had, and several
/// daemons on several machines share the queue. Nothing is handed over in memory, so that nothing is lost with it.
public actor WatchDaemon {
    /// How it works.
    public struct Settings: Sendable {
        /// How folders are watched.
        public var watching = WatchOptions()
        /// What becomes of pictures whose last file is gone.
        public var onVanish = OnVanish.keep
        /// Groups of files that are in work at once: one is read or written while another is decoded and a third embedded.
        public var lanes = 3
        /// The longest time between two looks at the queue.
        public var pollInterval: Duration = .seconds(2)
        /// Time between two records of what it does.
        public var activityInterval: Duration = .seconds(5)
        /// How long a file system may take to answer before its root counts as not there.
        public var silenceLimit: Duration = .seconds(30)
        /// Waits after something that may pass by itself.
        public var backoff = Backoff()
        /// Waits before a file is tried again that failed for a reason that may pass.
        public var fileBackoff = Backoff(first: .seconds(10), limit: .seconds(6 * 3600))

        /// The values that a daemon has unless told otherwise.
        public init() {}
    }

    private let target: ConnectionTarget
    private let intake: Intake
    private let model: StoredModel
    private let folders: [[UInt8]]
    private let settings: Settings
    private let logger: Logger
    private let notifier: ServiceNotifier
    private let report: @Sendable (WatchEvent) -> Void
    private nonisolated let stopFlag = StopFlag()
    private nonisolated let bell = Bell()

    /// Connects when it runs.
    ///
    /// - Parameters:
    ///   - model: the catalog's row of the model that the intake embeds with.
    ///   - folders: as `FolderWatching.WatchedRoot.resolved(_:)` gives them.
    ///   - report: hears of progress and of each file that failed.
    public init(
        target: ConnectionTarget, intake: Intake, model: StoredModel, folders: [[UInt8]],
        settings: Settings = Settings(), logger: Logger, notifier: ServiceNotifier = ServiceNotifier(),
        report: @escaping @Sendable (WatchEvent) -> Void = { _ in }
    ) {
        self.target = target
        self.intake = intake
        self.model = model
        self.folders = folders
        self.settings = settings
        self.logger = logger
        self.notifier = notifier
        self.report = report
    }

    /// Watches until ``stop()`` is called or the task is cancelled; then the groups in work are finished and written.
    ///
    /// - Throws: what no waiting helps against, with everything that was committed in place.
    public func run() async throws {
        let trouble = DatabaseTrouble(settings.backoff, logger, notifier, stopFlag)
        let database = Database(target, applicationName: WriterName.of("likeness watch record"))
        let startedAt = try await database.run { try Catalog($0).now() }
        let roots = try await RootBook.open(folders, policy: settings.onVanish, database, logger)
        let log = WatchLog(startedAt: startedAt, roots: roots.all, logger: logger, report: report)
        let watchers = try FolderWatching.WatchedRoot.byFileSystem(roots.watched).map {
            try FolderWatcher(roots: $0, options: settings.watching, logger: logger)
        }
        logger.info(
            "watching folders",
            metadata: [
                "database": "\(target)", "folders": "\(folders.count)", "model": "\(model.name)",
                "lanes": "\(settings.lanes)",
            ])
        let lanes = (0..<settings.lanes).map { _ in
            QueueLane(
                target: target, intake: intake, model: model, roots: roots, settings: settings, trouble: trouble,
                stopFlag: stopFlag, log: log, rescan: { folder in for watcher in watchers { watcher.rescan(folder) } })
        }
        let departures = Departures(
            Database(target, applicationName: WriterName.of("likeness watch departures")), roots: roots,
            patience: settings.watching.settlingTime + .milliseconds(500), trouble: trouble, stopFlag: stopFlag,
            log: log, watchers: watchers, silenceLimit: settings.silenceLimit)
        let scouts = watchers.map { watcher in
            Scout(
                target: target, watcher: watcher, roots: roots, model: model, departures: departures, trouble: trouble,
                stopFlag: stopFlag, log: log, wake: { for lane in lanes { lane.bell.ring() } })
        }
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { work in
                for scout in scouts { work.addTask { try await scout.run() } }
                for lane in lanes { work.addTask { try await lane.run() } }
                work.addTask { await self.keepRecord(roots, log, database, watchers) }
                let hints = hints(lanes)
                defer {
                    hints.cancel()
                    stop()
                    for watcher in watchers { watcher.stop() }
                }
                // Whoever ends first, by the flag or by an error, ends all.
                try await work.next()
                stop()
                for watcher in watchers { watcher.stop() }
                for lane in lanes { lane.bell.ring() }
                try await work.waitForAll()
            }
        } onCancel: {
            stop()
        }
        notifier.stopping()
        logger.info("stopped", metadata: ["files": "\(log.activity.files)", "failures": "\(log.activity.failures)"])
    }

    /// Asks for the end; ``run()`` returns when the groups in work are written.
    public nonisolated func stop() {
        stopFlag.set()
        bell.ring()
    }

    /// Wakes the lanes when somebody queued files, on this machine or another.
    private func hints(_ lanes: [QueueLane]) -> Task<Void, Never> {
        Task { [target, settings] in
            let heard = Bell()
            async let ringing: Void = heard.ring(
                onNotificationsOf: Catalog.ingestChannel, from: target, as: WriterName.of("likeness watch hints"),
                settings.backoff)
            for await _ in heard.rings { for lane in lanes { lane.bell.ring() } }
            await ringing
        }
    }

    /// Says now and then what is done, to the catalog, the service manager and people, until the end is asked for.
    private func keepRecord(
        _ roots: RootBook, _ log: WatchLog, _ database: Database, _ watchers: [FolderWatcher]
    ) async {
        var silences = watchers.map { Silence($0, roots, limit: settings.silenceLimit, logger) }
        let ticks = Task { [bell, tick = tickInterval] in
            while !Task.isCancelled {
                try? await Task.sleep(for: tick)
                bell.ring()
            }
        }
        defer { ticks.cancel() }
        var nextRecord = ContinuousClock.now
        var isReady = false
        bell.ring()
        for await _ in bell.rings {
            if stopFlag.isSet { break }
            notifier.isAlive()
            if !isReady, log.hasScanned(all: roots.watched.count) {
                isReady = true
                notifier.ready()
            }
            for place in silences.indices { await silences[place].look(database) }
            // The scout and the lanes tell of trouble with the database.
            let known = roots.all
            if let waiting = try? await database.run({ try Catalog($0).queueDepth(roots: known) }) {
                log.tell(waiting: waiting)
            }
            guard nextRecord <= .now else { continue }
            nextRecord = .now + settings.activityInterval
            notifier.status(log.words)
            let activity = log.activity
            _ = try? await database.run { try Catalog($0).record(activity) }
        }
        let activity = log.activity
        _ = try? await database.run { try Catalog($0).removeActivity(of: activity) }
    }

    /// People want to see progress twice a second, the service manager signs of life in half of its interval at the latest.
    private var tickInterval: Duration {
        min(.milliseconds(500), notifier.watchdogInterval.map { $0 / 2 } ?? .milliseconds(500))
    }
}

/// What a daemon tells while it runs.
public enum WatchEvent: Sendable {
    /// `done` files have an outcome since it began, `failed` of them did not get in, and `waiting` are in the queue.
    case progress(done: Int, failed: Int, waiting: Int, elapsed: Duration)
    /// A file that did not get in.
    case failure(FailedFile)
}
