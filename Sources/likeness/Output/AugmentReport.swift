import Faults
import Ingestion
import Synchronization

/// What a run of `augment` did: `copies` is the sum of `written`, `unchanged` and `failed`.
struct AugmentSummary: Encodable {
    let originals: Int
    /// Copies that were asked for, of all originals.
    let copies: Int
    var written = 0
    /// Copies that were there already.
    var unchanged = 0
    var failed = 0
    var seconds = 0.0
    /// What became of the files in the catalog; nil when they were not ingested.
    var ingest: IngestSummary?

    init(originals: Int, copies: Int) {
        self.originals = originals
        self.copies = copies
    }

    private enum Key: String, CodingKey {
        case originals, copies, written, unchanged, failed, seconds, ingest
    }

    /// All keys always: `ingest` is null when nothing was ingested.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(originals, forKey: .originals)
        try container.encode(copies, forKey: .copies)
        try container.encode(written, forKey: .written)
        try container.encode(unchanged, forKey: .unchanged)
        try container.encode(failed, forKey: .failed)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(ingest, forKey: .ingest)
    }

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv:
            let counts = [originals, copies, written, unchanged, failed].map { "\($0)" }
            let ingested = ingest.map { ["\($0.added)", "\($0.failed)"] } ?? ["", ""]
            StandardOutput.write(
                CSV.text(
                    header: [
                        "originals", "copies", "written", "unchanged", "failed", "seconds", "ingest_added",
                        "ingest_failed",
                    ],
                    rows: [counts + [fixed(seconds, 3)] + ingested]))
        case .table: StandardOutput.write(text)
        }
    }

    private var text: String {
        let ingested =
            ingest.map {
                "; \(grouped($0.added)) added to the catalog, \(grouped($0.unchanged + $0.copies)) were in it, "
                    + "\(grouped($0.failed)) failed"
            } ?? "; none ingested"
        return """
            \(grouped(copies)) copies of \(grouped(originals)) originals: \(grouped(written)) written, \
            \(grouped(unchanged)) unchanged, \(grouped(failed)) failed\(ingested), in \(fixed(seconds, 1)) s

            """
    }
}

/// Shows how far copies and their ingestion have come: a bar on a terminal, failures always.
final class AugmentConsole: Sendable {
    private struct State: ~Copyable {
        var bar: ProgressBar
        var copies = 0
        var failed = 0
        var ingested = 0
    }

    private let total: Int
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let failures = FailureWords()

    init(copies: Int, quiet: Bool) {
        total = copies
        state = Mutex(State(bar: ProgressBar(quiet: quiet)))
    }

    /// Some more copies have an outcome.
    func count(copies: Int, failed: Int = 0) {
        state.withLock {
            $0.copies += copies
            $0.failed += failed
            draw(&$0)
        }
    }

    /// A pass tells something; `before` is what earlier ones have seen.
    func show(_ event: IngestEvent, before: Int) {
        state.withLock {
            switch event {
            case .progress(let done, _, _, _):
                $0.ingested = before + done
                draw(&$0)
            case .failure(let failure):
                $0.bar.clear()
                failures.tell(failure)
            }
        }
    }

    /// Names what could not be copied.
    func tell(_ error: any Error) {
        state.withLock {
            $0.bar.clear()
            StandardError.write("\(error)\n")
        }
    }

    func finish() { state.withLock { $0.bar.clear() } }

    private func draw(_ state: inout State) {
        var note = ""
        if state.ingested > 0 { note += "\(grouped(state.ingested)) ingested" }
        if state.failed > 0 { note += (note.isEmpty ? "" : ", ") + "\(grouped(state.failed)) failed" }
        state.bar.update(done: state.copies, total: total, elapsed: .now - start, note: note)
    }
}
