import Catalog
import Foundation
import LocalCluster
import Postgres
import Synchronization
import SystemPackage
import TestSupport
import VectorIndexes

/// A catalog of made-up families under a home whose daemon runs, and the store that follows it.
struct LiveCatalog {
    static let model = "synthetic"
    let home: FilePath
    let synthetic: SyntheticCatalog
    private let families = SyntheticFamilies(dimension: Source.dimension)

    init(home: FilePath) throws {
        self.home = home
        synthetic = try SyntheticCatalog(
            LocalCluster(home: home).target, dimension: Source.dimension, model: Self.model)
    }

    var store: FilePath { home.appending("indexes").appending(Self.model) }

    func vector(_ number: Int) -> [Float] { families.rows(number..<number + 1, families: 92) }

    /// Adds pictures of these numbers in transactions of 500.
    func load(_ numbers: Range<Int>) throws {
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 500) {
            try add(first..<min(first + 500, numbers.upperBound))
        }
    }

    /// Waits until the daemon has nothing to do but to follow: nothing is built, and no neighbors are to be searched.
    func settle() throws {
        guard let manifest = try StoreWriter.publishedManifest(in: store) else { return }
        var quiet = 0
        while quiet < 4 {
            Thread.sleep(forTimeInterval: 0.5)
            let activity = try synthetic.catalog.activity(store: manifest.store, model: synthetic.model.id)
            let waiting = try synthetic.catalog.countImagesWithoutEdges(model: synthetic.model.id)
            quiet = activity?.activity == nil && waiting == 0 ? quiet + 1 : 0
        }
    }

    @discardableResult
    func add(_ numbers: Range<Int>) throws -> [ImageID] { try synthetic.add(pictures(numbers)) }

    func pictures(_ numbers: Range<Int>) -> [(name: String, vector: [Float])] {
        numbers.map { (name: "row \($0)", vector: vector($0)) }
    }

    func add(_ number: Int) throws -> ImageID {
        let added = try add(number..<number + 1)
        guard let image = added.first else { throw CocoaError(.coderValueNotFound) }
        return image
    }
}

/// How long after its commit a picture is found, and a deleted one no longer.
enum Freshness {
    static func measure(_ home: FilePath, index: String, seconds: Int, perSecond: Int) throws -> String {
        let live = try LiveCatalog(home: home)
        let waiting = Mutex<[Waiting]>([])
        let isDone = Mutex(false)
        let times = Mutex((added: [Double](), deleted: [Double]()))
        let store = live.store
        let reader = Thread {
            watch(store, index, waiting, isDone) { isDeletion, milliseconds in
                times.withLock { times in
                    if isDeletion { times.deleted.append(milliseconds) } else { times.added.append(milliseconds) }
                }
            }
        }
        reader.start()
        let begin = ContinuousClock.now
        let first = Int(Date().timeIntervalSince1970 * 1000)
        for step in 0..<seconds * perSecond {
            let due = begin + .seconds(1) * step / perSecond
            let wait = due - .now
            if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
            let image = try live.add(first + step)
            let vector = live.vector(first + step)
            waiting.withLock { $0.append(Waiting(image: image, vector: vector, isDeletion: false, since: .now)) }
            // Every third one goes a second later.
            if step >= perSecond, step % 3 == 0 {
                let gone = first + step - perSecond
                let digest = ContentDigest(of: "row \(gone)".utf8)
                guard let image = try live.synthetic.catalog.images(of: [digest])[digest] else { continue }
                try live.synthetic.delete([image])
                let vector = live.vector(gone)
                waiting.withLock { $0.append(Waiting(image: image, vector: vector, isDeletion: true, since: .now)) }
            }
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while waiting.withLock({ !$0.isEmpty }), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
        isDone.withLock { $0 = true }
        let lost = waiting.withLock { $0.count }
        return times.withLock { times in
            "| \(index) | \(line(times.added)) | \(line(times.deleted)) | \(lost) |"
        }
    }

    private struct Waiting: Sendable {
        let image: ImageID
        let vector: [Float]
        let isDeletion: Bool
        let since: ContinuousClock.Instant
    }

    private static func watch(
        _ folder: FilePath, _ name: String, _ waiting: borrowing Mutex<[Waiting]>, _ isDone: borrowing Mutex<Bool>,
        _ found: (Bool, Double) -> Void
    ) {
        var known: (store: VectorStore, index: any SearchableIndex)?
        while !isDone.withLock({ $0 }) {
            guard let manifest = try? StoreWriter.publishedManifest(in: folder),
                manifest.publication != known?.store.manifest.publication,
                let store = try? VectorStore.open(folder, after: known?.store),
                let index = try? store.index(named: name, after: known?.index)
            else {
                Thread.sleep(forTimeInterval: 0.001)
                continue
            }
            known = (store, index)
            for one in waiting.withLock({ $0 }) {
                guard let answer = try? index.search(one.vector, k: 1).first?.first else { continue }
                let isThere = answer.id.rawValue == one.image.rawValue
                guard isThere != one.isDeletion else { continue }
                found(one.isDeletion, (ContinuousClock.now - one.since) / .milliseconds(1))
                waiting.withLock { $0.removeAll { $0.image == one.image && $0.isDeletion == one.isDeletion } }
            }
        }
    }

    private static func line(_ times: [Double]) -> String {
        let sorted = times.sorted()
        guard let last = sorted.last else { return "none | | |" }
        let p99 = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
        return "\(sorted.count) | \(format(median(sorted), 0)) | \(format(p99, 0)) | \(format(last, 0))"
    }
}

/// What queries cost while nothing else happens, and while rows come and an index is trained.
enum Throughput {
    /// - Parameter rows: that a transaction adds.
    static func measure(_ home: FilePath, seconds: Int, perSecond: Int, rows: Int) throws -> String {
        let live = try LiveCatalog(home: home)
        let queries = (0..<200).map { live.vector(1_000_000 + $0) }
        let first = Int(Date().timeIntervalSince1970 * 1000)
        // Made before: to think up vectors costs more than to add them.
        let batches = stride(from: first, to: first + 2 * seconds * perSecond, by: rows).map {
            live.pictures($0..<$0 + rows)
        }
        try live.settle()
        let idle = try ask(live.store, queries, seconds: seconds)
        let isDone = Mutex(false)
        let added = Mutex(0)
        let writer = Thread {
            guard let live = try? LiveCatalog(home: home) else { return }
            let begin = ContinuousClock.now
            for (step, batch) in batches.enumerated() where !isDone.withLock({ $0 }) {
                let wait = begin + .seconds(1) * (step * rows) / perSecond - .now
                if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
                if let images = try? live.synthetic.add(batch) { added.withLock { $0 += images.count } }
            }
        }
        let likeness = LikenessCommand(home: home)
        try likeness.run("index", "rebuild", "ivfflat")
        try likeness.run("index", "rebuild", "ivfpq")
        writer.start()
        let busy = try ask(live.store, queries, seconds: seconds)
        isDone.withLock { $0 = true }
        var text = "| index | idle, queries/s | busy, queries/s | share | idle p99, ms | busy p99, ms | failed |\n"
        text += "|---|---|---|---|---|---|---|\n"
        for (before, during) in zip(idle, busy) {
            let share = Double(during.count) / Double(before.count)
            // Each had its share of the time.
            let factor = idle.count
            text += "| \(before.name) | \(before.count * factor / seconds) | \(during.count * factor / seconds) "
            text += "| \(format(100 * share, 0)) % | \(format(before.p99, 3)) | \(format(during.p99, 3)) "
            text += "| \(during.failed) |\n"
        }
        let came = added.withLock { $0 }
        return text + "\n\(came) rows came while the busy queries ran, in transactions of \(rows).\n"
    }

