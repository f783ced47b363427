import ArgumentParser
import Catalog
import Embeddings
import Faults
import Ingestion
import Synchronization

struct Ingest: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Brings pictures into the catalog: one pass over files and folders.",
        discussion: """
            What the catalog knows is passed over; files that are gone stay in it. A file that cannot be ingested is named and recorded, the rest is done,
            and the exit status is 2. A name that begins with a dash goes behind --.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodeOptions

    @Argument(help: "Files and folders.")
    var paths: [PathArgument]

    func run() async throws {
        let database = try await global.openDatabase()
        let chooser = ModelChooser(database: database, global: global)
        let chosen = try await chooser.choose(model.wanted)
        let embedder = try await chooser.embedder(of: chosen)
        let console = IngestConsole(quiet: global.isQuiet)
        let intake = Intake(embedder: embedder, decoders: try decoding.pool(for: embedder))
        let summary = try await IngestPass(database: database, intake: intake, model: chosen.stored)
            .run(paths.map(\.bytes)) { console.show($0) }
        console.finish()
        try write(summary, model: chosen.stored.name)
        if summary.failed > 0 {
            throw summary.failed == summary.seen
                ? CommandFault.everyInputFailed(count: summary.failed) : SomeInputsFailed()
        }
    }

    private func write(_ summary: IngestSummary, model: String) throws {
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(summary))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["seen", "added", "unchanged", "copies", "failed", "seconds"],
                    rows: [
                        [
                            "\(summary.seen)", "\(summary.added)", "\(summary.unchanged)", "\(summary.copies)",
                            "\(summary.failed)", fixed(summary.seconds, 3),
                        ]
                    ]))
        case .table:
            StandardOutput.write(
                """
                \(grouped(summary.seen)) seen: \(grouped(summary.added)) added, \(grouped(summary.unchanged)) unchanged, \
                \(grouped(summary.copies)) copies, \(grouped(summary.failed)) failed, \
                in \(fixed(summary.seconds, 1)) s with model \(model)

                """)
        }
    }
}

/// Everything was done but for inputs that were named already: an exit status without further words.
struct SomeInputsFailed: Error {}

/// Shows what a pass reports: a bar on a terminal, failures always.
final class IngestConsole: Sendable {
    private let bar: Mutex<ProgressBar>
    private let failures = FailureWords()

    init(quiet: Bool) { bar = Mutex(ProgressBar(quiet: quiet)) }

    func show(_ event: IngestEvent) {
        switch event {
        case .progress(let done, let total, let failed, let elapsed):
            bar.withLock {
                $0.update(done: done, total: total, elapsed: elapsed, note: failed == 0 ? "" : "\(failed) failed")
            }
        case .failure(let failure):
            bar.withLock {
                $0.clear()
                failures.tell(failure)
            }
        }
    }

    func finish() { bar.withLock { $0.clear() } }
}
