import FoundationEssentials
import Postgres

/// A generation as the catalog remembers it.
public struct StoredGeneration: Sendable, Hashable {
    /// What was recorded of it.
    public let record: IndexGenerationRecord
    /// When building began.
    public let startedAt: Timestamp
    /// When it became the one that answers; nil before.
    public let publishedAt: Timestamp?
}

extension Catalog {
    /// The generations of an index in a store, the newest first, failed and cancelled ones included.
    public func generations(of index: IndexID, store: UUID, limit: Int) throws -> [StoredGeneration] {
        try connection.rows(
            """
            select \(Self.generationColumns) from likeness.index_generations g
            where g.index = \(index) and g.store = \(store) order by g.generation desc limit \(limit)
            """
        ).map(Self.generation)
    }

    /// The generations that answer now in the given stores, each with the recall that was last measured of it.
    public func answeringGenerations(stores: [UUID]) throws -> [StoredGeneration] {
        try connection.rows(
            """
            select g.index, g.store, g.generation, g.state, g.reason, g.rows, g.nlist, g.parameters, g.bytes, g.seconds,
                coalesce(h.recall_at_10, g.recall_at_10) as recall_at_10, g.started_at, g.published_at
            from likeness.index_generations g
            left join lateral (
                select recall_at_10 from likeness.index_health
                where index = g.index and store = g.store and generation = g.generation and recall_at_10 is not null
                order by measured_at desc, id desc limit 1
            ) h on true
            where g.store = any(\(stores)) and g.state = 'published' order by g.index
            """
        ).map(Self.generation)
    }

    private static let generationColumns: SQL = """
        g.index, g.store, g.generation, g.state, g.reason, g.rows, g.nlist, g.parameters, g.bytes, g.seconds, \
        g.recall_at_10, g.started_at, g.published_at
        """

    private static func generation(_ row: Row) throws -> StoredGeneration {
        StoredGeneration(
            record: IndexGenerationRecord(
                index: try row["index"], store: try row["store"], generation: try row["generation"],
                state: try row["state"], reason: try row["reason"], rows: try row["rows"], nlist: try row["nlist"],
                parameters: try row["parameters"], bytes: try row["bytes"], seconds: try row["seconds"],
                recallAt10: try row["recall_at_10"]),
            startedAt: try row["started_at"], publishedAt: try row["published_at"])
    }
}
