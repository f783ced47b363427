import ArgumentParser
import SystemPackage
import Catalog
import Faults
import Postgres
import VectorIndexes

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is in the catalog and how far the indexes have followed it.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let choice = try global.databaseChoice()
        let database = try await global.openDatabase()
        let folders = IndexFolders(home: global.homeFolder)
        let facts = try await database.run { connection in
            let catalog = Catalog(connection)
            let counts = try catalog.counts()
            return StatusFacts(
                database: choice.target.url, serverVersion: connection.serverVersion,
                schema: try Migrator().status(connection).head ?? "none", counts: counts,
                stores: try counts.models.compactMap { use in
                    try StatusFacts.Store(of: use.model, folders: folders, catalog: catalog)
                })
        }
        let report = StatusReport(facts: facts, home: global.homeFolder)
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(report))
        case .csv: StandardOutput.write(report.csv)
        case .table: StandardOutput.write(report.text)
        }
    }
}

/// What the catalog and the index files say, read in one go.
struct StatusFacts: Sendable {
    struct Store: Sendable {
        struct Index: Sendable {
            let name: String
            let type: IndexType
            /// The generation that answers; 0 while none was built and the rows themselves answer.
            let generation: Int
            /// Size of its own files.
            let bytes: Int
            /// What was decided last about it, and why; nil when nothing was.
            let decision: IndexHealthRecord.Decision?
        }

        let model: String
        let indexes: [Index]
        let rows: Int
        let deadRows: Int
        let bytes: Int
        /// nil while the rows have no sketches.
        let sketch: Manifest.Sketch?
        let pending: Int
        let lagSeconds: Double?
        /// Pictures whose near-duplicates are still to be searched.
        let waiting: Int
        /// Who writes and what is done now; nil when the catalog does not know these files.
        let activity: StoreActivity?
        let activitySeconds: Double?
        /// Why the files cannot be read; nil when they can.
        let damage: String?
    }

    let database: String
    let serverVersion: Int
    let schema: String
    let counts: CatalogCounts
    let stores: [Store]
}

extension StatusFacts.Store {
    /// nil when no index was ever built of the model here.
    init?(of model: StoredModel, folders: IndexFolders, catalog: Catalog) throws {
        let opened: VectorStore?
        do {
            opened = try VectorStore.open(folders.folder(ofModel: model.name))
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            self.init(
                model: model.name, indexes: [], rows: 0, deadRows: 0, bytes: 0, sketch: nil, pending: 0,
                lagSeconds: nil, waiting: 0, activity: nil, activitySeconds: nil, damage: error.message)
            return
        }
        guard let store = opened else { return nil }
        let lag = try store.manifest.position.flatMap { FeedPosition($0.text) }.map {
            try catalog.lag(model: model.id, after: $0)
        }
        let now = try catalog.now()
        func age(_ moment: Timestamp?) -> Double? {
            moment.map { Double(now.microsecondsSince1970 - $0.microsecondsSince1970) / 1_000_000 }
        }
        let activity = try catalog.activity(store: store.manifest.store, model: model.id)
        let stored = try catalog.indexes(model: model.id)
        self.init(
            model: model.name,
            indexes: try store.manifest.indexes.map { entry in
                let id = stored.first { $0.name == entry.specification.name }?.id
                let health = try id.flatMap { try catalog.health(of: $0, store: store.manifest.store, limit: 1).first }
                return Index(
                    name: entry.specification.name, type: entry.specification.type,
                    generation: entry.built == nil && entry.specification.type != .flat ? 0 : entry.generation,
                    bytes: entry.built?.byteCount ?? 0, decision: health?.record.decision)
            }, rows: store.liveCount, deadRows: store.deadCount,
            bytes: store.byteCount + store.manifest.indexes.reduce(0) { $0 + ($1.built?.byteCount ?? 0) },
            sketch: store.manifest.sketch, pending: lag?.changes ?? 0, lagSeconds: age(lag?.oldestAt),
            waiting: try catalog.countImagesWithoutEdges(model: model.id), activity: activity,
            activitySeconds: age(activity?.since), damage: nil)
    }
}
