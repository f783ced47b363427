import ArgumentParser
import Faults
import IndexSync
import VectorIndexes

struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the index files up to the catalog.",
        discussion: """
            Applies what changed to every index of every model and exits. It may run at any time and as often as you like;
            damaged or foreign index files are written anew from the catalog.
            """)

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Apply what there is and exit: the only way this version knows.")
    var once = false

    func validate() throws {
        guard once else { throw ValidationError("sync needs --once: this version has no daemon yet") }
    }

    func run() async throws {
        let sync = IndexSync(
            database: try await global.openDatabase(), folders: IndexFolders(home: global.homeFolder))
        try SyncReport.write(try await sync.once(), global: global)
    }
}

/// What a synchronization did, as people and programs read it.
enum SyncReport {
    static func write(_ outcomes: [SyncOutcome], global: GlobalOptions) throws {
        for outcome in outcomes {
            if let reason = outcome.rebuiltBecause { global.notice("rebuilt the files of \(outcome.model): \(reason)") }
        }
        if outcomes.isEmpty {
            global.notice("the catalog has no index; create one: likeness index create default --type flat")
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(outcomes))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["model", "rows", "added", "removed", "built", "dropped", "seconds"],
                    rows: outcomes.map { cells($0, number: String.init) }))
        case .table:
            var table = TextTable([
                .left("model"), .right("rows"), .right("added"), .right("removed"), .left("built"), .left("dropped"),
                .right("seconds"),
            ])
            for outcome in outcomes { table.append(cells(outcome, number: grouped)) }
            StandardOutput.write(table.text)
        }
    }

    private static func cells(_ outcome: SyncOutcome, number: (Int) -> String) -> [String] {
        [
            outcome.model, number(outcome.rows), number(outcome.added), number(outcome.removed),
            outcome.built.joined(separator: " "), outcome.dropped.joined(separator: " "), fixed(outcome.seconds, 3),
        ]
    }
}
