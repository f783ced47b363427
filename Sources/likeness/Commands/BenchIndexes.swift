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
        let benchmark = IndexBenchmark(store: store, model: model, queries: queries, rounds: rounds)
        let started = ContinuousClock.now
        let quiet = global.isQuiet
        let measurements = try await benchmark.run(
            specifications(), in: global.homeFolder, progress: BenchmarkProgress(quiet: quiet))
        let report = BenchmarkReport(store: store, model: model, queries: queries, measurements)
        try await report.record(in: database, seconds: (ContinuousClock.now - started) / .seconds(1))
        try report.write(try global.outputFormat)
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
