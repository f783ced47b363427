import ArgumentParser
import LocalCluster
import Catalog
import Postgres

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the schema of the database to head.",
        discussion: """
            Each migration is a transaction under a lock, so that two may run at once. An applied migration that was
            edited and a database that is newer than this program are refused.
            """)

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let format = try global.outputFormat
        let choice = try global.databaseChoice()
        if case .privateServer(let cluster) = choice { try cluster.start() }
        let isQuiet = global.isQuiet
        let applied = try await Database(choice.target).run { connection in
            try Migrator().migrate(connection) { name in
                if !isQuiet { StandardError.write("applied \(name)\n") }
            }
        }
        switch format {
        case .json: StandardOutput.write(try JSON.text(Report(head: Migrator().head, applied: applied.migrations)))
        case .csv: StandardOutput.write(CSV.text(header: ["applied"], rows: applied.migrations.map { [$0] }))
        case .table:
            let count = applied.migrations.count
            StandardOutput.write("the schema is at \(Migrator().head); \(count) migrations were applied now\n")
        }
    }

    private struct Report: Encodable {
        let head: String
        let applied: [String]
    }
}
