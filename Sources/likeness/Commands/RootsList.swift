import ArgumentParser
import Catalog
import Faults
import FoundationEssentials
import Postgres

struct RootsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists all folders that ever were watched, and how they stand.")

    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
        let folder: String
        let state: String
        let onVanish: String
        let files: Int
        let vanishedFiles: Int
        let failedFiles: Int
        let queuedFiles: Int
        let daemons: Int
        let scannedAt: String?
        let unavailableBecause: String?

        enum CodingKeys: String, CodingKey {
            case folder, state, onVanish = "on_vanish", files, vanishedFiles = "vanished_files"
            case failedFiles = "failed_files", queuedFiles = "queued_files", daemons, scannedAt = "scanned_at"
            case unavailableBecause = "unavailable_because"
        }

        init(_ health: RootHealth) {
            folder = printableName(health.root.folder)
            state = health.root.state.rawValue
            onVanish = health.root.onVanish.rawValue
            files = health.files
            vanishedFiles = health.vanishedFiles
            failedFiles = health.failedFiles
            queuedFiles = health.queuedFiles
            daemons = health.daemons
            scannedAt = health.root.scannedAt.map { $0.date.formatted(.iso8601) }
            unavailableBecause = health.unavailableBecause
        }
    }

    func run() async throws {
        let format = try global.outputFormat
        let entries = try await global.openDatabase().run { try Catalog($0).roots() }.map(Entry.init)
        switch format {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: [
                        "folder", "state", "on_vanish", "files", "vanished_files", "failed_files", "queued_files",
                        "daemons", "scanned_at", "unavailable_because",
                    ],
                    rows: entries.map {
                        [
                            $0.folder, $0.state, $0.onVanish, "\($0.files)", "\($0.vanishedFiles)",
                            "\($0.failedFiles)", "\($0.queuedFiles)", "\($0.daemons)", $0.scannedAt ?? "",
                            $0.unavailableBecause ?? "",
                        ]
                    }))
        case .table: StandardOutput.write(Self.table(entries))
        }
    }

    private static func table(_ entries: [Entry]) -> String {
        var table = TextTable([
            .left("state"), .right("daemons"), .right("files"), .right("gone"), .right("failed"), .right("waiting"),
            .left("on-vanish"), .left("folder"),
        ])
        for entry in entries {
            table.append([
                entry.state, "\(entry.daemons)", grouped(entry.files), grouped(entry.vanishedFiles),
                grouped(entry.failedFiles), grouped(entry.queuedFiles), entry.onVanish, entry.folder,
            ])
        }
        return table.text
    }
}
