import Catalog
import Foundation
import Postgres
import Testing

struct IndexRequestTests {
    private let databases = TestDatabases()

    @Test func `a new generation is asked for, and asking again is newer`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .ivfflat)
        #expect(index.rebuildRequestedAt == nil)
        let first = try test.catalog.requestRebuild(index: "trucks")
        let second = try test.catalog.requestRebuild(index: "trucks")
        let times = (try #require(first.rebuildRequestedAt), try #require(second.rebuildRequestedAt))
        #expect(index.createdAt < times.0 && times.0 < times.1)
        #expect(try test.catalog.index(named: "trucks") == second)
        #expect(throws: CatalogError.noSuchIndex(name: "other", known: ["trucks"])) {
            try test.catalog.requestRebuild(index: "other")
        }
    }

    @Test func `parameters are replaced and nothing else is`() throws {
        let test = try databases.catalog()
        try test.catalog.createIndex(
            name: "trucks", model: test.model.id, type: .ivfflat, parameters: JSON(#"{"nlist": 100, "nprobe": 8}"#),
            policy: IndexPolicy(minRecall: 0.9).json)
        try test.catalog.createIndex(
            name: "other", model: test.model.id, type: .ivfflat, parameters: JSON(numbers: ["nlist": 7]))
        let before = try test.catalog.index(named: "trucks")
        let after = try test.catalog.setParameters(index: "trucks", to: ["nlist": 100, "nprobe": 16])
        #expect(try before.numbers() == ["nlist": 100, "nprobe": 8])
        #expect(try after.numbers() == ["nlist": 100, "nprobe": 16])
        #expect(after.policy == before.policy && after.id == before.id && after.rebuildRequestedAt == nil)
        #expect(try test.catalog.index(named: "other").numbers() == ["nlist": 7])
        #expect(throws: CatalogError.noSuchIndex(name: "none", known: ["trucks", "other"])) {
            try test.catalog.setParameters(index: "none", to: [:])
        }
    }

    @Test func `stores are told of a request when it is committed`() throws {
        let test = try databases.catalog()
        try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .hnsw)
        let listener = try test.another().connection
        try listener.listen("likeness_embeddings")
        try test.catalog.requestRebuild(index: "trucks")
        #expect(try listener.waitForNotification(timeout: .seconds(10))?.payload == "\(test.model.id)")
        try test.catalog.setParameters(index: "trucks", to: ["efSearch": 128])
        #expect(try listener.waitForNotification(timeout: .seconds(10))?.payload == "\(test.model.id)")
    }

    @Test(arguments: [#"{"nlist": "many"}"#, #"{"nlist": 1.5}"#, #"{"nlist": null}"#])
    func `parameters that are no whole numbers are refused by name`(text: String) throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(
            name: "trucks", model: test.model.id, type: .ivfflat, parameters: JSON(text))
        #expect(throws: CatalogError.unreadableParameters(index: "trucks", text: text)) { try index.numbers() }
    }

    @Test func `the last request is newer than the generation until a newer one is begun`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "trucks", model: test.model.id, type: .ivfflat)
        let store = UUID()
        func generation(_ number: Int64, _ state: IndexGenerationRecord.State) -> IndexGenerationRecord {
            IndexGenerationRecord(
                index: index.id, store: store, generation: number, state: state, reason: "because \(number)", rows: 10,
                nlist: 3, parameters: JSON(#"{"nlist": 3}"#), bytes: 7, seconds: 1.5, recallAt10: 0.9)
        }
        try test.catalog.record(generation(1, .published))
        let requested = try #require(try test.catalog.requestRebuild(index: "trucks").rebuildRequestedAt)
        try test.catalog.record(generation(2, .failed))
        let generations = try test.catalog.generations(of: index.id, store: store, limit: 9)
        #expect(generations.map(\.record) == [generation(2, .failed), generation(1, .published)])
        #expect(generations[1].startedAt < requested && requested < generations[0].startedAt)
        #expect(generations[0].publishedAt == nil && generations[1].publishedAt != nil)
        #expect(try test.catalog.generations(of: index.id, store: store, limit: 1).count == 1)
        #expect(try test.catalog.generations(of: index.id, store: UUID(), limit: 9).isEmpty)
        #expect(try test.catalog.answeringGenerations(stores: [store, UUID()]).map(\.record.generation) == [1])
        #expect(try test.catalog.answeringGenerations(stores: []).isEmpty)
    }
}

struct IndexPolicyTests {
    private let databases = TestDatabases()

    @Test func `a policy comes back as it was stored`() throws {
        let test = try databases.catalog()
        for (number, policy) in [
            IndexPolicy(), IndexPolicy(retrainEvery: .seconds(7 * 86_400)), IndexPolicy(minRecall: 0.97),
            IndexPolicy(retrainEvery: .seconds(5), minRecall: 1),
        ].enumerated() {
            let index = try test.catalog.createIndex(
                name: "i\(number)", model: test.model.id, type: .ivfflat, policy: policy.json)
            #expect(try IndexPolicy(index.policy) == policy)
        }
        let row = try test.connection.firstRow(
            "select (policy ->> 'retrain_every')::interval = '7 days' as it from likeness.vector_indexes where name = 'i1'"
        )
        #expect(try row?["it"] == true)
    }

    @Test(arguments: [
        #"{"retrain_every": 7}"#, #"{"retrain_every": "1 month"}"#, #"{"min_recall": 0}"#, #"{"min_recall": 95}"#,
        #"{"min_recall": "high"}"#,
    ])
    func `a policy that means nothing is refused with its text`(text: String) {
        #expect(throws: CatalogError.unreadablePolicy(text)) { try IndexPolicy(JSON(text)) }
    }

    @Test func `keys of a later version are let pass`() throws {
        #expect(try IndexPolicy(JSON(#"{"compact_at": 0.5, "min_recall": 0.5}"#)) == IndexPolicy(minRecall: 0.5))
    }

    @Test(arguments: [
        ("7d", 604_800, "7 days"), ("1 day", 86_400, "1 day"), ("12h", 43_200, "12 hours"),
        ("24 Hours", 86_400, "1 day"),
        ("90m", 5_400, "90 minutes"), ("90s", 90, "90 seconds"), ("1s", 1, "1 second"),
        ("2 weeks", 1_209_600, "14 days"),
        ("60 minutes", 3_600, "1 hour"),
    ])
    func `a time is read as people write it`(text: String, seconds: Int64, words: String) {
        let duration = Duration(words: text)
        #expect(duration == .seconds(seconds))
        #expect(duration?.words == words)
        #expect(duration.flatMap { Duration(words: $0.words) } == duration)
    }

    @Test(arguments: [
        "", "7", "d", "-1d", "0d", "1.5h", "1 month", "1mo", "7 d ", "ds", "1ss", "9999999999999999999d", "366001d",
    ])
    func `what is no time is none`(text: String) {
        #expect(Duration(words: text) == nil)
    }
}
