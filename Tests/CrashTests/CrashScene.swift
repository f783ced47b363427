import Catalog
import Foundation
import Glibc
import LocalCluster
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// A home with a database, an index of each type, and pictures that come, change and go while a daemon follows them.
final class CrashScene {
    /// The least with which there are sketches.
    static let dimension = SketchLimits.dimension
    /// Enough for sketches, and for lists that are trained as asked.
    private static let fewestPictures = SketchLimits.rows + 200
    let home: HomeWithDatabase
    let likeness: LikenessBinary
    private let logs: TemporaryFolder
    private var daemons: [RunningLikeness] = []
    private var synthetic: SyntheticCatalog
    private var random: SplitMix
    private var images: [ImageID] = []
    private var added = 0
    var cluster: LocalCluster { LocalCluster(home: home.path, durability: .testing) }

    init(seed: UInt64) async throws {
        home = try HomeWithDatabase()
        likeness = LikenessBinary(home: home.path)
        logs = try TemporaryFolder()
        random = SplitMix(state: seed)
        try #require(try await likeness("migrate").status == 0)
        synthetic = try SyntheticCatalog(LocalCluster(home: home.path).target, dimension: Self.dimension)
        try write(pictures: 2 * Self.fewestPictures)
        for type in IndexType.allCases {
            let run = try await likeness(
                "index", "create", type.rawValue, "--type", type.rawValue, "--model", "synthetic")
            try #require(run.status == 0, "\(run.errors)")
        }
        let run = try await likeness("sync", "--once")
        try #require(run.status == 0, "\(run.errors)")
    }

    /// The store's folder.
    var store: FilePath { home.path.appending("indexes").appending("synthetic") }

    /// - Parameters:
    ///   - fault: as inject.c reads it.
    ///   - condition: a file that must exist for it to happen.
    func daemon(fault: String? = nil, while condition: FilePath? = nil) throws -> RunningLikeness {
        var environment: [String: String] = [:]
        if let fault {
            environment["LD_PRELOAD"] =
                LikenessBinary.path.removingLastComponent().appending("libFaultInjection.so").string
            environment["LIKENESS_FAULT"] = fault
            environment["LIKENESS_FAULT_WHILE"] = condition?.string
        }
        let daemon = try RunningLikeness(
            ["sync", "--poll-interval", "50ms"], home: home.path, errorsIn: logs.path, environment: environment)
        daemons = daemons.suffix(1) + [daemon]
        return daemon
    }

    /// What the last daemons wrote.
    var lastWords: String { daemons.map { String($0.errors.suffix(1_500)) }.joined(separator: "\n--\n") }

    /// Connects anew: the server was restarted.
    func reconnect() throws { synthetic = try SyntheticCatalog(cluster.target, dimension: Self.dimension) }

    /// Pictures come, some change and some go, in three transactions.
    func write(pictures count: Int) throws {
        let new = (0..<count).map { place in
            (name: "picture \(added + place)", vector: vector())
        }
        added += count
        images += try synthetic.add(new)
        for _ in 0..<min(count / 4, images.count) {
            guard let image = images.randomElement(using: &random) else { break }
            try synthetic.replace(image, vector())
        }
        images.shuffle(using: &random)
        // About as many go as come, so that a long run is as quick as a short one.
        let leaving = images.count > 2 * Self.fewestPictures ? 2 * count : count / 3
        let gone = images.suffix(min(leaving, max(0, images.count - Self.fewestPictures)))
        images.removeLast(gone.count)
        try synthetic.delete(Array(gone))
    }

    /// So many pictures come and go that the rows are compacted.
    func deleteForCompaction() throws {
        let count = max(Self.fewestPictures, images.count / 2)
        let new = (0..<count).map { (name: "passing \(added + $0)", vector: vector()) }
        added += new.count
        let passing = try synthetic.add(new)
        let deadline = ContinuousClock.now + .seconds(30)
        // Rows that never got into a file are none that are deleted from it.
        while ContinuousClock.now < deadline, try !isPublished(passing.count + images.count) { usleep(5_000) }
        try synthetic.delete(passing)
    }

    private func isPublished(_ rows: Int) throws -> Bool {
        try VectorStore.open(store).map { $0.liveCount >= rows } ?? false
    }

    /// A number from a range, the same in every run with the same seed.
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

    /// Brings the index files up to the catalog and holds them against it; every index must find a picture by itself.
    func requireSound(after what: String) async throws {
        let sync = try await likeness("sync", "--once")
        try #require(sync.status == 0, "after \(what): \(sync.errors)\n\(lastWords)")
        let verify = try await likeness("verify")
        try #require(verify.status == 0, "after \(what): \(verify.errors)\n\(lastWords)")
        let image = try #require(images.randomElement(using: &random))
        for type in IndexType.allCases {
            let query = try await likeness(
                "query", "--id", "\(image.rawValue)", "-k", "5", "--index", type.rawValue, "--model", "synthetic",
                "--format", "csv")
            let lines = query.output.split(whereSeparator: \.isNewline)
            try #require(
                query.status == 0 && lines.count == 6 && lines[1].contains("\(image.rawValue)"),
                "after \(what), \(type.rawValue): \(query.errors)\(query.output)")
        }
    }

    /// Values around one of twenty centers, so that lists and graphs have something to find.
    private func vector() -> [Float] {
        var center = SplitMix(state: UInt64(number(1...20)))
        return (0..<Self.dimension).map { _ in
            Float.random(in: -1...1, using: &center) + Float.random(in: -0.2...0.2, using: &random)
        }
    }
}
