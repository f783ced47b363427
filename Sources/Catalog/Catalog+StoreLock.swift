import FoundationEssentials
import Postgres

extension Catalog {
    /// Takes the lock of a store and model for this connection, and with it the next fencing number.
    ///
    /// The lock ends with ``unlockStore(_:model:)`` or with the connection. A writer that lost its connection without
    /// noticing is kept from publishing by its fencing number, which is smaller than that of the writer after it.
    ///
    /// - Parameters:
    ///   - host, folder: for people.
    ///   - atLeast: the fencing number that the store's files have, which may come from another database.
    /// - Returns: the fencing number, and the one that the database knew before; nil for a store that it did not know.
    ///   A number below that of the files says that the database went back to an earlier state.
    /// - Throws: ``CatalogError/storeLocked(folder:by:)``.
    public func lockStore(
        _ store: UUID, model: ModelID, host: String, folder: String, atLeast: UInt64
    ) throws -> (fence: UInt64, known: UInt64?) {
        guard try connection.firstRow("select pg_try_advisory_lock(\(Self.lockKey(store, model)))")?[0] == true else {
            throw CatalogError.storeLocked(folder: folder, by: try lockHolder(store, model))
        }
        let known = try connection.firstRow(
            "select fencing from likeness.index_stores where store = \(store) and model = \(model)")
        // Files that were removed or could not be read had another number: nobody follows the catalog under it any more.
        try connection.execute(
            """
            delete from likeness.index_stores
            where host = \(host) and folder = \(folder) and model = \(model) and store <> \(store)
            """)
        let row = try connection.firstRow(
            """
            insert into likeness.index_stores as s (store, model, host, folder, position, fencing)
            values (\(store), \(model), \(host), \(folder), '1:1:'::pg_snapshot, \(Int64(clamping: atLeast)) + 1)
            on conflict (store, model) do update set
                host = excluded.host, folder = excluded.folder, last_seen = now(),
                fencing = greatest(s.fencing, \(Int64(clamping: atLeast))) + 1
            returning fencing
            """)
        guard let row else { throw CatalogError.storeLocked(folder: folder, by: nil) }
        return (
            UInt64(clamping: try row["fencing", as: Int64.self]),
            try known.map { UInt64(clamping: try $0["fencing", as: Int64.self]) }
        )
    }

    /// Lets the next writer in.
    public func unlockStore(_ store: UUID, model: ModelID) throws {
        try connection.execute("select pg_advisory_unlock(\(Self.lockKey(store, model)))")
    }

    /// Who writes the index files of a store, in words; nil when nobody does.
    public func lockHolder(_ store: UUID, _ model: ModelID) throws -> String? {
        let row = try connection.firstRow(
            """
            select a.application_name || ' (' || coalesce(host(a.client_addr), 'this machine') || ', server process '
                || a.pid || ')' as holder
            from pg_locks l join pg_stat_activity a on a.pid = l.pid,
                (select \(Self.lockKey(store, model)) as key) k
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                and l.database = (select oid from pg_database where datname = current_database())
                and l.classid::bigint = (k.key >> 32) & 4294967295 and l.objid::bigint = k.key & 4294967295
            limit 1
            """)
        return try row?["holder"]
    }

    private static func lockKey(_ store: UUID, _ model: ModelID) -> SQL {
        "hashtextextended('likeness store ' || \(store)::text || ' model ' || \(model)::text, 0)"
    }
}
