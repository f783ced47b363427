import Catalog
import Faults
import Postgres
import VectorIndexes

/// Indexes as people and programs read them, with what is built of them in this home.
struct IndexTable {
    let global: GlobalOptions
    let database: Database

    private struct Entry: Encodable {
        let name: String
        let type: String
        let model: String
        /// As they are used; before the first training those that were asked for.
        let parameters: [String: Int]
        /// nil while it is not built here.
        let generation: Int?
        let rows: Int?
        /// nil while it was not measured.
        let recallAt10: Double?
        /// With the vectors that all indexes of the model share.
        let bytes: Int?

        enum CodingKeys: String, CodingKey {
            case name, type, model, parameters, generation, rows, recallAt10 = "recall_at_10", bytes
        }
    }

    func write(_ indexes: [StoredIndex], models: [StoredModel]) async throws {
        let entries = try await entries(indexes, models: models)
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["name", "type", "model", "parameters", "generation", "rows", "recall_at_10", "bytes"],
                    rows: entries.map { cells($0, number: String.init, bytes: String.init, none: "") }))
        case .table:
            var table = TextTable([
                .left("index"), .left("type"), .left("model"), .left("parameters"), .right("generation"),
                .right("rows"), .right("recall@10"), .right("size"),
            ])
            for entry in entries { table.append(cells(entry, number: grouped, bytes: byteSize, none: "not built")) }
            StandardOutput.write(table.text)
        }
    }

    private func entries(_ indexes: [StoredIndex], models: [StoredModel]) async throws -> [Entry] {
        let folders = IndexFolders(home: global.homeFolder)
        var stores: [ModelID: VectorStore] = [:]
        for model in models { stores[model.id] = try VectorStore.open(folders.folder(ofModel: model.name)) }
        let identities = stores.values.map(\.manifest.store)
        let answering = try await database.run { try Catalog($0).answeringGenerations(stores: identities) }
        return try indexes.map { index in
            let store = stores[index.model]
            let built = store?.manifest.indexes.first { entry in
                // What was thrown away because it was damaged has a number too.
                entry.specification.name == index.name && (entry.specification.type == .flat || entry.built != nil)
            }
            let recorded = answering.first {
                $0.record.index == index.id && $0.record.store == store?.manifest.store
                    && Int($0.record.generation) == built?.generation
            }?.record
            return Entry(
                name: index.name, type: index.type.rawValue,
                model: models.first { $0.id == index.model }?.name ?? "\(index.model)",
                parameters: parameters(of: try index.numbers(), as: index.type, in: built),
                generation: built?.generation, rows: built.flatMap { _ in store?.liveCount },
                recallAt10: recorded?.recallAt10 ?? built?.built?.recallAt10,
                bytes: built.flatMap { built in
                    store.map { $0.byteCount + (built.built?.byteCount ?? 0) }
                })
        }
    }

    /// Those of the generation, but what only queries use as it was asked for last.
    private func parameters(
        of asked: [String: Int], as type: StoredIndexType, in built: Manifest.Index?
    ) -> [String: Int] {
        guard let used = built?.built?.parameters, let type = IndexType(rawValue: type.rawValue) else { return asked }
        let searched = IndexParameters.searchNames(of: type).map(\.rawValue)
        return used.merging(asked.filter { searched.contains($0.key) }) { _, asked in asked }
    }

    private func cells(
        _ entry: Entry, number: (Int) -> String, bytes: (Int) -> String, none: String
    ) -> [String] {
        [
            entry.name, entry.type, entry.model, text(entry.parameters, of: entry.type),
            entry.generation.map(String.init) ?? none, entry.rows.map(number) ?? "",
            entry.recallAt10.map { fixed($0, 3) } ?? "", entry.bytes.map(bytes) ?? "",
        ]
    }

    /// `nlist=100 nprobe=8`, in the order in which people name them.
    private func text(_ parameters: [String: Int], of type: String) -> String {
        let names = IndexType(rawValue: type).map { IndexParameters.names(of: $0).map(\.rawValue) } ?? []
        return names.compactMap { name in parameters[name].map { "\(name)=\($0)" } }.joined(separator: " ")
    }
}
