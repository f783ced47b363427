import Postgres

/// That an embedding changed; its present state says how.
public struct FeedChange: Sendable, Hashable {
    /// Order in which changes were written.
    public let sequence: Int64
    /// The transaction that made the change.
    public let transaction: UInt64
    /// The picture whose embedding changed; it may be gone.
    public let image: ImageID
    /// What happened then, for statistics. Do not apply this: apply what ``Catalog/Catalog/embeddings(of:model:each:)`` gives.
    public let operation: Operation

    /// What can happen to an embedding.
    public enum Operation: String, Sendable, PostgresDecodable {
        case insert, update, delete
    }
}

/// A part of the feed, and the position of one who has applied it.
public struct FeedStep: Sendable {
    /// Changes in the order of their transactions; a picture may stand in it several times.
    public let changes: [FeedChange]
    /// Where the next step goes on.
    public let position: FeedPosition
    /// Whether this was all that could be seen when the step was made.
    public let isComplete: Bool
}

/// What a reader has not applied yet.
public struct FeedLag: Sendable, Hashable {
    /// Number of changes.
    public let changes: Int
    /// When the oldest of them was made; nil when there are none.
    public let oldestAt: Timestamp?
}

extension Catalog {
    /// The channel on which every transaction that changes embeddings says so; the payload is the number of the model.
    ///
    /// A hint to look, never the message: hints get lost with connections.
    public static let embeddingsChannel = "likeness_embeddings"

    /// The changes that can be seen now and were not applied at a position, at most `limit` of them.
    ///
    /// One statement, and so one snapshot. Call it outside of transactions that write embeddings. A reader applies for each
    /// picture the present state of its embedding, then calls ``record(_:)`` and only then publishes the new position: the
    /// commit of that record makes durable that the transactions seen are used up; otherwise a crash of the server could
    /// give the number of a transaction that was seen to fail to a later one, whose changes would never be read.
    ///
    /// Cost: that of the changes it returns, however long the transactions are that run meanwhile.
    ///
    /// - Throws: ``CatalogError/positionOfAnotherCatalog(have:need:)`` and ``CatalogError/positionPruned(horizon:prunedBelow:)``,
    ///   after which only a rebuild from ``allEmbeddings(model:each:)`` helps.
    public func changes(model: ModelID, after position: FeedPosition, limit: Int) throws -> FeedStep {
        let rows = try connection.rows(
            """
            select \(Self.identity) as catalog, pg_current_snapshot()::text as snapshot, m.changes_pruned_below,
                c.sequence, c.transaction, c.image, c.operation
            from likeness.embedding_models m left join lateral (
                \(Self.pending("*", model: model, after: position, order: "order by transaction, sequence limit \(limit + 1)"))
                order by transaction, sequence limit \(limit + 1)
            ) c on true
            where m.id = \(model)
            order by c.transaction, c.sequence
            """)
        guard let first = rows.first else { throw CatalogError.noSuchModel(name: "\(model)", known: []) }
        let catalog = CatalogIdentity(rawValue: try first["catalog"])
        guard catalog == position.catalog else {
            throw CatalogError.positionOfAnotherCatalog(have: position.catalog.rawValue, need: catalog.rawValue)
        }
        let prunedBelow: TransactionID = try first["changes_pruned_below"]
        guard position.horizon >= prunedBelow.rawValue else {
            throw CatalogError.positionPruned(horizon: position.horizon, prunedBelow: prunedBelow.rawValue)
        }
        let seen = try Self.position(first)
        let changes = try rows.compactMap(Self.change)
        if changes.count <= limit { return FeedStep(changes: changes, position: seen, isComplete: true) }
        let part = Array(changes.prefix(limit))
        guard let last = part.last else { return FeedStep(changes: [], position: position, isComplete: false) }
        let reached = FeedPosition.Reached(transaction: last.transaction, sequence: last.sequence)
        return FeedStep(
            changes: part, position: position.advanced(to: seen, stoppingAfter: reached), isComplete: false)
    }

    /// Makes sure that a position was reached in this database, and not in a later state of it that a backup undid.
    ///
    /// Every answer from index files asks this first: their numbers mean pictures of the catalog that they follow alone.
    ///
    /// - Throws: ``CatalogError/positionOfAnotherCatalog(have:need:)``.
    public func requireReached(_ position: FeedPosition) throws {
        let row = try connection.firstRow(
            """
            select \(Self.identity) as catalog, pg_snapshot_xmax(pg_current_snapshot()) >= \(TransactionID(position.end)) as past
            """)
        let catalog: String = try row?["catalog"] ?? ""
        guard catalog == position.catalog.rawValue, try row?["past"] == true else {
            throw CatalogError.positionOfAnotherCatalog(have: position.description, need: catalog)
        }
    }

