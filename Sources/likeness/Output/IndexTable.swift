import Catalog
import VectorIndexes

/// Indexes as people and programs read them, with what is built of them in this home.
struct IndexTable {
    let global: GlobalOptions

    private struct Entry: Encodable {
        let name: String
        let type: String
        let model: String
        /// nil while it is not built here.
        let generation: Int?
        let rows: Int?
        let bytes: Int?
    }

    func write(_ indexes: [StoredIndex], models: [StoredModel]) throws {
        let folders = IndexFolders(home: global.homeFolder)
        let entries = try indexes.map { index in
            let model = models.first { $0.id == index.model }?.name ?? "\(index.model)"
            let store = try VectorStore.open(folders.folder(ofModel: model))
            let built = store?.manifest.indexes.first { $0.specification.name == index.name }
            return Entry(
                name: index.name, type: index.type.rawValue, model: model, generation: built?.generation,
                rows: built.flatMap { _ in store?.liveCount }, bytes: built.flatMap { _ in store?.byteCount })
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["name", "type", "model", "generation", "rows", "bytes"],
                    rows: entries.map { cells($0, number: String.init, bytes: String.init, none: "") }))
        case .table:
            var table = TextTable([
                .left("index"), .left("type"), .left("model"), .right("generation"), .right("rows"), .right("size"),
            ])
            for entry in entries { table.append(cells(entry, number: grouped, bytes: byteSize, none: "not built")) }
            StandardOutput.write(table.text)
        }
    }

    private func cells(
        _ entry: Entry, number: (Int) -> String, bytes: (Int) -> String, none: String
    ) -> [String] {
        [
            entry.name, entry.type, entry.model, entry.generation.map(String.init) ?? none,
            entry.rows.map(number) ?? "", entry.bytes.map(bytes) ?? "",
        ]
    }
}
