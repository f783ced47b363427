import ArgumentParser
import Catalog
import Daemons
import Faults
import FolderWatching
import Ingestion
import Postgres

struct Watch: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Keeps the catalog equal to folders: the ingest daemon.",
        discussion: """
            Ingests what there is and what comes, marks what goes, until SIGTERM or SIGINT: then the files in work are finished. \
            A second signal ends it at once. PostgreSQL may go and come meanwhile. Several daemons, on several machines too, \
            share the work. What a .likenessignore says (as .gitignore) is not looked at. A folder gets a file .likeness-root, \
            by which a disk that is not mounted is told from an empty folder. Why a file is not in the catalog is told by: \
            likeness explain FILE
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodeOptions

    @Argument(help: "Folders.")
    var folders: [PathArgument]

    @Option(
        name: .customLong("on-vanish"),
        help: """
            What becomes of a picture whose last file is gone: keep leaves it in the answers, hide takes it out until a file \
            comes back. (LIKENESS_ON_VANISH, keep)
            """)
    var onVanish: OnVanish?

    @Flag(help: "Look at all folders every --poll-interval, whatever their file system. (LIKENESS_POLL)")
    var poll = false

    @Option(
        name: .customLong("poll-interval"),
        help: "Time between two looks at folders that are polled: 30s. (LIKENESS_WATCH_POLL_INTERVAL)")
    var pollInterval: DurationArgument?

    @Option(
        name: .customLong("settle"),
        help: "For how long a file must stay as it is when its writer was not seen to close it: 2s. (LIKENESS_SETTLE)")
    var settle: DurationArgument?

    @Option(
        name: .customLong("rescan-every"),
        help: "Time between two comparisons of everything: 1h. (LIKENESS_RESCAN_EVERY)")
    var rescanEvery: DurationArgument?

    @Flag(name: .customLong("follow-links"), help: "Follow symbolic links. (LIKENESS_FOLLOW_LINKS)")
    var followLinks = false

    func run() async throws {
        let folders = try FolderWatching.WatchedRoot.resolved(folders.map(\.bytes))
        let settings = try settings()
        let database = try await global.openDatabase()
        let chooser = ModelChooser(database: database, global: global)
        let chosen = try await chooser.choose(model.wanted)
        let embedder = try await chooser.embedder(of: chosen)
        let decoders = try decoding.pool(for: embedder)
        try await decoders.start()
        let intake = Intake(
            embedder: embedder, decoders: decoders, followsLinks: settings.watching.followsLinks)
        await database.disconnect()
        let console = WatchConsole(quiet: global.isQuiet)
        let daemon = WatchDaemon(
            target: database.target, intake: intake, model: chosen.stored, folders: folders, settings: settings,
            logger: try global.daemonLogger
        ) { console.show($0) }
        let signals = StopSignals { daemon.stop() }
        defer { console.finish() }
        try await daemon.run()
        withExtendedLifetime(signals) {}
    }

    private func settings() throws -> WatchDaemon.Settings {
        var settings = WatchDaemon.Settings()
        settings.onVanish = try onVanish ?? EnvironmentTwin.value("LIKENESS_ON_VANISH") ?? .keep
        settings.watching.polls = poll || EnvironmentTwin.flag("LIKENESS_POLL")
        settings.watching.followsLinks = followLinks || EnvironmentTwin.flag("LIKENESS_FOLLOW_LINKS")
        if let time = try pollInterval ?? EnvironmentTwin.value("LIKENESS_WATCH_POLL_INTERVAL") {
            settings.watching.pollInterval = time.duration
        }
        if let time = try settle ?? EnvironmentTwin.value("LIKENESS_SETTLE") {
            settings.watching.settlingTime = time.duration
        }
        if let time = try rescanEvery ?? EnvironmentTwin.value("LIKENESS_RESCAN_EVERY") {
            settings.watching.rescanInterval = time.duration
        }
        return settings
    }
}

extension OnVanish: ExpressibleByArgument {}
