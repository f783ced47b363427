import ArgumentParser
import Catalog
import Postgres

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