    private struct Outcome {
        let name: String
        var times: [Double] = []
        var failed = 0
        var count: Int { times.count }
        var p99: Double { times.isEmpty ? 0 : times.sorted()[times.count * 99 / 100] }
    }

    /// Asks each index in turn, on one thread alone, of what was published last: another thread opens it, ten times a second.
    private static func ask(_ folder: FilePath, _ queries: [[Float]], seconds: Int) throws -> [Outcome] {
        let current = Mutex(try indexes(folder))
        let isDone = Mutex(false)
        let opener = Thread {
            while !isDone.withLock({ $0 }) {
                let known = current.withLock { $0 }
                let manifest = try? StoreWriter.publishedManifest(in: folder)
                if let manifest, manifest.publication != known.publication,
                    let newer = try? indexes(folder, after: known)
                {
                    current.withLock { $0 = newer }
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        opener.start()
        defer { isDone.withLock { $0 = true } }
        var outcomes = current.withLock { $0.indexes.map { Outcome(name: $0.specification.name) } }
        // Each index gets a share of the time of its own, in slices, so that queries per second say something.
        let slices = 10
        for _ in 0..<slices {
            for place in outcomes.indices {
                let end = ContinuousClock.now + .seconds(seconds) / (slices * outcomes.count)
                while ContinuousClock.now < end {
                    let index = current.withLock { $0.indexes[place] }
                    let start = ContinuousClock.now
                    let query = queries[outcomes[place].count % queries.count]
                    let answer = try? index.search(query, k: 10, filter: nil, threads: 1)
                    outcomes[place].times.append((ContinuousClock.now - start) / .milliseconds(1))
                    if answer?.first?.count != 10 { outcomes[place].failed += 1 }
                }
            }
        }
        return outcomes
    }

    private struct Opened: Sendable {
        let store: VectorStore
        var publication: Int { store.manifest.publication }
        let indexes: [any SearchableIndex]
    }

    private static func indexes(_ folder: FilePath, after earlier: Opened? = nil) throws -> Opened {
        guard let store = try VectorStore.open(folder, after: earlier?.store) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return Opened(
            store: store,
            indexes: try store.manifest.indexes.enumerated().map { place, index in
                try store.index(named: index.specification.name, after: earlier?.indexes[place])
            })
    }
}

/// The built program, run to its end.
struct LikenessCommand {
    let home: FilePath

    func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "likeness")
        process.arguments = arguments
        process.environment = ["LIKENESS_HOME": home.string, "PATH": "/usr/bin:/bin", "LIKENESS_QUIET": "1"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