    /// How much of the feed was not applied at a position: what an index has not seen.
    ///
    /// Cost: counts the changes; about 0.1 s for a million.
    public func lag(model: ModelID, after position: FeedPosition) throws -> FeedLag {
        let row = try connection.firstRow(
            """
            select count(*) as changes, min(changed_at) as oldest
            from (\(Self.pending("changed_at", model: model, after: position, order: ""))) pending
            """)
        return FeedLag(changes: try row?["changes"] ?? 0, oldestAt: try row?["oldest", as: Timestamp?.self])
    }

    /// How many changes were not applied at a position.
    public func pendingChanges(model: ModelID, after position: FeedPosition) throws -> Int {
        try lag(model: model, after: position).changes
    }

    /// Which database this is.
    public func identity() throws -> CatalogIdentity {
        let row = try connection.firstRow("select \(Self.identity) as catalog")
        return CatalogIdentity(rawValue: try row?["catalog"] ?? "")
    }

    /// The position of one who has applied all that can be seen now.
    ///
    /// In a transaction of ``Postgres/TransactionMode/repeatableReadOnly`` it belongs to everything else that is read there.
    public func currentPosition() throws -> FeedPosition {
        let row = try connection.firstRow(
            "select \(Self.identity) as catalog, pg_current_snapshot()::text as snapshot")
        guard let row else { return try currentPosition() }
        return try Self.position(row)
    }

    /// Deletes the changes that every store has passed.
    ///
    /// - Parameter unseenDays: a store that was not seen for so long is not waited for; it rebuilds when it returns.
    /// - Returns: how many were deleted.
    @discardableResult
    public func pruneChanges(unseenDays: Int = 30) throws -> Int {
        let row = try connection.firstRow(
            "select likeness.prune_embedding_changes(make_interval(days => \(Int32(clamping: unseenDays)))) as pruned")
        return try row?["pruned"] ?? 0
    }

    /// The server's identity survives restarts and is another after `initdb` and `pg_upgrade`.
    static let identity: SQL =
        """
        (select system_identifier from pg_control_system())
            || '/' || (select oid from pg_database where datname = current_database())
        """

    /// A query of the changes that can be seen and were not applied, as two parts that each read one stretch of an index.
    ///
    /// - Parameter order: is put after each part, so that the stretches need not be read to their ends.
    static func pending(_ columns: SQL, model: ModelID, after position: FeedPosition, order: SQL) -> SQL {
        let unseen = position.unseen.map { TransactionID($0) }
        let end = TransactionID(position.end)
        var unapplied: SQL = "true"
        for part in position.reached {
            unapplied += " and (transaction <> \(TransactionID(part.transaction)) or sequence > \(part.sequence))"
        }
        // Of transactions that this server has not begun there can be changes only after a dump of another one.
        let isOurs: SQL = "transaction < pg_snapshot_xmax(pg_current_snapshot())"
        let late: SQL =
            """
            (select \(columns) from likeness.embedding_changes
            where model = \(model) and transaction = any(\(unseen)) and \(unapplied) and \(isOurs) \(order))
            """
        let new: SQL =
            """
            (select \(columns) from likeness.embedding_changes
            where model = \(model) and transaction >= \(end) and \(unapplied) and \(isOurs) \(order))
            """
        return late + " union all " + new
    }

    private static func position(_ row: Row) throws -> FeedPosition {
        let catalog = CatalogIdentity(rawValue: try row["catalog"])
        let snapshot: String = try row["snapshot"]
        guard let position = FeedPosition(catalog: catalog, snapshot: snapshot) else {
            throw PostgresError.decoding(column: "snapshot", expected: "xmin:xmax:xip,…", got: snapshot)
        }
        return position
    }

    /// The change of a row; nil for the row that says that there is none.
    private static func change(_ row: Row) throws -> FeedChange? {
        guard let sequence: Int64 = try row["sequence"] else { return nil }
        let transaction: TransactionID = try row["transaction"]
        return FeedChange(
            sequence: sequence, transaction: transaction.rawValue, image: try row["image"],
            operation: try row["operation"])
    }
}
