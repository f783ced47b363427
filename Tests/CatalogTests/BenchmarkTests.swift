import Catalog
import Postgres
import Testing

struct BenchmarkTests {
    private let databases = TestDatabases()

    private func result(_ index: String, recall: Double = 1) -> BenchmarkResultRecord {
        BenchmarkResultRecord(
            index: index, parameters: JSON(numbers: ["nlist": 100]), buildSeconds: 2.5, bytes: 1 << 33,
            searchMillisecondsMean: 0.3, searchMillisecondsP50: 0.25, searchMillisecondsP99: 0.75, recallAt5: 1,
            recallAt10: recall)
    }

    private func begin(_ test: TestCatalog) throws -> BenchmarkRunID {
        try test.catalog.beginBenchmark(
            BenchmarkRunRecord(
                model: test.model.id, rows: 9_292, dimension: 4, queries: 20, machine: "2 cores", version: "0.3"))
    }

    @Test func `a run is begun, gets its results in order and ends with a recommendation`() throws {
        let test = try databases.catalog()
        let run = try begin(test)
        try test.catalog.add([result("bruteforce"), result("flat")], to: run)
        try test.catalog.add([result("hnsw", recall: 0.99)], to: run)
        try test.catalog.finishBenchmark(run, seconds: 12.5, recommendation: ("flat", "it is exact"))
        let rows = try test.connection.rows("select * from likeness.benchmark_table order by run desc, ordinal")
        #expect(try rows.map { try $0["index", as: String.self] } == ["bruteforce", "flat", "hnsw"])
        #expect(try rows.map { try $0["ordinal", as: Int.self] } == [1, 2, 3])
        #expect(try rows.map { try $0["is_recommended", as: Bool.self] } == [false, true, false])
        let last = rows[2]
        #expect(try last["model"] == "small" && last["rows"] == 9_292 && last["dimension"] == 4)
        #expect(try last["queries"] == 20 && last["machine"] == "2 cores" && last["version"] == "0.3")
        #expect(try last["parameters", as: JSON.self].numbers == ["nlist": 100])
        #expect(try last["build_seconds"] == 2.5 && last["bytes"] == Int64(1) << 33)
        #expect(try last["search_ms_mean"] == 0.3 && last["search_ms_p50"] == 0.25 && last["search_ms_p99"] == 0.75)
        #expect(try last["recall_at_5"] == 1.0 && last["recall_at_10"] == 0.99)
        let row = try #require(try test.connection.firstRow("select * from likeness.benchmark_runs"))
        #expect(try row["seconds"] == 12.5 && row["recommendation_reason"] == "it is exact")
    }

    @Test func `a run that recommends nothing, and one that has not ended, say so`() throws {
        let test = try databases.catalog()
        let ended = try begin(test)
        try test.catalog.finishBenchmark(ended, seconds: 1, recommendation: nil)
        let running = try begin(test)
        let rows = try test.connection.rows(
            "select id, seconds, recommended_index from likeness.benchmark_runs order by id")
        #expect(try rows.map { try $0["id", as: BenchmarkRunID.self] } == [ended, running])
        #expect(try rows.map { try $0["seconds", as: Double?.self] } == [1, nil])
        #expect(try rows.map { try $0["recommended_index", as: String?.self] } == [nil, nil])
    }

    @Test func `results are added together or not at all`() throws {
        let test = try databases.catalog()
        let run = try begin(test)
        let error = #expect(throws: PostgresError.self) {
            try test.catalog.add([result("flat"), result("magic")], to: run)
        }
        #expect(error?.constraint == "benchmark_results_index_is_known")
        #expect(try test.connection.rows("select from likeness.benchmark_results").isEmpty)
    }
}
