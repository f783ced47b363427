import ArgumentParser
import Daemons
import Faults
import IndexSync
import Logging
import Postgres
import VectorIndexes

struct Sync: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Keeps the index files up to the catalog: the sync daemon.",
        discussion: """
            Applies what changes to every index of every model, within a tenth of a second, and builds, trains, measures, \
            compacts and searches the near-duplicates of new pictures beside that, until SIGTERM or SIGINT: then the step is \
            finished and published. A second signal ends it at once. PostgreSQL may go and come meanwhile. With --once it \
            applies what there is, does what is due, near-duplicates included, and exits. Damaged or foreign index files are \
            made anew. One writer a home: a second one says who it is and exits with 75.
            """)

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Apply what there is, build, train and compact what is due, search near-duplicates, and exit.")
    var once = false

    @Option(
        name: .customLong("poll-interval"),
        help: "The longest time between two looks, should PostgreSQL's notifications get lost. (LIKENESS_POLL_INTERVAL)"
    )
    var pollInterval: DurationArgument?

    @Option(
        name: .customLong("verify-every"),
        help: "Time between two comparisons of all ids with the catalog: 1h. (LIKENESS_VERIFY_EVERY)")
    var verifyEvery: DurationArgument?

    @Option(
        name: .customLong("measure-every"),
        help: "The shortest time between two measurements of the indexes: 1m. (LIKENESS_MEASURE_EVERY)")
    var measureEvery: DurationArgument?

    func run() async throws {
        let settings = try settings()
        let opened = try await global.openDatabase()
        let folders = IndexFolders(home: global.homeFolder)
        if once {
            // Whoever finds the index files locked is told this name.
            let database = Database(opened.target, applicationName: WriterName.of("likeness sync --once"))
            let console = NeighborConsole(quiet: global.isQuiet)
            defer { console.finish() }
            let outcomes = try await IndexSync(database: database, folders: folders).once { done, total in
                console.show(done, of: total)
            }
            console.finish()
            return try SyncReport.write(outcomes, global: global)
        }
        await opened.disconnect()
        let daemon = SyncDaemon(
            target: opened.target, folders: folders, settings: settings, logger: try global.daemonLogger)
        let signals = StopSignals { daemon.stop() }
        try await daemon.run()
        withExtendedLifetime(signals) {}
    }

    private func settings() throws -> SyncDaemon.Settings {
        var settings = SyncDaemon.Settings()
        if let interval = try pollInterval ?? EnvironmentTwin.value("LIKENESS_POLL_INTERVAL") {
            settings.pollInterval = interval.duration
        }
        if let interval = try verifyEvery ?? EnvironmentTwin.value("LIKENESS_VERIFY_EVERY") {
            settings.verifyInterval = interval.duration
        }
        if let interval = try measureEvery ?? EnvironmentTwin.value("LIKENESS_MEASURE_EVERY") {
            settings.healthInterval = interval.duration
        }
        return settings
    }
}

extension GlobalOptions {
    /// The log of a daemon on standard error: what it does is told as well, unless a person wants less.
    var daemonLogger: Logger {
        get throws {
            var logger = try logger
            let level: Logger.Level? = try logLevel ?? EnvironmentTwin.value("LIKENESS_LOG_LEVEL")
            if level == nil, !isQuiet { logger.logLevel = .info }
            return logger
        }
    }
}

/// What a synchronization did, as people and programs read it.
enum SyncReport {
    static func write(_ outcomes: [SyncOutcome], global: GlobalOptions) throws {
        for outcome in outcomes {
            if let reason = outcome.rebuiltBecause { global.notice("rebuilt the files of \(outcome.model): \(reason)") }
        }
        for outcome in outcomes where outcome.isCompacted {
            global.notice("wrote the rows of \(outcome.model) anew without those that were deleted")
        }
        for outcome in outcomes where outcome.searched > 0 {
            global.notice("searched the near-duplicates of \(grouped(outcome.searched)) pictures of \(outcome.model)")
        }
        for outcome in outcomes where outcome.isSketched { global.notice("trained sketches of \(outcome.model)") }
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
