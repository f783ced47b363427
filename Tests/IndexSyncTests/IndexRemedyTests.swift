import Catalog
import IndexSync
import Postgres
import TestSupport
import Testing
import VectorIndexes

/// Each remedy from what the daemon measures to what it publishes.
@Suite struct IndexRemedyTests {
    private let test: SyncCatalog
    private var settings = SyncDaemon.Settings()

    init() throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        // Without it no sketches come between.
        try test.catalog.dropIndex(named: "default")
        settings.healthInterval = .milliseconds(20)
    }

    private func create(_ type: StoredIndexType, nlist: Int, _ policy: IndexPolicy = IndexPolicy()) throws {
        try test.catalog.createIndex(
            name: "lists", model: test.model.id, type: type, parameters: JSON(numbers: ["nlist": nlist]),
            policy: policy.json)
    }

    @Test func `nprobe is raised at once when the recall is too low`() async throws {
        try create(.ivfflat, nlist: 40, IndexPolicy(minRecall: 0.999))
        try test.insert(WideRows.near(1_600))
        try await test.following(settings) { log in
            try await eventually("built") { try test.built("lists") == 1 }
            // Lists of rows that lie near few directions tell nothing about rows that lie in all of them.
            try test.insert(WideRows.scattered(1_600))
            try await eventually("raised", explanation: { "\(log.lines) \((try? test.decisions(on: "lists")) ?? [])" })
            {
                log.count("queries read more lists") > 0
            }
        }
        let decisions = try test.decisions(on: "lists").filter { $0 != "keep" }
        #expect(decisions.first == "raise_nprobe", "\(decisions)")
    }

    @Test(arguments: [StoredIndexType.ivfflat, .ivfpq])
    func `centroids follow rows that come elsewhere`(type: StoredIndexType) async throws {
        try create(type, nlist: 8)
        try test.insert(WideRows.near(1_000))
        try await test.following(settings) { log in
            try await eventually("built") { try test.built("lists") == 1 }
            try test.insert(WideRows.near(300, seed: 2).map { row in row.map { $0 + 4 } })
            try await eventually("re-centered", explanation: { "\(log.lines)" }) { try test.built("lists") >= 2 }
        }
        try await expectRemedy("recenter", because: "as far from their centroids")
    }

    @Test func `lists that became uneven are split`() async throws {
        try create(.ivfflat, nlist: 16)
        let rows = WideRows.near(800)
        try test.insert(rows)
        try await test.following(settings) { log in
            try await eventually("built") { try test.built("lists") == 1 }
            var random = SplitMix(state: 3)
            let middle = middle(of: rows, near: rows[0])
            let crowd = (0..<1_600).map { _ in middle.map { $0 + Float.random(in: -0.02...0.02, using: &random) } }
            try test.insert(crowd)
            try await eventually("split", explanation: { "\(log.lines)" }) { try test.built("lists") >= 2 }
        }
        try await expectRemedy("split", because: "the imbalance of the lists")
    }

    @Test func `an index older than its policy allows is trained anew once rows have come`() async throws {
        try create(.ivfpq, nlist: 4, IndexPolicy(retrainEvery: .seconds(1)))
        try test.insert(WideRows.near(400))
        try await test.following(settings) { log in
            try await eventually("built") { try test.built("lists") == 1 }
            try test.insert(WideRows.near(40, seed: 2))
            try await eventually("trained anew", explanation: { "\(log.lines)" }) { try test.built("lists") >= 2 }
        }
        // Age is seen without measuring: it need not be among the decisions of a measurement.
        try await expectRemedy(nil, because: "more than 1 s")
    }

    /// The mean of the forty rows that are nearest to one: about where a centroid is.
    private func middle(of rows: [[Float]], near row: [Float]) -> [Float] {
        func distance(_ other: [Float]) -> Float { zip(row, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        let nearest = rows.sorted { distance($0) < distance($1) }.prefix(40)
        return row.indices.map { place in nearest.reduce(Float(0)) { $0 + $1[place] } / Float(nearest.count) }
    }

    /// The remedy stands in the catalog with its reason, and the files agree with the catalog.
    private func expectRemedy(_ decision: String?, because reason: String) async throws {
        let generations = try test.generations(of: "lists")
        #expect(generations.contains { $0.contains(reason) }, "\(generations)")
        if let decision {
            let decisions = try test.decisions(on: "lists")
            #expect(decisions.contains(decision), "\(decisions)")
        }
        let report = try await IndexSync(database: Database(test.database.target), folders: test.folders).verify()
        #expect(report.differences.isEmpty, "\(report.differences)")
    }
}
