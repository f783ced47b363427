import Catalog
import Faults
import Postgres
import SystemPackage
import VectorIndexes

extension StoreIdentity {
    /// Whose vectors the store of a catalog's model holds.
    public init(following model: StoredModel) {
        self.init(model: model.name, modelIdentity: model.identity.fingerprint, dimension: model.dimension)
    }
}

/// Makes the index files of a home follow the catalog.
public struct IndexSync: Sendable {
    private let database: Database
    private let folders: IndexFolders

    /// Opens nothing yet.
    public init(database: Database, folders: IndexFolders) {
        self.database = database
        self.folders = folders
    }

    /// Applies to every index of every model what can be seen now, does what is due (first generations, those that a person
    /// asked for, sketches, compaction), searches the neighbors of all pictures that wait for that, and returns. Recall is not
    /// measured.
    ///
    /// Idempotent: what has been applied is applied once, and a call that finds nothing to do publishes nothing but its
    /// position. Models without an index are left alone.
    ///
    /// - Parameter progress: called with the pictures of a model whose neighbors were searched, and how many there are.
    /// - Throws: `CatalogError`, `PostgresError`, `IndexError` or ``SyncError`` of the first model that cannot be followed.
    public func once(
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> [SyncOutcome] {
        let folders = folders
        return try await database.run { connection in
            let catalog = Catalog(connection)
            let outcomes = try Self.followed(catalog, folders).map { model in
                try OneRun(
                    catalog: catalog, model: model, folder: folders.folder(ofModel: model.name)
                ).run(searchingNeighbors: progress)
            }
            try catalog.pruneChanges()
            return outcomes
        }
    }

    /// Holds the index files of every model that has an index against the catalog.
    ///
    /// - Complexity: reads every vector from PostgreSQL and from the files.
    public func verify() async throws -> CheckReport {
        let folders = folders
        return try await database.run { connection in
            let catalog = Catalog(connection)
            var sum = CheckReport()
            for model in try Self.indexedModels(catalog) {
                let report = try StoreCheck(
                    catalog: catalog, model: model, folder: folders.folder(ofModel: model.name)
                ).run()
                sum.compared += report.compared
                sum.pending += report.pending
                sum.differences += report.differences
            }
            return sum
        }
    }

    /// Writes the index files of some models anew from the catalog; readers keep the old ones until the new are complete.
    public func rebuild(models names: [String], reason: String) async throws -> [SyncOutcome] {
        let folders = folders
        return try await database.run { connection in
            let catalog = Catalog(connection)
            return try Self.indexedModels(catalog).filter { names.contains($0.name) }.map { model in
                try OneRun(
                    catalog: catalog, model: model, folder: folders.folder(ofModel: model.name)
                ).run(rebuildingBecause: reason)
            }
        }
    }

    /// The models that have an index in the catalog or in the files: a store whose last index was dropped still has to
    /// hear of it.
    static func followed(_ catalog: Catalog, _ folders: IndexFolders) throws -> [StoredModel] {
        let indexed = Set(try catalog.indexes().map(\.model))
        return try catalog.storedModels().filter { model in
            if indexed.contains(model.id) { return true }
            let manifest = try StoreWriter.publishedManifest(in: folders.folder(ofModel: model.name))
            return manifest.map { !$0.indexes.isEmpty } ?? false
        }
    }

    private static func indexedModels(_ catalog: Catalog) throws -> [StoredModel] {
        let indexed = Set(try catalog.indexes().map(\.model))
        return try catalog.storedModels().filter { indexed.contains($0.id) }
    }
}
