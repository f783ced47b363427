import Catalog
import Foundation
import Postgres
import Testing

struct ResultTests {
    private let databases = TestDatabases()

    @Test func `the hits of several queries are joined in their order`() throws {
        let test = try databases.catalog()
        let position = try test.catalog.currentPosition()
        let images = try test.ingest("a", "b", "c")
        try test.connection.execute(
            """
            insert into likeness.augmentations (child, parent, root, recipe)
            values (\(images[1]), \(images[0]), \(images[0]), '[{"operation": "flip"}]')
            """)
        let hits = [
            [SearchHit(image: images[2], distance: 0), SearchHit(image: images[0], distance: 0.5)], [],
            [SearchHit(image: images[1], distance: 0.25), SearchHit(image: images[2], distance: 1)],
        ]
        let joined = try test.catalog.results(for: hits, indexPosition: (test.model.id, position))
        #expect(joined.pendingChanges == 3)
        #expect(joined.results.map { $0.map { SearchHit(image: $0.image, distance: $0.distance) } } == hits)
        let child = joined.results[2][0]
        #expect(child.path == Array("/pictures/b".utf8))
        #expect(child.digest == .named("b"))
        #expect((child.width, child.height) == (640, 480))
        #expect(child.parent == images[0])
        #expect(child.root == images[0])
        #expect(child.recipe?.text == #"[{"operation": "flip"}]"#)
        #expect(joined.results[0][0].parent == nil)
        #expect(try test.catalog.results(for: hits).pendingChanges == nil)
        #expect(try test.catalog.results(for: []).results.isEmpty)
    }

    @Test func `deleted and hidden pictures leave the results`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c")
        try test.connection.execute("delete from likeness.images where id = \(images[0])")
        try test.connection.execute("update likeness.images set state = 'hidden' where id = \(images[1])")
        let hits = images.map { SearchHit(image: $0, distance: 0) }
        #expect(try test.catalog.results(for: [hits]).results[0].map(\.image) == [images[2]])
    }

    @Test func `a result shows the file that was seen last and is still there`() throws {
        let test = try databases.catalog()
        let image = try test.ingest("a")[0]
        var batch = IngestBatch()
        batch.sightings = [.named("a", path: "/copy")]
        try test.catalog.write(batch, model: test.model)
        let hits = [[SearchHit(image: image, distance: 0)]]
        #expect(try test.catalog.results(for: hits).results[0][0].path == Array("/copy".utf8))
        try test.connection.execute(
            "update likeness.image_files set vanished_at = now() where path_text = '/copy'")
        #expect(try test.catalog.results(for: hits).results[0][0].path == Array("/pictures/a".utf8))
    }
}

struct IndexRecordTests {
    private let databases = TestDatabases()

    @Test func `an index is created once, listed and dropped`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(
            name: "default", model: test.model.id, type: .ivfflat, parameters: JSON(#"{"nlist": 100}"#))
        #expect(try test.catalog.index(named: "default") == index)
        #expect(try test.catalog.indexes() == [index])
        #expect(try test.catalog.indexes(model: test.model.id) == [index])
        #expect(try test.catalog.indexes(model: ModelID(rawValue: 99)).isEmpty)
        #expect(throws: CatalogError.indexNameTaken(name: "default")) {
            try test.catalog.createIndex(name: "default", model: test.model.id, type: .flat)
        }
        #expect(throws: CatalogError.noSuchIndex(name: "other", known: ["default"])) {
            try test.catalog.dropIndex(named: "other")
        }
        try test.catalog.dropIndex(named: "default")
        #expect(try test.catalog.indexes().isEmpty)
    }

    @Test func `publishing a generation supersedes the one before, and the status shows it with its lag`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "default", model: test.model.id, type: .flat)
        let store = UUID()
        let report = IndexStoreReport(
            store: store, model: test.model.id, host: "h", folder: "/f", position: try test.catalog.currentPosition())
        try test.catalog.record(report)
        try test.catalog.record(report)
        var generation = IndexGenerationRecord(
            index: index.id, store: store, generation: 1, state: .training, reason: "first", rows: 0)
        try test.catalog.record(generation)
        generation.state = .published
        generation.rows = 10
        try test.catalog.record(generation)
        generation.generation = 2
        generation.rows = 12
        generation.recallAt10 = 1
        try test.catalog.record(generation)
        try test.ingest("a", "b")
        let rows = try test.connection.rows("select * from likeness.index_status")
        #expect(rows.count == 1)
        #expect(try rows[0]["generation"] == 2)
        #expect(try rows[0]["rows"] == 12)
        #expect(try rows[0]["pending_changes"] == 2)
        let states = try test.connection.rows("select state from likeness.index_generations order by generation")
        #expect(try states.map { try $0["state", as: String.self] } == ["superseded", "published"])
    }
}
