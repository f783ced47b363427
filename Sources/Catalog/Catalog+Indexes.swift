import FoundationEssentials
import Postgres

/// The types of index.
public enum StoredIndexType: String, Sendable, CaseIterable, PostgresEncodable, PostgresDecodable {
    case flat, hnsw, ivfflat, ivfpq
}

/// An index as it was asked for.
public struct StoredIndex: Sendable, Hashable {
    /// Its number.
    public let id: IndexID
    /// Unique among all models.
    public let name: String
    /// The model whose embeddings it holds.
    public let model: ModelID
    /// How it searches.
    public let type: StoredIndexType
    /// What was asked for by name, a JSON object; what is absent is chosen from the rows there are.
    public let parameters: JSON
    /// When to train again and compact, a JSON object; what is absent has its default.
    public let policy: JSON
    /// When it was asked for.
    public let createdAt: Timestamp
    /// When a new generation was last asked for; nil when nobody asked.
    public let rebuildRequestedAt: Timestamp?
}

/// What became of one training of an index in a store.
public struct IndexGenerationRecord: Sendable, Hashable {
    /// `training`, `published`, `superseded`, `cancelled` or `failed`.
    public enum State: String, Sendable, PostgresEncodable, PostgresDecodable {
        case training, published, superseded, cancelled, failed
    }

    /// The index that was trained.
    public var index: IndexID
    /// The store that built it.
    public var store: UUID
    /// Counted from 1 in the index and store.
    public var generation: Int64
    /// What became of it so far.
    public var state: State
    /// Why it was built, or why it failed, in words.
    public var reason: String
    /// Embeddings in it.
    public var rows: Int
    /// Inverted lists; nil for types without lists.
    public var nlist: Int?
    /// All parameters as they were used, a JSON object.
    public var parameters: JSON
    /// Size of its files without the vectors that all indexes share.
    public var bytes: Int64?
    /// Time to train and build it.
    public var seconds: Double?
    /// Share of the ten nearest that it found, 0 to 1; nil when not measured.
    public var recallAt10: Double?

    /// Describes a generation.
    public init(
        index: IndexID, store: UUID, generation: Int64, state: State, reason: String, rows: Int, nlist: Int? = nil,
        parameters: JSON = JSON("{}"), bytes: Int64? = nil, seconds: Double? = nil, recallAt10: Double? = nil
    ) {
        self.index = index
        self.store = store
        self.generation = generation
        self.state = state
        self.reason = reason
        self.rows = rows
        self.nlist = nlist
        self.parameters = parameters
        self.bytes = bytes
        self.seconds = seconds
        self.recallAt10 = recallAt10
    }
}

/// How far a store is with a model, for people and for pruning.
public struct IndexStoreReport: Sendable, Hashable {
    /// Identity of the folder of index files.
    public var store: UUID
    /// The model whose embeddings the store holds.
    public var model: ModelID
    /// Name of the machine.
    public var host: String
    /// Path of the folder, for people.
    public var folder: String
    /// How far the store has applied the feed.
    public var position: FeedPosition

    /// Describes a store.
    public init(store: UUID, model: ModelID, host: String, folder: String, position: FeedPosition) {
        self.store = store
        self.model = model
        self.host = host
        self.folder = folder
        self.position = position
    }
}

extension Catalog {
    /// Records that an index is wanted; stores build it at their next step.
    ///
    /// - Parameters:
    ///   - name: not empty, unique among all models.
    ///   - parameters, policy: JSON objects.
    /// - Throws: ``CatalogError/indexNameTaken(name:)``.
    @discardableResult
    public func createIndex(
        name: String, model: ModelID, type: StoredIndexType, parameters: JSON = JSON("{}"), policy: JSON = JSON("{}")
    ) throws -> StoredIndex {
        let row = try connection.firstRow(
            """
            insert into likeness.vector_indexes as v (name, model, type, parameters, policy)
            values (\(name), \(model), \(type), \(parameters), \(policy))
            on conflict (name) do nothing returning \(Self.indexColumns)
            """)
        guard let row else { throw CatalogError.indexNameTaken(name: name) }
        return try Self.index(row)
    }

    /// The indexes of a model, or of all, in the order in which they were created.
    public func indexes(model: ModelID? = nil) throws -> [StoredIndex] {
        try connection.rows(
            """
            select \(Self.indexColumns) from likeness.vector_indexes v
            where v.model = \(model) or \(model) is null order by v.id
            """
        ).map(Self.index)
    }

    /// The index of a name.
    ///
    /// - Throws: ``CatalogError/noSuchIndex(name:known:)``.
    public func index(named name: String) throws -> StoredIndex {
        let row = try connection.firstRow(
            "select \(Self.indexColumns) from likeness.vector_indexes v where v.name = \(name)")
        if let row { return try Self.index(row) }
        throw CatalogError.noSuchIndex(name: name, known: try indexes().map(\.name))
    }

    /// Forgets an index with its history; stores delete its files at their next step.
    ///
    /// - Throws: ``CatalogError/noSuchIndex(name:known:)``.
    public func dropIndex(named name: String) throws {
        let dropped = try connection.execute("delete from likeness.vector_indexes where name = \(name)")
        if dropped == 0 { throw CatalogError.noSuchIndex(name: name, known: try indexes().map(\.name)) }
    }

    /// Records a generation, or what became of it; publishing one supersedes those before it.
    public func record(_ generation: IndexGenerationRecord) throws {
        try connection.transaction {
            try connection.execute(
                """
                insert into likeness.index_generations as g (index, store, generation, state, reason, rows, nlist,
                    parameters, bytes, seconds, recall_at_10, published_at)
                values (\(generation.index), \(generation.store), \(generation.generation), \(generation.state),
                    \(generation.reason), \(generation.rows), \(generation.nlist.map { Int32(clamping: $0) }),
                    \(generation.parameters), \(generation.bytes), \(generation.seconds), \(generation.recallAt10),
                    case when \(generation.state) = 'published' then now() end)
                on conflict (index, store, generation) do update set
                    state = excluded.state, reason = excluded.reason, rows = excluded.rows, nlist = excluded.nlist,
                    parameters = excluded.parameters, bytes = excluded.bytes, seconds = excluded.seconds,
                    recall_at_10 = excluded.recall_at_10,
                    published_at = coalesce(g.published_at, excluded.published_at)
                """)
            guard generation.state == .published else { return }
            try connection.execute(
                """
                update likeness.index_generations set state = 'superseded'
                where index = \(generation.index) and store = \(generation.store) and state = 'published'
                    and generation < \(generation.generation)
                """)
        }
    }

    /// Records how far a store is. Commit this before a manifest with the position is published; see
    /// ``changes(model:after:limit:)`` for the reason.
    public func record(_ report: IndexStoreReport) throws {
        try connection.execute(
            """
            insert into likeness.index_stores (store, model, host, folder, position)
            values (\(report.store), \(report.model), \(report.host), \(report.folder),
                \(report.position.snapshot)::pg_snapshot)
            on conflict (store, model) do update set
                host = excluded.host, folder = excluded.folder, position = excluded.position, last_seen = now()
            """)
    }

    static let indexColumns: SQL =
        "v.id, v.name, v.model, v.type, v.parameters, v.policy, v.created_at, v.rebuild_requested_at"

    static func index(_ row: Row) throws -> StoredIndex {
        StoredIndex(
            id: try row["id"], name: try row["name"], model: try row["model"], type: try row["type"],
            parameters: try row["parameters"], policy: try row["policy"], createdAt: try row["created_at"],
            rebuildRequestedAt: try row["rebuild_requested_at"])
    }
}
