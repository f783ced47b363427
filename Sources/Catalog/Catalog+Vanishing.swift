import Faults
import Postgres

/// What calling files vanished changed.
public struct VanishOutcome: Sendable, Equatable {
    /// Sightings that are marked as vanished.
    public var files = 0
    /// Pictures that lost their last file, and with it their place in answers and indexes.
    public var hiddenImages = 0
    /// Files that were taken out of the queue.
    public var unqueued = 0
    /// Failures that were forgotten.
    public var failures = 0
    /// Files that somebody works on, who may yet write that they are there: call them vanished again a little later.
    public var inWork: [[UInt8]] = []

    /// Starts empty.
    public init() {}
}

extension Catalog {
    /// Marks files as gone, whether they were in the catalog, failed or waited in the queue.
    ///
    /// Their pictures keep embedding and lineage. When the root says `hide`, those that have no file left anywhere become
    /// `vanished`, and the feed takes them out of the indexes; ``write(_:model:)`` brings them back with the first sighting.
    ///
    /// Each folder and each 10,000 paths are a transaction of their own: what was done before an error stays done, and doing
    /// it again does no harm. Never waits for those who work on files.
    ///
    /// - Parameters:
    ///   - paths: files that are gone.
    ///   - folders: folders that are gone with everything below them; without a slash at the end.
    ///   - root: where all of them lie.
    ///   - host: this machine.
    /// - Throws: ``CatalogError/rootUnavailable(folder:reason:)`` unless this machine sees the root: a disk that is not mounted
    ///   has lost nothing.
    public func vanish(
        paths: [[UInt8]], folders: [[UInt8]] = [], root: RootID, host: String
    ) throws -> VanishOutcome {
        var outcome = VanishOutcome()
        for folder in folders {
            let condition = Self.isUnder(folder)
            try vanish(root: root, host: host, &outcome) { "select id from likeness.\(raw: $0) f where \(condition)" }
        }
        for part in paths.parts(of: Self.pathsInStatement) {
            try vanish(root: root, host: host, &outcome) { Self.rows(of: $0, at: Array(part)) }
        }
        return outcome
    }

    /// Gives the path of each file in a folder and below that the catalog believes to be there: sighted, failed or in the
    /// queue.
    ///
    /// Streams from the server in bounded memory; the connection does nothing else meanwhile. A path may come twice. Those
    /// that are queued meanwhile may be missing.
    ///
    /// - Parameter folder: absolute path, without a slash at its end but for the root folder.
    public func forEachKnownPath(under folder: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
        let isUnder = Self.isUnder(folder)
        try connection.copyOut(
            """
            select f.path from likeness.image_files f where f.vanished_at is null and \(isUnder)
            union all select f.path from likeness.ingest_failures f where \(isUnder)
            union all select f.path from likeness.ingest_queue f where \(isUnder)
            """
        ) { try body(try $0[0]) }
    }

    /// Those of the paths below which the catalog believes files to be: sighted, failed or in the queue.
    ///
    /// Cost: about 30 µs a path, by indexes alone.
    public func knownFolders(of paths: [[UInt8]]) throws -> [[UInt8]] {
        var folders: [[UInt8]] = []
        for part in paths.parts(of: Self.pathsInStatement) {
            // From folder/ up to folder0, the byte after a slash; the index holds the first 512 bytes of a path.
            let below: SQL = """
                substr(f.path, 1, 512) >= substr(given.path || '/'::bytea, 1, 512)
                    and substr(f.path, 1, 512) <= substr(given.path || '0'::bytea, 1, 512)
                    and f.path >= given.path || '/'::bytea and f.path < given.path || '0'::bytea
                """
            let rows = try connection.rows(
                """
                select given.path from unnest(\(Array(part))) as given (path)
                where exists (select from likeness.image_files f where f.vanished_at is null and \(below))
                    or exists (select from likeness.ingest_failures f where \(below))
                    or exists (select from likeness.ingest_queue f where \(below))
                """)
            for row in rows { folders.append(try row[0]) }
        }
        return folders
    }

