import Augmentation
import Catalog
import Faults
import FoundationEssentials
import Glibc
import Imaging
import Ingestion
import NativeThreads
import Postgres
import Synchronization
import SystemPackage
import VectorIndexes

/// Makes the copies of originals, on all cores, and has them ingested while others are drawn.
struct CopyRun: Sendable {
    let plan: AugmentationPlan
    /// Copies of each original.
    let count: Int
    let folder: FilePath
    let database: Database
    let console: AugmentConsole

    /// - Parameter pass: brings what was written into the catalog; nil when that is not wanted.
    /// - Returns: what was done, but for the time.
    func copies(of originals: [Original], ingestedBy pass: IngestPass?) async throws -> AugmentSummary {
        let written = WrittenCopies()
        var summary = AugmentSummary(originals: originals.count, copies: originals.count * count)
        async let ingested = pass.asyncMap { try await written.ingest(by: $0, console) }
        do {
            defer { written.end() }
            let counts = try await draw(originals, written)
            summary.written = counts.written
            summary.unchanged = counts.unchanged
            summary.failed = counts.failed
        }
        summary.ingest = try await ingested
        return summary
    }

    private func draw(_ originals: [Original], _ written: WrittenCopies) async throws -> CopyCounts {
        let names = CopyNames(parents: originals.map { ($0.digest.rawValue, path(of: $0.paths[0])) })
        let threads = min(SearchLimits.defaultThreads, max(1, originals.count * count))
        let jobs = CopyJobs(originals, count: count, threads: threads)
        return try await withThrowingTaskGroup(of: CopyCounts.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    let worker = CopyWorker(self, names)
                    var counts = CopyCounts()
                    while let job = jobs.next() { counts += try await worker.make(job, written) }
                    return counts
                }
            }
            return try await group.reduce(into: CopyCounts()) { $0 += $1 }
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// As `map`, with a body that waits.
    fileprivate func asyncMap<T>(_ body: (Wrapped) async throws -> T) async rethrows -> T? {
        guard let self else { return nil }
        return try await body(self)
    }
}

/// How many copies were written, were there, or could not be made.
struct CopyCounts: Sendable {
    var written = 0
    var unchanged = 0
    var failed = 0

    static func += (left: inout Self, right: Self) {
        left.written += right.written
        left.unchanged += right.unchanged
        left.failed += right.failed
    }
}

/// Some copies of one original.
private struct CopyJob: Sendable {
    let original: Original
    let ordinals: Range<Int>
}

/// The work, for several threads to take from.
private final class CopyJobs: Sendable {
    private let waiting: Mutex<ArraySlice<CopyJob>>

    /// A job is one original, so that it is decoded once, but for few originals or many copies.
    init(_ originals: [Original], count: Int, threads: Int) {
        let size = originals.count < 4 * threads ? max(16, count / (2 * threads)) : max(256, count / 64)
        let jobs = originals.flatMap { original in
            stride(from: 0, to: count, by: size).map {
                CopyJob(original: original, ordinals: $0..<min($0 + size, count))
            }
        }
        waiting = Mutex(jobs[...])
    }

    func next() -> CopyJob? { waiting.withLock { $0.popFirst() } }
}

