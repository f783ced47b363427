import ArgumentParser
import Faults
import IndexSync
import VectorIndexes

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares the catalog with the index files, vector by vector; exit 0 when they agree.",
        discussion: "Changes that the index files have not seen yet are counted and are no difference.")

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Write the files of the models that differ anew from the catalog.")
    var repair = false

    func run() async throws {
        let sync = IndexSync(
            database: try await global.openDatabase(), folders: IndexFolders(home: global.homeFolder))
        var report = try await sync.verify()
        if repair, !report.differences.isEmpty {
            write(report.differences)
            let models = Set(report.differences.map(\.model)).sorted()
            _ = try await sync.rebuild(models: models, reason: "verify --repair")
            global.notice("wrote the index files of \(models.joined(separator: ", ")) anew from the catalog")
            report = try await sync.verify()
        }
        write(report.differences)
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(report))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["model", "subject", "what"],
                    rows: report.differences.map { [$0.model, $0.subject, $0.what] }))
        case .table:
            StandardOutput.write(
                "\(grouped(report.compared)) embeddings compared, \(grouped(report.pending)) changes pending, "
                    + "\(grouped(report.differences.count)) differences\n")
        }
        if !report.differences.isEmpty { throw ExitCode.failure }
    }

    private func write(_ differences: [Difference]) {
        for difference in differences {
            StandardError.write("error: model \(difference.model): \(difference.subject): \(difference.what)\n")
        }
        if !differences.isEmpty && !repair {
            StandardError.write("hint: Write the files anew from the catalog: likeness verify --repair\n")
        }
    }
}
