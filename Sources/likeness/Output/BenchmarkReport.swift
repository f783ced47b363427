import Benchmarking
import Catalog
import Postgres

/// A comparison of index types, as `bench` prints it and the catalog keeps it.
struct BenchmarkReport: Encodable {
    let rows: Int
    let dimension: Int
    let model: String
    let queries: Int
    let results: [IndexMeasurement]

    /// Keeps the run in `benchmark_runs` and `benchmark_results`.
    func record(in database: Database, model: ModelID, seconds: Double) async throws {}

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv: StandardOutput.write(CSV.text(header: Self.columns, rows: results.map(cells)))
        case .table: StandardOutput.write(text)
        }
    }

    private var text: String {
        var table = TextTable([.left("index"), .left("parameters")] + Self.columns.dropFirst(2).map { .right($0) })
        for result in results { table.append(cells(result)) }
        return "\(grouped(rows)) rows of \(dimension) dimensions (\(model)), \(queries) queries\n\n" + table.text
    }

    private static let columns = [
        "index", "parameters", "build s", "size", "mean ms", "p50 ms", "p99 ms", "recall@5", "recall@10",
    ]

    private func cells(_ result: IndexMeasurement) -> [String] {
        [
            result.index,
            result.parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
            fixed(result.buildSeconds, 2), byteSize(result.bytes), fixed(result.meanMilliseconds, 3),
            fixed(result.medianMilliseconds, 3), fixed(result.longestMilliseconds, 3), fixed(result.recallAt5, 3),
            fixed(result.recallAt10, 3),
        ]
    }
}
