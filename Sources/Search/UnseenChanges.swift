import Catalog
import Postgres
import VectorIndexes

/// The changes of the catalog that an index has not seen: which pictures they are of, and the vectors of those that may be
/// found.
struct UnseenChanges: Sendable {
    /// The most changes that are held: with 2048 dimensions 512 MiB of vectors.
    static let limit = 65_536
    /// Pictures whose vectors are asked for at once.
    private static let picturesInRead = 4_096

    /// What has been seen with them.
    let position: FeedPosition
    private var changed: Set<VectorID> = []
    private var ids: [VectorID] = []
    private var vectors: [Float] = []

    /// Reads them, all in one snapshot of the database.
    ///
    /// - Parameter name: the index's, for people.
    /// - Throws: ``SearchError/tooManyUnseen(index:limit:)``, `CatalogError.positionPruned(horizon:prunedBelow:)` when the
    ///   changes are gone because nobody waited for this index, and `PostgresError`.
    init(after position: FeedPosition, of model: StoredModel, _ name: String, _ database: Database) async throws {
        self = try await database.run { connection in
            try connection.transaction(.repeatableReadOnly) {
                try UnseenChanges(after: position, of: model, name, Catalog(connection))
            }
        }
    }

    private init(after position: FeedPosition, of model: StoredModel, _ name: String, _ catalog: Catalog) throws {
        let step = try catalog.changes(model: model.id, after: position, limit: Self.limit)
        guard step.isComplete else { throw SearchError.tooManyUnseen(index: name, limit: Self.limit) }
        self.position = step.position
        let images = Set(step.changes.map(\.image)).sorted()
        changed = Set(images.lazy.map { VectorID($0.rawValue) })
        for start in stride(from: 0, to: images.count, by: Self.picturesInRead) {
            let part = Array(images[start..<min(start + Self.picturesInRead, images.count)])
            try catalog.embeddings(of: part, model: model.id) { image, bytes in
                let vector = Array(LittleEndianFloats(bytes: bytes))
                // What no index can hold is not found here either.
                guard vector.allSatisfy(\.isFinite) else { return }
                ids.append(VectorID(image.rawValue))
                vectors += vector
            }
        }
    }

    /// The index as it would be if it had seen them.
    func laid(over index: any SearchableIndex, of store: VectorStore) throws(IndexError) -> any SearchableIndex {
        changed.isEmpty
            ? index : try OverlaidIndex(index, of: store, changed: changed, ids: ids, vectors: vectors)
    }
}
