import ArgumentParser
import Benchmarking
import Catalog
import FoundationEssentials
import Glibc
import NativeThreads
import Postgres
import SystemPackage
import VectorIndexes

struct BenchIndexes: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        commandName: "indexes",
        abstract: "Compares the types of index on this catalog: time, recall, bytes; and recommends one.",
        discussion: """
            Builds an index of each type over the pictures of the catalog, beside those that there are, and asks each for the
            ten pictures nearest to some of the catalog's own. What it measures is kept: see the view benchmark_table.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Option(help: "Query pictures, taken evenly from the catalog.")
    var queries = 20

    @Option(help: "How often each is asked.")
    var rounds = 10

    @Option(help: "Inverted lists of IVF; chosen from the number of pictures.")
    var nlist: Int?

    @Option(help: "Lists that IVF looks into; the fewest that find 98 % of the ten nearest.")
    var nprobe: Int?

    func validate() throws {
        guard (1...10_000).contains(queries) else {
            throw ValidationError("--queries must be from 1 to 10,000, not \(queries)")
        }
        guard (1...1_000).contains(rounds) else {
            throw ValidationError("--rounds must be from 1 to 1,000, not \(rounds)")
        }
    }

    func run() async throws {
        let database = try await global.openDatabase()
        let model = try await ModelChooser(database: database, global: global).choose(model.wanted).stored
        let folder = IndexFolders(home: global.homeFolder).folder(ofModel: model.name)
        guard let store = try VectorStore.open(folder), store.liveCount > 0 else {
            throw CommandFault.nothingIndexed(model: model.name)
        }
        let scratch = try ScratchFolder(in: global.homeFolder, named: "bench")
        let vectors = Self.evenlySpread(queries, of: store)
        let comparison = IndexComparison(over: store, in: scratch.path, queries: vectors, rounds: rounds)
        let started = ContinuousClock.now
        let measurements = try await BenchmarkThread().run(comparison, specifications(), quiet: global.isQuiet)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let report = BenchmarkReport(
            rows: store.liveCount, dimension: model.dimension, model: model.name, queries: vectors.count,
            results: measurements)
        try await report.record(in: database, model: model.id, seconds: seconds)
        try report.write(try global.outputFormat)
    }

    private static func evenlySpread(_ count: Int, of store: VectorStore) -> [[Float]] {
        let ids = store.liveIDs()
        let taken = min(count, ids.count)
        return (0..<taken).compactMap { store.vector(of: ids[$0 * ids.count / taken]) }
    }

    private func specifications() -> [IndexSpecification] {
        var lists: [String: Int] = [:]
        if let nlist { lists["nlist"] = nlist }
        if let nprobe { lists["nprobe"] = nprobe }
        return [
            IndexSpecification(name: "flat", type: .flat),
            IndexSpecification(name: "ivfflat", type: .ivfflat, parameters: lists),
            IndexSpecification(name: "ivfpq", type: .ivfpq, parameters: lists),
            IndexSpecification(name: "hnsw", type: .hnsw),
        ]
    }
}

/// The thread on which a comparison runs, with a line of progress.
private actor BenchmarkThread {
    private let thread = NativeThreadExecutor(name: "bench")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func run(
        _ comparison: IndexComparison, _ specifications: [IndexSpecification], quiet: Bool
    ) throws(IndexError) -> [IndexMeasurement] {
        var bar = ProgressBar(quiet: quiet)
        let start = ContinuousClock.now
        defer { bar.clear() }
        return try comparison.run(specifications) { what, share in
            bar.update(done: Int(share * 100), total: 100, elapsed: ContinuousClock.now - start, note: what)
        }
    }
}
