import ArgumentParser
import Catalog
import Postgres

struct IndexRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Asks for a new generation of an index; the next 'likeness sync' trains it.",
        discussion: "The present generation answers until the new one is published.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Its name.")
    var name: String

    func run() async throws {
        let name = name
        try await global.openDatabase().run { _ = try Catalog($0).requestRebuild(index: name) }
        global.notice("index \"\(name)\" is trained anew by the sync daemon, or by: likeness sync --once")
    }
}
