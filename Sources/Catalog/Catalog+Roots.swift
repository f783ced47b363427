import Faults
import Postgres

extension Catalog {
    /// The root of a folder, made when there is none; a retired one becomes active again.
    ///
    /// - Parameter folder: absolute path as bytes, without a slash at its end.
    public func watchedRoot(for folder: [UInt8]) throws -> RootID {
        let row = try connection.firstRow(
            """
            insert into likeness.watched_roots (folder, folder_text) values (\(folder), \(printableName(folder)))
            on conflict (sha256(folder)) do update set state = 'active'
            returning id
            """)
        guard let row else { return try watchedRoot(for: folder) }
        return try row["id"]
    }

    /// Notes that a scan of the whole root came to its end.
    public func noteScan(of root: RootID) throws {
        try connection.execute("update likeness.watched_roots set scanned_at = now() where id = \(root)")
    }
}
