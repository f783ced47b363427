import Postgres

/// A file that is known under another name.
public struct MovedFile: Sendable, Hashable {
    /// The file as it was offered.
    public let file: StampedFile
    /// What it holds.
    public let content: ContentDigest
    /// The path under which it was read; the file may still be there, when this is a hard link.
    public let readAt: [UInt8]
}

/// What stands behind contents that were read, as one who wants to embed them has to know.
public struct ContentClaim: Sendable, Equatable {
    /// Contents that the catalog has with an embedding of the model: they need sightings alone.
    public var known: Set<ContentDigest> = []
    /// Contents that nobody else embeds until the transaction ends.
    public var mine: Set<ContentDigest> = []
    /// Contents that somebody else embeds at this moment: postpone their files for as long as that takes.
    public var busy: Set<ContentDigest> = []

    /// Starts empty.
    public init() {}
}

extension Catalog {
    /// Paths that one statement takes, so that neither its text nor its answer grows without bound.
    static let pathsInStatement = 10_000

    /// Those of the files that nothing in the catalog vouches for, in their order.
    ///
    /// Vouched for is what has the same size and time as a present sighting whose picture has an embedding of the model, as a
    /// failure that is not to be tried again, or as a file of the queue.
    ///
    /// Cost: about 5 µs a file, by indexes alone, however large the catalog is.
    public func unknownFiles(of files: [StampedFile], model: ModelID) throws -> [StampedFile] {
        var unknown: [StampedFile] = []
        for part in files.parts(of: Self.pathsInStatement) {
            let rows = try connection.rows(Self.unknownFiles(part, model: model))
            for row in rows { unknown.append(part[part.startIndex + (try row[0, as: Int.self]) - 1]) }
        }
        return unknown
    }

    /// Those of the files that this machine knows under another name: same device, inode, size and time.
    ///
    /// A device number means something on one machine alone, and an inode on one device: sightings of other machines are not
    /// asked, nor those that were written without the name of theirs. Where sightings with the same numbers name several
    /// pictures, none is believed. Files without device and inode are not found.
    ///
    /// Cost: as of ``unknownFiles(of:model:)``.
    ///
    /// - Parameters:
    ///   - model: pictures without an embedding of it are left out, for their files have to be read.
    ///   - host: this machine.
    public func movedFiles(matching files: [StampedFile], model: ModelID, host: String) throws -> [MovedFile] {
        var moved: [MovedFile] = []
        for part in files.parts(of: Self.pathsInStatement) {
            let rows = try connection.rows(
                """
                select offered.number, i.content_sha256, known.path
                from unnest(
                    \(part.map(\.stamp.size)), \(part.map(\.stamp.mtimeNanoseconds)),
                    \(part.map { Int64(bitPattern: $0.stamp.device ?? 0) }),
                    \(part.map { Int64(bitPattern: $0.stamp.inode ?? 0) })
                ) with ordinality as offered (size, mtime, device, inode, number) cross join lateral (
                    select min(f.image) as image,
                        (array_agg(f.path order by f.vanished_at is not null, f.id))[1] as path
                    from likeness.image_files f
                    where f.inode = offered.inode and f.device = offered.device and f.host = \(host)
                        and f.size = offered.size and f.mtime_nanoseconds = offered.mtime
                    having min(f.image) = max(f.image)
                ) known
                join likeness.images i on i.id = known.image
                where exists (select from likeness.embeddings e where e.image = i.id and e.model = \(model))
                order by offered.number
                """)
            for row in rows {
                let file = part[part.startIndex + (try row[0, as: Int.self]) - 1]
                moved.append(MovedFile(file: file, content: try row[1], readAt: try row[2]))
            }
        }
        return moved
    }

    /// Tells which contents are to be embedded in the transaction that is open, so that no two do the same at once.
    ///
    /// - Parameter digests: some hundreds at most: each new one takes an entry in the server's table of locks.
    /// - Precondition: a transaction is open; without one the claim would end with the call.
    public func claimContents(_ digests: [ContentDigest], model: ModelID) throws -> ContentClaim {
        var claim = ContentClaim()
        claim.known = try embeddedContents(digests, model: model)
        let missing = Set(digests).subtracting(claim.known)
        if missing.isEmpty { return claim }
        let locked = try lockContents(Array(missing), model: model)
        // Whoever had the lock until now has committed: only a look after taking it sees what.
        let done = try embeddedContents(Array(missing), model: model)
        claim.known.formUnion(done)
        claim.mine = locked.subtracting(done)
        claim.busy = missing.subtracting(locked).subtracting(done)
        return claim
    }

    /// The contents of which the transaction now has the lock, which ends with it.
    private func lockContents(_ digests: [ContentDigest], model: ModelID) throws -> Set<ContentDigest> {
        let rows = try connection.rows(
            """
            select digest from unnest(\(digests)) digest
            where pg_try_advisory_xact_lock(
                hashtextextended('likeness content ' || encode(digest, 'hex') || ' model ' || \(model)::text, 0))
            """)
        return Set(try rows.map { try $0[0] })
    }

    private func embeddedContents(_ digests: [ContentDigest], model: ModelID) throws -> Set<ContentDigest> {
        Set(try knownContents(digests, model: model).filter(\.value.hasEmbedding).keys)
    }

    /// The numbers, from 1, of files that nothing vouches for.
    ///
    /// `offset 0` keeps the planner from anything but a look at the index for each path.
    static func unknownFiles(_ files: ArraySlice<StampedFile>, model: ModelID) -> SQL {
        """
        select offered.number
        from (
            select sha256(path) as key, size, mtime, number
            from unnest(\(files.map(\.path)), \(files.map(\.stamp.size)), \(files.map(\.stamp.mtimeNanoseconds)))
                with ordinality as offered (path, size, mtime, number)
        ) offered
        left join lateral (
            select true as vouched from likeness.image_files f
            where sha256(f.path) = offered.key and f.vanished_at is null and f.size = offered.size
                and f.mtime_nanoseconds = offered.mtime
                and exists (select from likeness.embeddings e where e.image = f.image and e.model = \(model))
            offset 0
        ) ingested on true
        left join lateral (
            select true as vouched from likeness.ingest_failures f
            where sha256(f.path) = offered.key and f.next_retry_at is null and f.size = offered.size
                and f.mtime_nanoseconds = offered.mtime
            offset 0
        ) quarantined on true
        left join lateral (
            select true as vouched from likeness.ingest_queue q
            where sha256(q.path) = offered.key and q.size = offered.size and q.mtime_nanoseconds = offered.mtime
            offset 0
        ) queued on true
        where ingested.vouched is null and quarantined.vouched is null and queued.vouched is null
        order by offered.number
        """
    }
}
