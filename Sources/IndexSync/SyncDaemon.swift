import Catalog
import Daemons
import Logging
import NativeThreads
import Postgres
import VectorIndexes

/// Makes the index files of a home follow the catalog for as long as it runs.
///
/// It looks at the feed when PostgreSQL notifies it and, because a notification is only a hint, every second anyway. Steps
/// run on a thread of its own with a connection of its own, whose locks keep other writers out; on a second thread
/// generations of indexes are built, sketches trained, stores compacted and indexes measured meanwhile, one at a time; on a
/// third one, which does not wait for that, the neighbors of new pictures are searched. What passes by itself is tried again
/// with growing waits.
public actor SyncDaemon {
    /// How often it does what.
    public struct Settings: Sendable {
        /// The longest time between two looks at the feed and at the list of indexes.
        public var pollInterval: Duration = .seconds(1)
        /// The shortest time from a look at the feed that published something to the next one. The first change after a pause
        /// is applied at once; those of a stream share a publication, which costs many times what a row does, here, in
        /// PostgreSQL and in every process that then opens the files anew.
        public var pace: Duration = .milliseconds(50)
        /// Time between two comparisons of all ids of catalog and index files.
        public var verifyInterval: Duration = .seconds(3600)
        /// Time between two removals of changes that every store has passed.
        public var pruneInterval: Duration = .seconds(600)
        /// The longest time for which a position that changes nothing for readers is left unpublished.
        public var positionInterval: Duration = .seconds(60)
        /// Time between two summaries in the log.
        public var summaryInterval: Duration = .seconds(60)
        /// The shortest time between two measurements of the indexes, unless many rows came or went.
        public var healthInterval: Duration = .seconds(60)
        /// Waits after something that may pass by itself.
        public var backoff = Backoff()
        /// Waits after work beside the steps failed.
        public var buildBackoff = Backoff(first: .seconds(10), limit: .seconds(1800))
        /// How a generation is built.
        public var building: GenerationBuilding = { job, control throws(IndexError) in try job.build(control) }

        /// The values that a daemon has unless told otherwise.
        public init() {}
    }

    let target: ConnectionTarget
    let folders: IndexFolders
    let settings: Settings
    let logger: Logger
    let notifier: ServiceNotifier
    let applicationName = WriterName.of("likeness sync")
    let worker: BackgroundWorker
    let neighborWorker: BackgroundWorker
    nonisolated let bell = Bell()
    nonisolated let stopFlag = StopFlag()

    private let thread = NativeThreadExecutor(name: "sync")
    /// The thread of the connection and of the writers.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    var connection: Connection?
    var followed: [ModelID: FollowedModel] = [:]
    var databaseTrouble: Trouble?
    var running: RunningWork?
    var nextDiscovery = ContinuousClock.now
    var nextPruning = ContinuousClock.now
    var summary = Summary()
    var isReady = false
    /// Whether readers have something new to open since the last look began.
    var hasPublished = false
    var random = SystemRandomNumberGenerator()

    /// Connects when it runs.
    public init(
        target: ConnectionTarget, folders: IndexFolders, settings: Settings = Settings(), logger: Logger,
        notifier: ServiceNotifier = ServiceNotifier()
    ) {
        self.target = target
        self.folders = folders
        self.settings = settings
        self.logger = logger
        self.notifier = notifier
        worker = BackgroundWorker(name: "index-build", settings.building)
        neighborWorker = BackgroundWorker(name: "neighbors", settings.building)
    }

    /// Follows until ``stop()`` is called or the task is cancelled, and then ends in order: the step is finished and
    /// published, the locks are free.
    ///
    /// - Throws: what no waiting helps against: `CatalogError.storeLocked(folder:by:)` and `IndexError.locked(_:by:)` when
    ///   somebody else writes, ``SyncError/takenOver(folder:by:)``, and every fault that only a person can mend. Nothing is
    ///   published then.
    public func run() async throws {
        logger.info(
            "following the catalog",
            metadata: ["database": "\(target)", "folder": "\(folders.folder)", "poll": "\(settings.pollInterval)"])
        let hints = Task { [bell, target, settings] in
            await bell.ring(
                onNotificationsOf: Catalog.embeddingsChannel, from: target,
                as: WriterName.of("likeness sync hints"), settings.backoff)
        }
        let ticks = Task { [bell, interval = tickInterval] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                bell.ring()
            }
        }
        bell.ring()
        var failure: (any Error)?
        await withTaskCancellationHandler {
            for await _ in bell.rings {
                if stopFlag.isSet { break }
                let next = ContinuousClock.now + settings.pace
                hasPublished = false
                do {
                    try turn()
                } catch {
                    failure = error
                    break
                }
                if hasPublished { try? await Task.sleep(until: next) }
            }
        } onCancel: {
            stop()
        }
        hints.cancel()
        ticks.cancel()
        await shutDown()
        if let failure { throw failure }
        logger.info("stopped")
    }

    /// Asks for the end; ``run()`` returns when the present step is finished.
    public nonisolated func stop() {
        stopFlag.set()
        bell.ring()
    }

    /// The service manager wants signs of life in half of its interval at the latest.
    private var tickInterval: Duration {
        min(settings.pollInterval, notifier.watchdogInterval.map { $0 / 2 } ?? settings.pollInterval)
    }

    private func shutDown() async {
        notifier.stopping()
        if let running {
            running.cancel()
            // Measuring leaves nothing behind, and takes its time.
            if let started = running.started {
                await running.task.value
                try? followed[running.model]?.session?.recordUnpublished(
                    started, .cancelled, "the daemon was stopped")
            }
            self.running = nil
        }
        for model in followed.values { release(model) }
        connection = nil
    }
}

/// A model whose index files are kept.
final class FollowedModel {
    let model: StoredModel
    /// nil while there is trouble, and before the first step.
    var session: StoreSession?
    /// The indexes that the catalog wants.
    var wanted: [StoredIndex] = []
    var trouble: Trouble?
    /// What the next session makes anew, and why.
    var mending = Mending()
    /// Whether it has once seen the end of the feed.
    var isCaughtUp = false
    var publishedAt = ContinuousClock.now
    var nextVerification: ContinuousClock.Instant
    /// What failed last.
    var workTroubles: [PlannedWork.Subject: Trouble] = [:]
    /// What was measured last, by the names of indexes.
    var measured: [String: MeasuredIndex] = [:]
    var looks: Looks
    /// What the log has told of already.
    var toldRefused: Set<String> = []
    var activity: String?
    var neighbors = NeighborRounds()

    init(
        _ model: StoredModel, nextVerification: ContinuousClock.Instant, firstLook: ContinuousClock.Instant
    ) {
        self.model = model
        looks = Looks(first: firstLook)
        self.nextVerification = nextVerification
    }
}

/// What happened since the last summary.
struct Summary {
    var since = ContinuousClock.now
    var added = 0
    var removed = 0
    var publications = 0
    /// Pictures whose neighbors were written.
    var searched = 0
}
