import ArgumentParser
import SystemPackage
import Postgres
import Catalog
import Embeddings
import Faults

struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the models of the catalog and whether their weights are here.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let uses = try await global.openDatabase().run { try Catalog($0).models() }
        try ModelTable(rows: uses.map { ModelTable.Row($0.model, embeddings: $0.embeddings) }, global: global).write()
    }
}

/// Models as people and programs read them.
struct ModelTable {
    struct Row {
        let model: StoredModel
        /// nil when it was not counted.
        let embeddings: Int?

        init(_ model: StoredModel, embeddings: Int?) {
            self.model = model
            self.embeddings = embeddings
        }
    }

    let rows: [Row]
    let global: GlobalOptions

    private struct Entry: Encodable {
        let name: String
        let architecture: String
        let precision: String
        let dimension: Int
        let preprocessing: String
        let weightsSHA256: String?
        let weights: String?
        let embeddings: Int?

        enum CodingKeys: String, CodingKey {
            case name, architecture, precision, dimension, preprocessing, weightsSHA256 = "weights_sha256", weights
            case embeddings
        }
    }

    /// Writes the models in the format that was asked for.
    func write() throws {
        let registry = WeightsRegistry(home: global.homeFolder)
        let entries = rows.map { row in
            let identity = row.model.identity
            let isBuiltIn = identity.architecture == StructureDescriptor.architecture
            let place = identity.weights.flatMap { registry.path(ofWeights: $0.rawValue)?.string }
            return Entry(
                name: row.model.name, architecture: identity.architecture, precision: identity.precision,
                dimension: identity.dimension, preprocessing: identity.preprocessing,
                weightsSHA256: identity.weights?.description, weights: isBuiltIn ? "built in" : place,
                embeddings: row.embeddings)
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["name", "architecture", "precision", "dimension", "embeddings", "weights"],
                    rows: entries.map {
                        [
                            $0.name, $0.architecture, $0.precision, "\($0.dimension)",
                            $0.embeddings.map(String.init) ?? "", $0.weights ?? "",
                        ]
                    }))
        case .table: StandardOutput.write(table(entries))
        }
    }

    private func table(_ entries: [Entry]) -> String {
        var table = TextTable([
            .left("model"), .left("architecture"), .left("precision"), .right("dimension"), .right("embeddings"),
            .left("weights"),
        ])
        for entry in entries {
            table.append([
                entry.name, entry.architecture, entry.precision, "\(entry.dimension)",
                entry.embeddings.map(grouped) ?? "", entry.weights ?? "not on this machine",
            ])
        }
        return table.text
    }
}
