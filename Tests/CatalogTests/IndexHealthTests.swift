import Catalog
import Foundation
import Postgres
import Testing

struct IndexHealthTests {
    private let databases = TestDatabases()

    @Test func `measurements come back whole, the newest first`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .ivfflat).id
        let store = UUID()
        let full = IndexHealthRecord(
            index: index, store: store, generation: 3, rows: 9_292, deadRows: 12, rowsSinceTraining: 40, bytes: 1 << 40,
            imbalance: 1.25, residualRatio: 1.5, survivorShare: 0.0075,
            recallAt10: .init(0.96, low: 0.94, high: 0.98), decision: .init("keep", reason: "40 rows came since"))
        let bare = IndexHealthRecord(index: index, store: store, generation: 0, rows: 0)
        try test.catalog.record(bare)
        try test.catalog.record(full)
        let stored = try test.catalog.health(of: index, store: store, limit: 9)
        #expect(stored.map(\.record) == [full, bare])
        #expect(stored[1].measuredAt < stored[0].measuredAt)
        #expect(try test.catalog.health(of: index, store: store, limit: 1).map(\.record) == [full])
        #expect(try test.catalog.health(of: index, store: UUID(), limit: 9).isEmpty)
        try test.catalog.dropIndex(named: "trucks")
        #expect(try test.catalog.health(of: index, store: store, limit: 9).isEmpty)
    }

    @Test func `a recall outside of its interval is refused`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .hnsw).id
        let error = #expect(throws: PostgresError.self) {
            try test.catalog.record(
                IndexHealthRecord(
                    index: index, store: UUID(), generation: 1, rows: 1, recallAt10: .init(0.9, low: 0.91, high: 1)))
        }
        #expect(error?.constraint == "index_health_recall_is_ordered")
    }

    @Test func `the generation that answers has the recall that was measured last`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .hnsw).id
        let store = UUID()
        func recall() throws -> [Double?] {
            try test.catalog.answeringGenerations(stores: [store]).map(\.record.recallAt10)
        }
        try test.catalog.record(
            IndexGenerationRecord(
                index: index, store: store, generation: 1, state: .published, reason: "first", rows: 1,
                recallAt10: 0.99))
        #expect(try recall() == [0.99])
        try test.catalog.record(
            IndexHealthRecord(
                index: index, store: store, generation: 1, rows: 1, recallAt10: .init(0.9, low: 0.9, high: 0.9)))
        try test.catalog.record(IndexHealthRecord(index: index, store: store, generation: 1, rows: 1))
        #expect(try recall() == [0.9])
        try test.catalog.record(
            IndexGenerationRecord(
                index: index, store: store, generation: 2, state: .published, reason: "again", rows: 1))
        #expect(try recall() == [nil])
    }
}
