import Benchmarking
import Catalog
import Faults
import Glibc
import Postgres
import VectorIndexes

/// A comparison of index types, as `bench` prints it and the catalog keeps it.
struct BenchmarkReport: Encodable {
    struct Recommendation: Encodable {
        let index: String
        let reason: String
    }

    let rows: Int
    let dimension: Int
    let model: String
    let queries: Int
    let results: [IndexMeasurement]
    let recommendation: Recommendation?

    init(rows: Int, dimension: Int, model: String, queries: Int, results: [IndexMeasurement]) {
        self.rows = rows
        self.dimension = dimension
        self.model = model
        self.queries = queries
        self.results = results
        let memory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let measured = results.compactMap { result in
            BenchmarkedIndex(rawValue: result.index).map {
                BenchmarkedResult(
                    $0, millisecondsP50: result.medianMilliseconds, recallAt10: result.recallAt10,
                    buildSeconds: result.buildSeconds, bytes: result.bytes)
            }
        }
        recommendation = BenchmarkRecommendation(
            measured, rows: rows, vectorBytes: rows * 4 * dimension, memoryBytes: memory
        ).map { Recommendation(index: $0.index.rawValue, reason: $0.reason) }
    }

    /// Keeps the run in `benchmark_runs` and `benchmark_results`.
    func record(in database: Database, model: ModelID, seconds: Double) async throws {
        let run = BenchmarkRunRecord(
            model: model, rows: rows, dimension: dimension, queries: queries,
            machine: "\(IndexLibrary.usableCores) cores, \(IndexLibrary.description)", version: Likeness.version)
        let recommended = recommendation.map { (index: $0.index, reason: $0.reason) }
        let records = results.map { result in
            BenchmarkResultRecord(
                index: result.index, parameters: .init(numbers: result.parameters), buildSeconds: result.buildSeconds,
                bytes: Int64(result.bytes), searchMillisecondsMean: result.meanMilliseconds,
                searchMillisecondsP50: result.medianMilliseconds, searchMillisecondsP99: result.longestMilliseconds,
                recallAt5: result.recallAt5, recallAt10: result.recallAt10)
        }
        try await database.run { connection in
            let catalog = Catalog(connection)
            let id = try catalog.beginBenchmark(run)
            try catalog.add(records, to: id)
            try catalog.finishBenchmark(id, seconds: seconds, recommendation: recommended)
        }
    }

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv: StandardOutput.write(CSV.text(header: Self.columns, rows: results.map(cells)))
        case .table: StandardOutput.write(text)
        }
    }

    private var text: String {
        var table = TextTable(
            [.left("index")] + Self.columns[1..<8].map { .right($0) } + [.left("parameters")])
        for result in results { table.append(cells(result)) }
        var words = TextTable([.left("index"), .left("good"), .left("bad")])
        for index in results.compactMap({ BenchmarkedIndex(rawValue: $0.index) }) {
            words.append([index.rawValue, index.merits, index.faults])
        }
        var text = "\(grouped(rows)) rows of \(grouped(dimension)) dimensions (\(model)), \(queries) queries\n\n"
        text += table.text + "\n" + words.text
        if let recommendation {
            text += "\nrecommended: \(recommendation.index), because \(recommendation.reason)\n"
        }
        return text
    }

    private static let columns = [
        "index", "build s", "size", "mean ms", "p50 ms", "p99 ms", "recall@5", "recall@10", "parameters",
    ]

    private func cells(_ result: IndexMeasurement) -> [String] {
        [
            result.index, fixed(result.buildSeconds, 2), byteSize(result.bytes), fixed(result.meanMilliseconds, 3),
            fixed(result.medianMilliseconds, 3), fixed(result.longestMilliseconds, 3), fixed(result.recallAt5, 3),
            fixed(result.recallAt10, 3),
            result.parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        ]
    }
}