    /// Locks pictures in the order that all transactions keep, before any of their files.
    ///
    /// Who changes which files a picture has holds it locked: so two that take away a file each cannot both believe that the
    /// other one is left.
    ///
    /// - Parameter images: a query of their numbers.
    func lockImages(_ images: SQL) throws {
        try connection.execute(
            "select from likeness.images where id in (\(images)) order by content_sha256 for no key update")
    }

    /// Makes active pictures vanished that have no file left; their number.
    ///
    /// - Parameter images: a query of the numbers of those that may have none, which are locked.
    @discardableResult
    func hidePicturesWithoutFiles(_ images: SQL) throws -> Int {
        try connection.execute(
            """
            update likeness.images i set state = 'vanished'
            where i.state = 'active' and i.id in (\(images))
                and not exists (select from likeness.image_files f where f.image = i.id and f.vanished_at is null)
            """)
    }

    /// The pictures that files hold whose roots hide pictures without files.
    func picturesHidden(withFiles paths: [[UInt8]]) throws -> [ImageID] {
        try connection.rows(
            """
            select distinct f.image from (\(Self.rows(of: "image_files", at: paths))) present
            join likeness.image_files f on f.id = present.id
            join likeness.watched_roots r on r.id = f.root
            where f.vanished_at is null and r.on_vanish = 'hide'
            """
        ).map { try $0[0] }
    }

    /// The rows of a table that have one of these paths, each found by the index.
    static func rows(of table: String, at paths: [[UInt8]]) -> SQL {
        """
        select found.id from unnest(\(paths)) as given (path) cross join lateral (
            select id from likeness.\(raw: table) t where sha256(t.path) = sha256(given.path) offset 0
        ) found
        """
    }

    /// Calls the files vanished that a query finds, which is made for each table with paths.
    private func vanish(
        root: RootID, host: String, _ outcome: inout VanishOutcome, _ rows: (String) -> SQL
    ) throws {
        let change = try connection.transaction {
            var change = VanishOutcome()
            let hides = try requireAvailable(root, host: host) == .hide
            // First of all, so that nobody takes up what is about to go.
            let free: SQL =
                "select id from likeness.ingest_queue where id in (\(rows("ingest_queue"))) for update skip locked"
            change.unqueued = try connection.execute("delete from likeness.ingest_queue where id in (\(free))")
            change.inWork = try connection.rows(
                "select path from likeness.ingest_queue where id in (\(rows("ingest_queue")))"
            ).map { try $0[0] }
            let present: SQL =
                "select id from likeness.image_files where vanished_at is null and id in (\(rows("image_files")))"
            let images: SQL = "select image from likeness.image_files where id in (\(rows("image_files")))"
            if hides { try lockImages(images) }
            change.files = try connection.execute(
                """
                update likeness.image_files set vanished_at = now()
                where id in (\(present) order by path for update)
                """)
            if hides && change.files > 0 { change.hiddenImages = try hidePicturesWithoutFiles(images) }
            change.failures = try connection.execute(
                "delete from likeness.ingest_failures where id in (\(rows("ingest_failures")))")
            return change
        }
        outcome.files += change.files
        outcome.hiddenImages += change.hiddenImages
        outcome.unqueued += change.unqueued
        outcome.failures += change.failures
        outcome.inWork += change.inWork
    }

    /// The policy of a root that this machine sees, which stays so until the transaction ends.
    private func requireAvailable(_ root: RootID, host: String) throws -> OnVanish {
        let row = try connection.firstRow(
            """
            select r.folder_text, r.on_vanish, m.state, m.reason
            from likeness.watched_roots r left join likeness.root_mounts m on m.root = r.id and m.host = \(host)
            where r.id = \(root) for share of r
            """)
        guard let row else { throw CatalogError.rootUnavailable(folder: "root \(root)", reason: "it is not recorded") }
        guard try row["state", as: RootState?.self] == .active else {
            throw CatalogError.rootUnavailable(
                folder: try row["folder_text"], reason: try row["reason"] ?? "this machine does not watch it")
        }
        return try row["on_vanish"]
    }
}
