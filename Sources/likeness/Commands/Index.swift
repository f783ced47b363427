import ArgumentParser
import Postgres
import Catalog
import VectorIndexes

struct Index: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates and lists indexes.",
        discussion: "An index belongs to one model. 'likeness sync' builds what was created and keeps it up to date.",
        subcommands: [IndexCreate.self, IndexList.self, IndexDrop.self])
}

struct IndexCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates an index; 'likeness sync --once' builds it.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Argument(help: "Its name: 1 to 63 of a to z, 0 to 9, _ and -.")
    var name: String

    @Option(help: "flat: exact, the right one below 10,000 pictures.")
    var type: IndexType

    @Flag(help: "Do nothing when the model has an index of this name and type already.")
    var ifNotExists = false

    func run() async throws {
        let (name, type) = (name, type)
        try IndexSpecification(name: name, type: type).validated()
        let database = try await global.openDatabase()
        let model = try await ModelChooser(database: database, global: global).choose(model.wanted).stored
        guard let storedType = StoredIndexType(rawValue: type.rawValue) else {
            throw IndexError.typeUnavailable(type)
        }
        let ifNotExists = ifNotExists
        let index = try await database.run { connection in
            let catalog = Catalog(connection)
            if ifNotExists {
                let same = try catalog.indexes(model: model.id).first { $0.name == name && $0.type == storedType }
                if let same { return same }
            }
            return try catalog.createIndex(name: name, model: model.id, type: storedType)
        }
        try IndexTable(global: global).write([index], models: [model])
    }
}

struct IndexDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drops an index; its files go with the next 'likeness sync'.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Its name.")
    var name: String

    func run() async throws {
        let name = name
        try await global.openDatabase().run { try Catalog($0).dropIndex(named: name) }
    }
}

struct IndexList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the indexes and what of them is built on this machine.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (indexes, models) = try await global.openDatabase().run { connection in
            (try Catalog(connection).indexes(), try Catalog(connection).models().map(\.model))
        }
        try IndexTable(global: global).write(indexes, models: models)
    }
}

extension IndexType: ExpressibleByArgument {}
