import Catalog
import Postgres
import TestSupport
import Testing

struct ModelTests {
    private let databases = TestDatabases()

    @Test func `the same model again changes nothing`() throws {
        let test = try databases.catalog()
        #expect(try test.catalog.addModel(name: "small", identity: .small(dimension: 4)) == test.model)
        #expect(try test.catalog.models().map(\.model) == [test.model])
        #expect(try test.catalog.model(named: "small") == test.model)
    }

    @Test func `a name stands for one identity and an identity has one name`() throws {
        let test = try databases.catalog()
        let taken = #expect(throws: CatalogError.self) {
            try test.catalog.addModel(name: "small", identity: .small(dimension: 4, precision: "bfloat16"))
        }
        #expect(taken?.message.contains("tiny float32") == true)
        #expect(taken?.message.contains("tiny bfloat16") == true)
        let other = #expect(throws: CatalogError.self) {
            try test.catalog.addModel(name: "other", identity: .small(dimension: 4))
        }
        #expect(other == .modelHasAnotherName(name: "small", given: "other"))
        #expect(try test.catalog.models().count == 1)
    }

    @Test func `a model without weights is the same one again`() throws {
        let test = try databases.catalog()
        var identity = ModelIdentity.small(dimension: 4)
        identity.weights = nil
        let first = try test.catalog.addModel(name: "bare", identity: identity)
        #expect(try test.catalog.addModel(name: "bare", identity: identity) == first)
        #expect(throws: CatalogError.modelHasAnotherName(name: "bare", given: "b")) {
            try test.catalog.addModel(name: "b", identity: identity)
        }
    }

    @Test func `the default is the first model with learned weights`() throws {
        let database = try databases.migrated()
        let catalog = Catalog(try database.connect())
        #expect(try catalog.defaultModel() == nil)
        let builtIn = ModelIdentity(
            architecture: "structure-2048", weights: nil, dimension: 2048, preprocessing: "none", precision: "float32")
        try catalog.addModel(name: "structure-2048", identity: builtIn)
        #expect(try catalog.defaultModel()?.name == "structure-2048")
        try catalog.addModel(name: "first", identity: .small(dimension: 4))
        try catalog.addModel(name: "second", identity: .small(dimension: 8))
        #expect(try catalog.defaultModel()?.name == "first")
    }

    @Test func `a model that is not there is named with those that are`() throws {
        let test = try databases.catalog()
        let error = #expect(throws: CatalogError.self) { try test.catalog.model(named: "big") }
        #expect(error?.message == "no model \"big\" is in the catalog, only \"small\"")
    }

    @Test func `two models live in one catalog and never mix`() throws {
        let test = try databases.catalog()
        let wide = try test.catalog.addModel(name: "wide", identity: .small(dimension: 8))
        let image = try test.ingest("a")[0]
        try test.catalog.write(.pictures(["a"], dimension: 8), model: wide)
        #expect(try test.catalog.embedding(of: image, model: test.model.id)?.count == 4)
        #expect(try test.catalog.embedding(of: image, model: wide.id)?.count == 8)
        #expect(try test.catalog.models().map(\.embeddings) == [1, 1])
        let error = #expect(throws: PostgresError.self) {
            try test.connection.execute(
                "update likeness.embeddings set model = \(wide.id) where model = \(test.model.id)")
        }
        #expect(error?.sqlState?.hasPrefix("23") == true)
        let start = try test.catalog.currentPosition()
        try test.catalog.write(.pictures(["b"], dimension: 8), model: wide)
        #expect(try test.catalog.changes(model: test.model.id, after: start, limit: 9).changes.isEmpty)
        #expect(try test.catalog.changes(model: wide.id, after: start, limit: 9).changes.count == 1)
    }
}
