import Catalog
import Embeddings
import Faults
import Postgres
import SystemPackage
import VectorIndexes

/// Answers questions: vectors out of the catalog or the network, neighbors out of the index, rows out of the catalog.
public struct QueryEngine: Sendable {
    private let database: Database
    private let folders: IndexFolders
    private let model: StoredModel
    private let indexName: String?
    private let loadEmbedder: @Sendable () async throws -> any Embedder
    private let thread = SearchThread()

    /// - Parameters:
    ///   - model: whose embeddings are compared.
    ///   - indexName: the index to ask; nil for the one called `default`, else the first of the model.
    ///   - loadEmbedder: called once, and only when a picture has to be embedded.
    public init(
        database: Database, folders: IndexFolders, model: StoredModel, indexName: String?,
        loadEmbedder: @escaping @Sendable () async throws -> any Embedder
    ) {
        self.database = database
        self.folders = folders
        self.model = model
        self.indexName = indexName
        self.loadEmbedder = loadEmbedder
    }

    /// The `k` nearest pictures of each subject, in the order of the subjects.
    ///
    /// An answer has fewer than `k` results only when the index has no more within the scope.
    ///
    /// - Parameters:
    ///   - subjects: one or more.
    ///   - k: 1 to ``SearchLimits/neighbors``' upper bound.
    ///   - scope: which pictures may be found.
    ///   - findsOrigins: whether to find out as well which originals the subjects are or were made from, whatever the scope.
    ///   - isFresh: whether to search what the index has not seen as well, straight from the catalog.
    ///   - start: when the question was asked, for the total time.
    /// - Returns: the answers, and the subjects that have none.
    /// - Throws: `SearchError`, `IndexError`, `PostgresError`, and what loading the network or the scope throws.
    public func answer(
        _ subjects: [QuerySubject], k: Int, scope: SearchScope = SearchScope(), findsOrigins: Bool = false,
        isFresh: Bool = false, start: ContinuousClock.Instant = .now
    ) async throws -> (answers: [QueryAnswer], failures: [FailedQuery]) {
        var (store, index, position) = try await openIndex()
        if isFresh {
            let unseen = try await UnseenChanges(after: position, of: model, index.specification.name, database)
            (index, position) = (try unseen.laid(over: index, of: store), unseen.position)
        }
        let opened = ContinuousClock.now - start
        let (queries, failures) = try await QueryVectors(
            database: database, model: model, loadEmbedder: loadEmbedder
        ).find(subjects)
        guard !queries.isEmpty else { return ([], failures) }
        let modelID = model.id
        let curve = try await database.run { try Catalog($0).calibration(model: modelID)?.curve }
        let (asked, seen) = (index, position)
        func search(_ scope: SearchScope) -> ScopedSearch {
            ScopedSearch(
                database: database, thread: thread, model: model.id, index: asked, position: seen, scope: scope)
        }
        let found = try await search(scope).find(queries, k: k)
        let origins =
            findsOrigins
            ? try await OriginSearch(
                database: database, model: model, search: search(SearchScope()), calibration: curve
            ).find(queries) : []
        let answers = queries.indices.map { place in
            let query = queries[place]
            return QueryAnswer(
                query: query.subject.path, queryPath: query.subject.pathBytes, queryID: query.image?.rawValue,
                model: model.name,
                index: asked.specification.name, generation: asked.generation, pending: found.pending,
                results: found.results[place].enumerated().map { QueryResult(rank: $0 + 1, $1, curve) },
                origin: findsOrigins ? origins[place] : nil,
                timings: QueryTimings(
                    decode: query.decode / .milliseconds(1), embed: query.embed / .milliseconds(1),
                    search: (opened + found.search) / .milliseconds(1), join: found.join / .milliseconds(1),
                    total: (ContinuousClock.now - start) / .milliseconds(1)))
        }
        return (answers, failures)
    }

    private func openIndex() async throws -> (VectorStore, any SearchableIndex, FeedPosition) {
        let (database, model, wanted) = (database, model, indexName)
        let stored = try await database.run { connection in
            let catalog = Catalog(connection)
            guard let wanted else {
                let indexes = try catalog.indexes(model: model.id)
                guard let first = indexes.first(where: { $0.name == "default" }) ?? indexes.first else {
                    throw SearchError.noIndex(model: model.name)
                }
                return first
            }
            let index = try catalog.index(named: wanted)
            guard index.model == model.id else {
                let other = try catalog.models().first { $0.model.id == index.model }
                throw SearchError.indexOfAnotherModel(
                    index: wanted, have: other?.model.name ?? "\(index.model)", need: model.name)
            }
            return index
        }
        let folder = folders.folder(ofModel: model.name)
        guard let store = try VectorStore.open(folder),
            store.manifest.indexes.contains(where: { $0.specification.name == stored.name }),
            store.manifest.identity.modelIdentity == model.identity.fingerprint,
            let position = store.manifest.position.flatMap({ FeedPosition($0.text) })
        else { throw SearchError.notBuilt(index: stored.name, folder: printableName(folder)) }
        // The numbers in the files mean pictures of the catalog that they follow, and of no other.
        try await database.run { try Catalog($0).requireReached(position) }
        return (store, try store.index(named: stored.name), position)
    }
}

extension QueryResult {
    init(rank: Int, _ found: FoundPicture, _ curve: Calibration?) {
        let result = found.picture
        self.init(
            rank: rank, imageID: result.image.rawValue, distance: result.distance,
            probability: curve?.probability(at: result.distance), pathBytes: result.path,
            contentSHA256: result.digest.description, width: result.width, height: result.height,
            parentID: result.parent?.rawValue, rootID: result.root?.rawValue,
            recipe: result.recipe.flatMap { JSONValue($0) }, folded: found.folded)
    }
}
