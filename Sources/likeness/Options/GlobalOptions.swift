import ArgumentParser
import Logging
import SystemPackage

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Where the private database, indexes and models are. (LIKENESS_HOME)")
    var home: PathArgument?

    @Option(
        name: .customLong("database-url"),
        help: "Another PostgreSQL, 15 or newer, instead of the private one. (DATABASE_URL, or PG*)")
    var databaseURL: String?

    @Option(help: "How the answer is written: table, json or csv. (LIKENESS_FORMAT)")
    var format: FormatArgument?

    @Flag(help: "No progress and no notices on standard error. (LIKENESS_QUIET)")
    var quiet = false

    @Option(
        name: .customLong("log-level"),
        help: "trace, debug, info, notice, warning, error or critical. (LIKENESS_LOG_LEVEL)")
    var logLevel: Logger.Level?

    var homeFolder: FilePath { HomeFolder.resolve(home) }

    var outputFormat: OutputFormat {
        get throws {
            let format = try formatOrPage
            guard let common = OutputFormat(rawValue: format.rawValue) else {
                throw ValidationError(
                    "--format \(format.rawValue) is for 'likeness report'; here it is table, json or csv")
            }
            return common
        }
    }

    /// For a command whose answer can also be a page of HTML.
    var formatOrPage: FormatArgument {
        get throws { try format ?? EnvironmentTwin.value("LIKENESS_FORMAT") ?? .table }
    }

    var isQuiet: Bool { quiet || EnvironmentTwin.flag("LIKENESS_QUIET") }

    /// A fact for people, unless they asked for silence.
    func notice(_ text: String) { if !isQuiet { StandardError.notice(text) } }

    /// The log on standard error; warnings and worse unless told otherwise.
    var logger: Logger {
        get throws {
            let level: Logger.Level = try logLevel ?? EnvironmentTwin.value("LIKENESS_LOG_LEVEL") ?? .warning
            var logger = Logger(label: "likeness") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = level
            return logger
        }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
