import ArgumentParser
import Catalog
import Faults
import Postgres
import VectorIndexes

struct IndexTune: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Measures how far an index has to look to find enough, and lets it look that far.",
        discussion: """
            Asks for the ten nearest of sampled pictures with growing nprobe (ivfflat, ivfpq) or efSearch (hnsw), compares \
            with exact search, and keeps the smallest number that reaches the recall. Nothing is built: the sync daemon \
            applies the number at its next look, without one 'likeness sync --once' does.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Its name.")
    var name: String

    @Option(help: "Share of the ten nearest that is to be found, above 0 to 1.")
    var recall: Double

    @Option(help: "Pictures that are asked about, 20 to 200.")
    var queries = 200

    func validate() throws {
        guard IndexPolicy.isUsable(minRecall: recall) else {
            throw ValidationError("--recall must be above 0 and at most 1, not \(recall)")
        }
        guard (20...200).contains(queries) else {
            throw ValidationError("--queries must be from 20 to 200, not \(queries)")
        }
    }

    func run() async throws {
        let name = name
        let database = try await global.openDatabase()
        let (index, model) = try await database.run { connection in
            let catalog = Catalog(connection)
            let index = try catalog.index(named: name)
            return (index, try catalog.storedModels().first { $0.id == index.model })
        }
        if index.type == .flat { throw TuningFault.isExact(name) }
        let folder = model.map { IndexFolders(home: global.homeFolder).folder(ofModel: $0.name) }
        guard let store = try folder.flatMap({ try VectorStore.open($0) }),
            store.manifest.indexes.contains(where: { $0.specification.name == name && $0.built != nil }),
            store.liveCount > 0
        else { throw TuningFault.isNotBuilt(name) }
        guard let tuning = try RecallTuning(try store.index(named: name), over: store, recall: recall, queries: queries)
        else { throw TuningFault.isExact(name) }
        try write(tuning, of: store)
        guard let chosen = tuning.chosen else {
            throw TuningFault.isOutOfReach(
                name, recall: recall, best: tuning.steps.map(\.recall.recall).max() ?? 0, type: index.type)
        }
        var parameters = try index.numbers()
        let changed = (tuning.parameter.rawValue, chosen)
        let before = parameters.updateValue(changed.1, forKey: changed.0)
        let asked = parameters
        if before != chosen { try await database.run { _ = try Catalog($0).setParameters(index: name, to: asked) } }
        global.notice(
            "index \"\(name)\" is asked with \(changed.0) \(grouped(chosen)) as soon as the sync daemon looks, "
                + "or after: likeness sync --once")
    }

    private struct Row: Encodable {
        let value: Int
        let recallAt10: Double
        let low: Double
        let high: Double
        let milliseconds: Double

        enum CodingKeys: String, CodingKey {
            case value, recallAt10 = "recall_at_10", low = "recall_at_10_low", high = "recall_at_10_high", milliseconds
        }
    }

    private struct Report: Encodable {
        let index: String
        let parameter: String
        let queries: Int
        let rows: Int
        let steps: [Row]
        let chosen: Int?
    }

    private func write(_ tuning: RecallTuning, of store: VectorStore) throws {
        let name = tuning.parameter.rawValue
        let rows = tuning.steps.map { step in
            Row(
                value: step.value, recallAt10: step.recall.recall, low: step.recall.low, high: step.recall.high,
                milliseconds: step.milliseconds)
        }
        switch try global.outputFormat {
        case .json:
            StandardOutput.write(
                try JSON.text(
                    Report(
                        index: self.name, parameter: name, queries: tuning.steps.first?.recall.queries ?? 0,
                        rows: store.liveCount, steps: rows, chosen: tuning.chosen)))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: [name, "recall_at_10", "recall_at_10_low", "recall_at_10_high", "milliseconds"],
                    rows: rows.map { row in
                        ["\(row.value)", "\(row.recallAt10)", "\(row.low)", "\(row.high)", "\(row.milliseconds)"]
                    }))
        case .table:
            var table = TextTable([.right(name), .right("recall@10"), .left("95 %"), .right("ms"), .left("")])
            for row in rows {
                table.append([
                    grouped(row.value), fixed(row.recallAt10, 3), "\(fixed(row.low, 3)) to \(fixed(row.high, 3))",
                    fixed(row.milliseconds, 3), row.value == tuning.chosen ? "chosen" : "",
                ])
            }
            StandardOutput.write(table.text)
        }
    }
}

/// Why an index cannot be tuned.
enum TuningFault: Fault {
    case isExact(String)
    case isNotBuilt(String)
    case isOutOfReach(String, recall: Double, best: Double, type: StoredIndexType)

    var message: String {
        switch self {
        case .isExact(let name): "index \"\(name)\" is flat, which finds everything: there is nothing to tune"
        case .isNotBuilt(let name): "index \"\(name)\" is not built here: there is nothing to measure"
        case .isOutOfReach(let name, let recall, let best, _):
            "index \"\(name)\" finds at most \(fixed(best, 3)) of the ten nearest, not \(fixed(recall, 3))"
        }
    }

    var hint: String? {
        switch self {
        case .isExact: "Ask an index of another type, or keep this one: its answers are exact"
        case .isNotBuilt: "Build it: likeness sync --once"
        case .isOutOfReach(let name, _, _, .hnsw):
            "Create one with more links: likeness index create \(name)-2 --type hnsw --M 64 --efConstruction 400"
        case .isOutOfReach(let name, _, _, .ivfpq):
            "Create one that compares more rows exactly: likeness index create \(name)-2 --type ivfpq --rerank 32"
        case .isOutOfReach(let name, _, _, _): "Train it anew: likeness index rebuild \(name)"
        }
    }

    var exitStatus: ExitStatus {
        if case .isExact = self { .usage } else { .failed }
    }
}
