import Catalog
import Daemons
import Faults
import FolderWatching
import NativeThreads
import Postgres

/// Takes files out of the queue, group by group, until the end is asked for.
///
/// One transaction holds the claim of a group, the rows that come of it, and its leaving the queue: whatever ends the process
/// or the connection gives the files back, and nobody does them twice.
actor QueueLane {
    private let thread = NativeThreadExecutor(name: "lane")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// A content that somebody else embeds at the moment is asked about again after this time.
    private static let otherLaneTime = Duration.milliseconds(300)

    /// Rung when there may be files.
    nonisolated let bell = Bell()
    private let target: ConnectionTarget
    private let intake: Intake
    private let lane: IntakeLane
    private let model: StoredModel
    private let roots: RootBook
    private let settings: WatchDaemon.Settings
    private let trouble: DatabaseTrouble
    private let stopFlag: StopFlag
    private let log: WatchLog
    private let rescan: @Sendable ([UInt8]) -> Void
    private var connection: Connection?

    init(
        target: ConnectionTarget, intake: Intake, model: StoredModel, roots: RootBook,
        settings: WatchDaemon.Settings, trouble: DatabaseTrouble, stopFlag: StopFlag, log: WatchLog,
        rescan: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.target = target
        self.intake = intake
        lane = IntakeLane(intake)
        self.model = model
        self.roots = roots
        self.settings = settings
        self.trouble = trouble
        self.stopFlag = stopFlag
        self.log = log
        self.rescan = rescan
    }

    /// - Throws: what no waiting helps against.
    func run() async throws {
        defer { connection = nil }
        bell.ring()
        for await _ in bell.rings {
            while !stopFlag.isSet {
                do {
                    guard try await takeGroup() else { break }
                    trouble.isOver()
                } catch {
                    connection = nil
                    bell.ring(after: try trouble.met(error))
                    break
                }
            }
            if stopFlag.isSet { return }
        }
    }

    /// Takes one group through.
    ///
    /// - Returns: whether there may be more at once.
    private func takeGroup() async throws -> Bool {
        let catalog = Catalog(try connected())
        var aside: [[UInt8]] = []
        let hadFiles = try await catalog.connection.transaction {
            let claimed = try catalog.claim(
                roots: roots.active, limit: IntakeLane.mostFiles, maxBytes: IntakeLane.mostBytes,
                host: MachineName.own)
            if claimed.isEmpty { return false }
            aside = try await take(claimed, catalog)
            return true
        }
        // Only now is it out of the queue, as which it would vouch for itself.
        for folder in Set(aside.map(folder)) { rescan(folder) }
        if !hadFiles {
            let wait = try catalog.timeUntilReady(roots: roots.active)
            bell.ring(after: max(.milliseconds(20), min(wait ?? settings.pollInterval, settings.pollInterval)))
        }
        return hadFiles
    }

    private func connected() throws -> Connection {
        if let connection, !connection.noticesHangUp() { return connection }
        let fresh = try Connection(target, applicationName: WriterName.of("likeness watch lane"))
        connection = fresh
        return fresh
    }

    /// Makes of claimed files what the catalog stores, and writes it.
    ///
    /// - Returns: files that are not as they were when they were queued, and are to be found anew.
    private func take(_ claimed: [QueuedFile], _ catalog: Catalog) async throws -> [[UInt8]] {
        let byPath = Dictionary(claimed.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        let model = model
        // Two daemons that scan at once may queue a file one after the other: then it is done already.
        let known = try catalog.knownFiles(at: claimed.map(\.path), model: model.id)
        let undone = claimed.filter { file in
            known[file.path].map { !$0.hasEmbedding || !$0.stamp.vouches(for: file.stamp) } ?? true
        }
        var result = try await lane.take(undone.map { FoundFile($0) }) { digests in
            try await self.standings(of: digests, model: model.id)
        }
        let start = ContinuousClock.now
        var aside: [[UInt8]] = []
        var later: [Postponement] = []
        var failures: [FailedFile] = []
        for taken in result.files {
            guard let file = byPath[taken.file.path] else { continue }
            switch taken.outcome {
            case .added, .known: break
            case .changed: aside.append(file.path)
            case .postponed: later.append(Postponement(of: file.id, by: Self.otherLaneTime))
            case .failed(let failure):
                failures.append(failure)
                if failure.recovery == .retryLater { later.append(postponement(of: file, after: failure)) }
            }
        }
        let postponed = Set(later.map(\.file))
        result.batch.failures.removeAll { failure in byPath[failure.path].map { postponed.contains($0.id) } ?? false }
        result.batch.host = MachineName.own
        for place in result.batch.sightings.indices {
            result.batch.sightings[place].root = byPath[result.batch.sightings[place].path]?.root
        }
        for place in result.batch.failures.indices {
            result.batch.failures[place].root = byPath[result.batch.failures[place].path]?.root
        }
        try catalog.write(result.batch, model: model)
        try catalog.postpone(later)
        try catalog.finish(claimed.map(\.id).filter { !postponed.contains($0) })
        var cost = result.cost
        cost.write += (ContinuousClock.now - start) / .seconds(1)
        log.count(files: undone.count - later.count(where: { $0.error == nil }) - aside.count, failures, cost)
        return aside
    }

    /// Which contents this lane is to embed; it has them alone until its transaction ends.
    private func standings(
        of digests: [ContentDigest], model: ModelID
    ) throws -> [ContentDigest: ContentStanding] {
        guard let connection else { return [:] }
        let claim = try Catalog(connection).claimContents(digests, model: model)
        var standings: [ContentDigest: ContentStanding] = [:]
        for digest in claim.known { standings[digest] = .known }
        for digest in claim.busy { standings[digest] = .inWorkElsewhere }
        return standings
    }

    private func postponement(of file: QueuedFile, after failure: FailedFile) -> Postponement {
        var random = SystemRandomNumberGenerator()
        return Postponement(
            of: file.id, by: settings.fileBackoff.delay(after: file.attempts + 1, using: &random),
            error: .init(errorClass: failure.errorClass, message: failure.message))
    }
}

extension FoundFile {
    /// A file of the queue; one that another machine noticed has other numbers here, or none.
    fileprivate init(_ file: QueuedFile) {
        self.init(
            path: file.path, size: file.stamp.size, modified: file.stamp.mtimeNanoseconds,
            device: file.stamp.device ?? 0, inode: file.stamp.inode ?? 0)
    }
}
