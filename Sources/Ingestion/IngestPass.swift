import Catalog
import FolderWatching
import NativeThreads
import Postgres

/// One pass over files and folders: what the catalog does not have goes in.
///
/// Files are walked; those that size and time vouch for are passed over unread, the others go through ``IntakeLane``s side by
/// side, a group and a transaction at a time. In memory are the groups of the lanes and about 300 bytes for each file of the
/// walk.
///
/// A pass that is killed loses what is in flight, and the next one does it.
public struct IngestPass: Sendable {
    /// One reads or writes, one decodes, one embeds.
    private static let lanes = 3

    private let database: Database
    private let intake: Intake
    private let model: StoredModel

    /// A pass that can be run any number of times.
    ///
    /// - Parameter model: the catalog's row of the intake's model.
    public init(database: Database, intake: Intake, model: StoredModel) {
        self.database = database
        self.intake = intake
        self.model = model
    }

    /// Ingests everything below `paths`.
    ///
    /// - Parameters:
    ///   - paths: files and folders, as bytes.
    ///   - report: hears of progress and of each file that failed.
    /// - Throws: what the database, the network or the decode workers throw; what was committed stays. A bad file is no error.
    public func run(
        _ paths: [[UInt8]], report: @escaping @Sendable (IngestEvent) -> Void
    ) async throws -> IngestSummary {
        let start = ContinuousClock.now
        let walker = Walker()
        let walk = await walker.walk(paths)
        let unknown = try await unknownFiles(walk.files)
        let tally = IngestTally(total: walk.files.count + walk.unreadable.count, start: start, report: report)
        tally.count(unchanged: walk.files.count - unknown.count)
        try await record(walk.unreadable, tally)
        let unfinished = try await ingest(unknown, tally)
        // What was written to meanwhile, or was in work elsewhere: once more, as it is now.
        let again = await walker.walk(unfinished.map(\.path))
        let changing = try await ingest(again.files, tally)
        try await record(again.unreadable + changing.map(FailedFile.changing), tally)
        return tally.summary(elapsed: .now - start)
    }

    /// The files that the catalog cannot vouch for by size and time, in the order of the walk.
    private func unknownFiles(_ files: [FoundFile]) async throws -> [FoundFile] {
        let modelID = model.id
        return try await database.run { connection in
            var unknown: [FoundFile] = []
            for start in stride(from: 0, to: files.count, by: 10_000) {
                let part = files[start..<min(start + 10_000, files.count)]
                let known = try Catalog(connection).knownFiles(at: part.map(\.path), model: modelID)
                unknown += part.filter { file in
                    guard let match = known[file.path] else { return true }
                    return !match.hasEmbedding || !match.stamp.vouches(for: file.stamp)
                }
            }
            return unknown
        }
    }

    /// Takes the files in groups, several at a time; gives those that have to be taken again.
    private func ingest(_ files: [FoundFile], _ tally: IngestTally) async throws -> [FoundFile] {
        let groups = SharedGroups(files)
        return try await withThrowingTaskGroup(of: [FoundFile].self) { lanes in
            for _ in 0..<Self.lanes {
                guard let first = groups.next() else { break }
                lanes.addTask {
                    let lane = IntakeLane(intake)
                    var again: [FoundFile] = []
                    var next: ArraySlice<FoundFile>? = first
                    while let group = next {
                        again += try await ingest(group, lane, tally)
                        next = groups.next()
                    }
                    return again
                }
            }
            return try await lanes.reduce(into: []) { $0 += $1 }
        }
    }

    private func ingest(
        _ group: ArraySlice<FoundFile>, _ lane: IntakeLane, _ tally: IngestTally
    ) async throws -> [FoundFile] {
        let result = try await lane.take(group) { try await standings($0) }
        // Its contents are in work until they are committed.
        defer { withExtendedLifetime(result) {} }
        try await write(result.batch, tally)
        var again: [FoundFile] = []
        var failures: [FailedFile] = []
        for taken in result.files {
            switch taken.outcome {
            case .added, .known: break
            case .failed(let failure): failures.append(failure)
            case .changed, .postponed: again.append(taken.file)
            }
        }
        tally.count(failed: failures)
        return again
    }

    private func standings(_ digests: [ContentDigest]) async throws -> [ContentDigest: ContentStanding] {
        let modelID = model.id
        let known = try await database.run { try Catalog($0).knownContents(digests, model: modelID) }
        return known.mapValues { $0.hasEmbedding ? .known : .new }
    }

    private func write(_ batch: IngestBatch, _ tally: IngestTally) async throws {
        if batch.isEmpty { return }
        let model = model
        let outcome = try await database.run { try Catalog($0).write(batch, model: model) }
        tally.count(written: batch, outcome)
    }

    private func record(_ failures: [FailedFile], _ tally: IngestTally) async throws {
        if failures.isEmpty { return }
        var batch = IngestBatch()
        // What was typed and does not exist has no absolute path: it is told, and is nothing to try again.
        batch.failures = failures.filter { $0.path.first == UInt8(ascii: "/") }.map(\.row)
        try await write(batch, tally)
        tally.count(failed: failures)
    }
}

/// Looks at files on a thread of its own, for that may take long.
private actor Walker {
    private let thread = NativeThreadExecutor(name: "walk")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func walk(_ paths: [[UInt8]]) -> Walked { Walked(paths) }
}
