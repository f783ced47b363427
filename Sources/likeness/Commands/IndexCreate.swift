import ArgumentParser
import Catalog
import Postgres
import VectorIndexes

struct IndexCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates an index; 'likeness sync --once' builds it.",
        discussion: """
            What is not given is chosen from the rows there are when the index is trained. Below 10,000 rows flat is the \
            right type: exact, fast, and nothing to train.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Argument(help: "Its name: 1 to 63 of a to z, 0 to 9, _ and -.")
    var name: String

    @Option(help: "flat: exact. hnsw: a graph. ivfflat: lists. ivfpq: lists of codes, re-ranked exactly.")
    var type: IndexType

    @OptionGroup(title: "Parameters") var parameters: IndexParameterOptions
    @OptionGroup(title: "Policy") var policy: IndexPolicyOptions

    @Flag(help: "Do nothing when the model has an index of this name and type already.")
    var ifNotExists = false

    func run() async throws {
        let (name, policy, ifNotExists) = (name, policy.policy, ifNotExists)
        let specification = IndexSpecification(name: name, type: type, parameters: parameters.given)
        // What no model can have is refused before the database is asked.
        try specification.validated()
        let database = try await global.openDatabase()
        let model = try await ModelChooser(database: database, global: global).choose(model.wanted).stored
        try specification.validated(dimension: model.identity.dimension)
        guard let storedType = StoredIndexType(rawValue: specification.type.rawValue) else {
            preconditionFailure("the catalog knows every type of index")
        }
        let (index, rows) = try await database.run { connection in
            let catalog = Catalog(connection)
            let rows = try catalog.models().first { $0.model.id == model.id }?.embeddings ?? 0
            if ifNotExists {
                let same = try catalog.indexes(model: model.id).first { $0.name == name && $0.type == storedType }
                if let same { return (same, rows) }
            }
            let index = try catalog.createIndex(
                name: name, model: model.id, type: storedType,
                parameters: Postgres.JSON(numbers: specification.parameters), policy: policy.json)
            return (index, rows)
        }
        let notices = IndexParameters.resolved(
            for: specification.type, given: try index.numbers(), rows: rows, dimension: model.identity.dimension
        ).notices
        for notice in notices { global.notice(notice.text(index: name)) }
        try await IndexTable(global: global, database: database).write([index], models: [model])
    }
}
