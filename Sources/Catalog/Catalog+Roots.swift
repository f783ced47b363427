import Faults
import Postgres

extension Catalog {
    /// The root of a folder as it is recorded; nil when the folder never was one. It may lie in a root all the same.
    ///
    /// - Parameter folder: absolute path as bytes, without a slash at its end.
    public func root(at folder: [UInt8]) throws -> WatchedRoot? {
        try connection.firstRow(
            "select \(Self.rootColumns) from likeness.watched_roots r where sha256(folder) = sha256(\(folder))"
        ).map(Self.root)
    }

    /// Makes a folder a root that this machine watches and sees now, or finds the one that it is; in one transaction.
    ///
    /// Several machines may watch one root: what proves that they mean the same folder is its marker. A root without a marker
    /// gets the given one; a retired root becomes active again. Files below it that were ingested by their own paths belong
    /// to it from now on. Another policy than before holds for what has vanished already as well.
    ///
    /// - Parameters:
    ///   - folder: absolute path as bytes, without a slash at its end.
    ///   - marker: what the marker file says; nil when there is none.
    ///   - policy: what becomes of pictures whose last file is gone.
    ///   - host: this machine, by a name that no other has and that it keeps.
    /// - Throws: ``CatalogError/rootMarkerDiffers(folder:recorded:found:)`` when the root is known by another marker, or by
    ///   one where there is none now; nothing is changed then.
    public func openRoot(
        folder: [UInt8], marker: String?, policy: OnVanish, host: String
    ) throws -> WatchedRoot {
        try connection.transaction {
            try connection.execute(
                """
                insert into likeness.watched_roots (folder, folder_text, on_vanish)
                values (\(folder), \(printableName(folder)), \(policy)) on conflict (sha256(folder)) do nothing
                """)
            let row = try connection.firstRow(
                """
                select \(Self.rootColumns) from likeness.watched_roots r where sha256(folder) = sha256(\(folder))
                for no key update
                """)
            // Roots are not deleted by Likeness; somebody who does meanwhile wants it to be made again.
            guard let row else {
                return try openRoot(folder: folder, marker: marker, policy: policy, host: host)
            }
            let before = try Self.root(row)
            if let recorded = before.marker, recorded != marker {
                throw CatalogError.rootMarkerDiffers(
                    folder: printableName(folder), recorded: recorded, found: marker)
            }
            try connection.execute(
                """
                update likeness.watched_roots
                set marker = \(marker.map { Array($0.utf8) }), on_vanish = \(policy), state = 'active'
                where id = \(before.id)
                """)
            try setMount(of: before.id, host: host, unavailableBecause: nil)
            try adoptFiles(under: folder, root: before.id)
            if before.onVanish != policy { try apply(policy, toVanishedFilesOf: before.id) }
            return WatchedRoot(
                id: before.id, folder: folder, marker: marker, onVanish: policy, state: .active,
                scannedAt: before.scannedAt)
        }
    }

    /// Notes that this machine has lost sight of a root, or sees it again; in one transaction.
    ///
    /// The root is active while any machine sees it; a retired one stays retired.
    ///
    /// - Parameters:
    ///   - reason: why this machine does not see it, in words; nil: it does.
    /// - Returns: whether that is news.
    @discardableResult
    public func setRoot(_ root: RootID, host: String, unavailableBecause reason: String?) throws -> Bool {
        try connection.transaction {
            // Who calls files vanished holds the row of the root meanwhile.
            try connection.execute("select from likeness.watched_roots where id = \(root) for no key update")
            let isNews = try setMount(of: root, host: host, unavailableBecause: reason)
            try connection.execute(
                """
                update likeness.watched_roots r set state = seen.state
                from (
                    select case when bool_or(state = 'active') then 'active' else 'unavailable' end as state
                    from likeness.root_mounts where root = \(root)
                ) seen
                where r.id = \(root) and r.state <> 'retired' and r.state <> seen.state
                """)
            return isNews
        }
    }

    /// Notes that a scan of the whole root came to its end.
    public func noteScan(of root: RootID) throws {
        try connection.execute("update likeness.watched_roots set scanned_at = now() where id = \(root)")
    }

    @discardableResult
    private func setMount(of root: RootID, host: String, unavailableBecause reason: String?) throws -> Bool {
        let state: RootState = reason == nil ? .active : .unavailable
        return try connection.execute(
            """
            insert into likeness.root_mounts as m (root, host, state, reason)
            values (\(root), \(host), \(state), \(reason))
            on conflict (root, host) do update set state = excluded.state, reason = excluded.reason, since = now()
            where m.state <> excluded.state
            """) > 0
    }

    /// Files that were ingested by their own paths belong to the root in which they lie.
    private func adoptFiles(under folder: [UInt8], root: RootID) throws {
        for table in ["image_files", "ingest_failures"] {
            try connection.execute(
                """
                update likeness.\(raw: table) f set root = \(root) where f.root is null and \(Self.isUnder(folder))
                """)
        }
    }

    /// Brings pictures whose files vanished from a root to what its policy says of them; the number of those that it changed.
    @discardableResult
    func apply(_ policy: OnVanish, toVanishedFilesOf root: RootID) throws -> Int {
        let candidates: SQL =
            "select image from likeness.image_files where root = \(root) and vanished_at is not null"
        try lockImages(candidates)
        switch policy {
        case .hide: return try hidePicturesWithoutFiles(candidates)
        case .keep:
            return try connection.execute(
                "update likeness.images set state = 'active' where state = 'vanished' and id in (\(candidates))")
        }
    }

    static let rootColumns: SQL = "r.id, r.folder, r.marker, r.on_vanish, r.state, r.scanned_at"

    static func root(_ row: Row) throws -> WatchedRoot {
        let marker: [UInt8]? = try row["marker"]
        return WatchedRoot(
            id: try row["id"], folder: try row["folder"], marker: marker.map { String(decoding: $0, as: UTF8.self) },
            onVanish: try row["on_vanish"], state: try row["state"], scannedAt: try row["scanned_at"])
    }
}
