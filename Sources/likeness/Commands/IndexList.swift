import ArgumentParser
import Catalog
import Postgres

struct IndexList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the indexes and what of them is built on this machine.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let database = try await global.openDatabase()
        let (indexes, models) = try await database.run { connection in
            (try Catalog(connection).indexes(), try Catalog(connection).models().map(\.model))
        }
        try await IndexTable(global: global, database: database).write(indexes, models: models)
    }
}
