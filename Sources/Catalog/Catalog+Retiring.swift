import Faults
import Postgres

/// A watched root with what is known of it.
public struct RootHealth: Sendable, Hashable {
    /// The root.
    public let root: WatchedRoot
    /// Files that are there and in the catalog.
    public let files: Int
    /// Files that were in the catalog and are gone.
    public let vanishedFiles: Int
    /// Files that could not be ingested.
    public let failedFiles: Int
    /// Files in the queue.
    public let queuedFiles: Int
    /// Ingest daemons that watch it, be it there or not, and said so within two minutes.
    public let daemons: Int
    /// Machines that watch it and do not see it, each with the reason, in one line; nil when there are none.
    public let unavailableBecause: String?
}

/// What retiring a root changed.
public struct RetireOutcome: Sendable, Equatable {
    /// The root as it is now.
    public let root: WatchedRoot
    /// Files that are called vanished from now on.
    public let files: Int
    /// Pictures that left the answers with their last file.
    public let hiddenImages: Int
    /// Pictures that are in the answers again, because the policy is another one now.
    public let restoredImages: Int
}

extension Catalog {
    /// All roots that ever were, in the order of their folders.
    ///
    /// Cost: reads all sightings, about a second for a million of them.
    public func roots() throws -> [RootHealth] {
        try connection.rows(
            """
            select \(Self.rootColumns), h.files, h.vanished_files, h.failed_files,
                h.files_settled + h.files_queued_to_retry as queued, h.unavailable_because,
                (
                    select count(*) from likeness.ingest_activity a
                    where r.id = any(a.roots) and a.updated_at > now() - interval '2 minutes'
                ) as watching
            from likeness.watched_roots r join likeness.ingest_health h on h.folder = r.folder_text
            order by r.folder
            """
        ).map { row in
            RootHealth(
                root: try Self.root(row), files: try row["files"], vanishedFiles: try row["vanished_files"],
                failedFiles: try row["failed_files"], queuedFiles: try row["queued"], daemons: try row["watching"],
                unavailableBecause: try row["unavailable_because"])
        }
    }

    /// Gives up a root that nobody watches any more: its files count as vanished, its failures and its part of the queue are
    /// forgotten. Pictures keep their rows, embeddings and lineage; whoever watches the folder again finds them. One transaction.
    ///
    /// Does no harm to a root that was retired before.
    ///
    /// Cost: as of ``vanish(paths:folders:root:host:)`` for all its files, about 10 s for a million of them.
    ///
    /// - Parameters:
    ///   - folder: absolute path as bytes, without a slash at its end.
    ///   - policy: what becomes of pictures whose last file goes with it; nil: what the root says.
    /// - Throws: ``CatalogError/noSuchRoot(folder:known:)``; ``CatalogError/rootWatched(folder:by:secondsAgo:)`` when a daemon
    ///   said within two minutes that it watches it. Nothing is changed then.
    public func retireRoot(at folder: [UInt8], policy: OnVanish?) throws -> RetireOutcome {
        try connection.transaction {
            let row = try connection.firstRow(
                """
                select \(Self.rootColumns) from likeness.watched_roots r where sha256(folder) = sha256(\(folder))
                for no key update
                """)
            guard let row else {
                let known = try connection.rows("select folder_text from likeness.watched_roots order by folder")
                throw CatalogError.noSuchRoot(
                    folder: printableName(folder), known: try known.map { try $0[0] })
            }
            let before = try Self.root(row)
            try requireUnwatched(before)
            let policy = policy ?? before.onVanish
            try connection.execute(
                """
                update likeness.watched_roots set state = 'retired', on_vanish = \(policy) where id = \(before.id)
                """)
            for table in ["root_mounts", "ingest_queue", "ingest_failures"] {
                try connection.execute("delete from likeness.\(raw: table) where root = \(before.id)")
            }
            let present: SQL =
                "select image from likeness.image_files where root = \(before.id) and vanished_at is null"
            if policy == .hide { try lockImages(present) }
            let files = try connection.execute(
                """
                update likeness.image_files set vanished_at = now()
                where id in (
                    select id from likeness.image_files where root = \(before.id) and vanished_at is null
                    order by path for update
                )
                """)
            let changed = try apply(policy, toVanishedFilesOf: before.id)
            return RetireOutcome(
                root: WatchedRoot(
                    id: before.id, folder: before.folder, marker: before.marker, onVanish: policy, state: .retired,
                    scannedAt: before.scannedAt),
                files: files, hiddenImages: policy == .hide ? changed : 0,
                restoredImages: policy == .keep ? changed : 0)
        }
    }

    private func requireUnwatched(_ root: WatchedRoot) throws {
        let row = try connection.firstRow(
            """
            select process_id, host, extract(epoch from now() - updated_at)::double precision as age
            from likeness.ingest_activity
            where \(root.id) = any(roots) and updated_at > now() - interval '2 minutes'
            order by updated_at desc limit 1
            """)
        guard let row else { return }
        let process: Int32 = try row["process_id"]
        let host: String = try row["host"]
        throw CatalogError.rootWatched(
            folder: printableName(root.folder), by: "process \(process) on \(host)",
            secondsAgo: max(0, Int(try row["age", as: Double.self])))
    }
}