/// A thread that draws copies.
private actor CopyWorker {
    /// Copies that are announced at once, and the bytes at which it is done with fewer.
    private static let (mostCopies, mostBytes) = (64, 16 << 20)

    private let run: CopyRun
    private let names: CopyNames
    private let renderer = CopyRenderer()
    private let thread = NativeThreadExecutor(name: "augment")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ run: CopyRun, _ names: CopyNames) {
        self.run = run
        self.names = names
    }

    /// A copy that is drawn and not yet written.
    private struct Drawn: Sendable {
        let ordinal: Int
        let operations: [DrawnOperation]
        let bytes: [UInt8]
        let name: [UInt8]
    }

    func make(_ job: CopyJob, _ written: WrittenCopies) async throws -> CopyCounts {
        var counts = CopyCounts()
        let missing = try await self.missing(of: job) { name in
            counts.unchanged += 1
            written.add([self.path(name)])
        }
        run.console.count(copies: counts.unchanged)
        if missing.isEmpty { return counts }
        let parent: ParentPicture
        do {
            parent = try decode(job.original)
        } catch {
            run.console.tell(error)
            run.console.count(copies: missing.count, failed: missing.count)
            counts.failed += missing.count
            return counts
        }
        var drawn: [Drawn] = []
        var bytes = 0
        for (ordinal, operations, name) in missing {
            try Task.checkCancellation()
            let file = try renderer.file(operations, of: parent)
            drawn.append(Drawn(ordinal: ordinal, operations: operations, bytes: file, name: name))
            bytes += file.count
            if drawn.count == Self.mostCopies || bytes > Self.mostBytes {
                counts += try await write(drawn, of: job.original, written)
                (drawn, bytes) = ([], 0)
            }
        }
        counts += try await write(drawn, of: job.original, written)
        return counts
    }

    /// The copies of a job that have to be drawn: those are not whose lineage is recorded and whose file has those bytes.
    private func missing(
        of job: CopyJob, unchanged: ([UInt8]) -> Void
    ) async throws -> [(ordinal: Int, operations: [DrawnOperation], name: [UInt8])] {
        let (image, seed, ordinals) = (job.original.image, run.plan.seed, job.ordinals)
        let rows = try await run.database.run { try Catalog($0).recordedCopies(of: [image], seed: seed) }
        let recorded = Dictionary(
            rows.filter { ordinals.contains($0.ordinal) }.map { ($0.ordinal, $0) }, uniquingKeysWith: { $1 })
        return ordinals.compactMap { ordinal in
            let parent = job.original.digest.rawValue
            let operations = run.plan.operations(ofCopy: ordinal, parent: parent)
            guard let name = names.name(ofCopy: ordinal, parent: parent) else { return nil }
            if let copy = recorded[ordinal], copy.isMade(by: operations),
                let content = try? FileContent.read(path(name)), content.sha256 == copy.digest.rawValue
            {
                unchanged(name)
                return nil
            }
            return (ordinal, operations, name)
        }
    }

    /// The picture of the first file of an original that still holds it.
    private func decode(_ original: Original) throws -> ParentPicture {
        let bytes = try PictureFile.bytes(of: original.digest, in: original.paths)
        do throws(ImagingError) {
            return try ParentPicture(decoding: bytes)
        } catch {
            throw PictureIsGone(path: original.paths[0], reason: error.message)
        }
    }

    /// Announces and writes copies, and says what became of them.
    private func write(
        _ drawn: [Drawn], of original: Original, _ written: WrittenCopies
    ) async throws -> CopyCounts {
        // First of all: nothing is announced that another file stands in the way of.
        for copy in drawn { _ = try CopyFile.isThere(copy.bytes, name: copy.name, in: run.folder) }
        let refused = try await announce(drawn, of: original)
        var counts = CopyCounts()
        var paths: [[UInt8]] = []
        for (place, copy) in drawn.enumerated() {
            if let refusal = refused[place] {
                run.console.tell(CopyRefused(path: path(copy.name), reason: refusal.message))
                counts.failed += 1
                continue
            }
            switch try CopyFile.write(copy.bytes, name: copy.name, to: run.folder) {
            case .written: counts.written += 1
            case .alreadyThere: counts.unchanged += 1
            }
            paths.append(path(copy.name))
        }
        run.console.count(copies: drawn.count, failed: counts.failed)
        written.add(paths)
        return counts
    }

    /// - Returns: the copies that cannot be what they are said to be, by their place.
    private func announce(_ drawn: [Drawn], of original: Original) async throws -> [Int: LineageRefusal] {
        var refused: [Int: LineageRefusal] = [:]
        while true {
            let places = drawn.indices.filter { refused[$0] == nil }
            if places.isEmpty { return refused }
            let seed = run.plan.seed
            let announcements = places.map { place in
                LineageAnnouncement(
                    child: ContentDigest(of: drawn[place].bytes), parent: original.image,
                    recipe: Postgres.JSON(drawn[place].operations.json), seed: seed, ordinal: drawn[place].ordinal)
            }
            do {
                try await run.database.run { _ = try Catalog($0).announceLineage(announcements) }
                return refused
            } catch let error as LineageRefused {
                for refusal in error.refusals { refused[places[refusal.place]] = refusal }
            }
        }
    }

    private func path(_ name: [UInt8]) -> [UInt8] { run.folder.bytes + [UInt8(ascii: "/")] + name }
}

extension RecordedCopy {
    /// Whether these operations made it.
    fileprivate func isMade(by operations: [DrawnOperation]) -> Bool {
        (try? JSONDecoder().decode([DrawnOperation].self, from: Data(recipe.text.utf8))) == operations
    }
}

/// A path of any bytes.
private func path(of bytes: [UInt8]) -> FilePath { PathArgument(bytes: bytes).filePath }

/// A copy that the catalog has lineage for already, and another one.
private struct CopyRefused: Fault {
    let path: [UInt8]
    let reason: String

    var message: String { "\(printableName(path)): \(reason)" }
    var recovery: Recovery { .quarantineItem }
}

/// Copies that wait to be ingested: as many at once as have come meanwhile.
private final class WrittenCopies: Sendable {
    private let waiting = Mutex<[[UInt8]]>([])
    private let news: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() { (news, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func add(_ paths: [[UInt8]]) {
        if paths.isEmpty { return }
        waiting.withLock { $0 += paths }
        bell.yield()
    }

    /// No more will come.
    func end() { bell.finish() }

    /// Ingests what comes until the end.
    func ingest(by pass: IngestPass, _ console: AugmentConsole) async throws -> IngestSummary {
        var total = IngestSummary()
        for await _ in news { try await ingestWaiting(by: pass, console, &total) }
        try await ingestWaiting(by: pass, console, &total)
        return total
    }

    private func ingestWaiting(
        by pass: IngestPass, _ console: AugmentConsole, _ total: inout IngestSummary
    ) async throws {
        let paths = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if paths.isEmpty { return }
        let before = total.seen
        total += try await pass.run(paths) { console.show($0, before: before) }
    }
}

extension IngestSummary {
    fileprivate static func += (left: inout Self, right: Self) {
        left.seen += right.seen
        left.added += right.added
        left.unchanged += right.unchanged
        left.copies += right.copies
        left.failed += right.failed
        left.seconds += right.seconds
    }
}
