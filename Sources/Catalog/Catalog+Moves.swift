import Postgres

extension Catalog {
    /// Those of some files and folders that may only have moved: their pictures would leave the answers with them, and a file of
    /// the same size waits in the queue.
    ///
    /// What was copied to another file system and removed is another file there until somebody has read it. Files that failed
    /// and are tried again later are not waited for.
    ///
    /// Cost: a look at the queue when that is empty; else 20 µs a file and one pass over the queue.
    ///
    /// - Parameters:
    ///   - paths: files that are gone.
    ///   - folders: folders that are gone with everything below them; without a slash at the end.
    ///   - moment: files that were noticed later do not count.
    public func possiblyMoved(
        _ paths: [[UInt8]], folders: [[UInt8]], queuedUntil moment: Timestamp
    ) throws -> Set<[UInt8]> {
        let isWaiting: SQL = "state = 'settled' and noticed_at <= \(moment)"
        guard try connection.firstRow("select from likeness.ingest_queue where \(isWaiting) limit 1") != nil else {
            return []
        }
        var sizes: [(path: [UInt8], size: Int64)] = []
        for part in paths.parts(of: Self.pathsInStatement) {
            let rows = try connection.rows(
                """
                select f.path, f.size from (\(Self.rows(of: "image_files", at: Array(part)))) present
                join likeness.image_files f on f.id = present.id
                join likeness.watched_roots r on r.id = f.root
                where f.vanished_at is null and r.on_vanish = 'hide'
                """)
            for row in rows { sizes.append((try row[0], try row[1])) }
        }
        for folder in folders {
            let rows = try connection.rows(
                """
                select distinct f.size from likeness.image_files f
                join likeness.watched_roots r on r.id = f.root
                where f.vanished_at is null and r.on_vanish = 'hide' and \(Self.isUnder(folder))
                """)
            for row in rows { sizes.append((folder, try row[0])) }
        }
        if sizes.isEmpty { return [] }
        let queued = Set(
            try connection.rows(
                """
                select distinct size from likeness.ingest_queue
                where \(isWaiting) and size = any(\(Array(Set(sizes.map(\.size)))))
                """
            ).map { try $0[0, as: Int64.self] })
        return Set(sizes.filter { queued.contains($0.size) }.map(\.path))
    }
}
