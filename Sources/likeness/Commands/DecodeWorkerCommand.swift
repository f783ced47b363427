import ArgumentParser
import Ingestion

/// What a pool of decode workers starts; nothing for people.
struct DecodeWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: DecodeWorker.command, abstract: "Decodes for the process that started it.", shouldDisplay: false)

    @Argument(help: "What the pool says.")
    var settings: String

    func run() throws { try DecodeWorker.run(settings: settings) }
}
