import Postgres

extension Catalog {
    /// Everything that the catalog knows about a path, for one who asks why its picture is not found.
    ///
    /// All of it at one moment, but for whether somebody works on the file: that is asked by trying the lock of its row.
    ///
    /// Cost: some milliseconds; counts the queue of the root and what the index stores have not applied.
    ///
    /// - Parameter path: absolute, as bytes.
    public func fileFacts(_ path: [UInt8]) throws -> FileFacts {
        let isInWork = try self.isInWork(path)
        return try connection.transaction(.repeatableReadOnly) { () throws -> FileFacts in
            var facts = FileFacts(path: path)
            facts.root = try root(of: path)
            facts.queued = try queued(path, isInWork: isInWork)
            facts.failure = try failure(of: path)
            facts.sighting = try sighting(of: path)
            return facts
        }
    }

    /// Whether the row of a file in the queue is locked.
    private func isInWork(_ path: [UInt8]) throws -> Bool {
        let isAtPath: SQL = "sha256(path) = sha256(\(path))"
        guard try connection.firstRow("select from likeness.ingest_queue where \(isAtPath)") != nil else {
            return false
        }
        return try connection.firstRow(
            "select from likeness.ingest_queue where \(isAtPath) for key share skip locked") == nil
    }

    private func root(of path: [UInt8]) throws -> FileFacts.Root? {
        let row = try connection.firstRow(
            """
            select \(Self.rootColumns),
                (
                    select count(*) from likeness.ingest_activity a
                    join likeness.root_mounts m on m.host = a.host and m.root = r.id and m.state = 'active'
                    where r.id = any(a.roots) and a.updated_at > now() - interval '2 minutes'
                ) as daemons,
                (select count(*) from likeness.ingest_queue q where q.root = r.id and q.ready_at <= now()) as ready
            from likeness.watched_roots r
            where r.folder in ('/', \(path)) or substr(\(path), 1, octet_length(r.folder) + 1) = r.folder || '/'::bytea
            order by r.state = 'retired', octet_length(r.folder) desc limit 1
            """)
        guard let row else { return nil }
        let root = try Self.root(row)
        let unavailable = try connection.rows(
            """
            select host, reason from likeness.root_mounts where root = \(root.id) and state = 'unavailable' order by host
            """)
        return FileFacts.Root(
            root: root,
            unavailable: try unavailable.map { (host: try $0["host"], reason: try $0["reason"]) },
            daemons: try row["daemons"], ready: try row["ready"])
    }

    private func queued(_ path: [UInt8], isInWork: Bool) throws -> FileFacts.Queued? {
        let row = try connection.firstRow(
            """
            select q.*, (
                select count(*) from likeness.ingest_queue b
                where b.root = q.root and (b.ready_at, b.id) < (q.ready_at, q.id)
            ) as before
            from likeness.ingest_queue q where sha256(q.path) = sha256(\(path))
            """)
        guard let row else { return nil }
        var error: Postponement.Reason?
        if let errorClass: String = try row["error_class"] {
            error = Postponement.Reason(errorClass: errorClass, message: try row["message"])
        }
        return FileFacts.Queued(
            stamp: try Self.stamp(row), noticedAt: try row["noticed_at"], readyAt: try row["ready_at"],
            attempts: try row["attempts"], error: error, isInWork: isInWork, before: try row["before"])
    }

    private func failure(of path: [UInt8]) throws -> FileFacts.Failure? {
        let row = try connection.firstRow(
            "select * from likeness.ingest_failures where sha256(path) = sha256(\(path))")
        guard let row else { return nil }
        let copies = try connection.rows(
            """
            select path from likeness.ingest_failures
            where content_sha256 = \(try row["content_sha256", as: ContentDigest?.self]) and path <> \(path)
            order by path limit 100
            """)
        return FileFacts.Failure(
            recorded: try Self.failure(row), stamp: try row["size", as: Int64?.self] == nil ? nil : Self.stamp(row),
            copies: try copies.map { try $0[0] })
    }

    private func sighting(of path: [UInt8]) throws -> FileFacts.Sighting? {
        let row = try connection.firstRow(
            """
            select f.size, f.mtime_nanoseconds, f.first_seen, f.last_seen, f.vanished_at, i.id, i.content_sha256, i.state,
                i.width, i.height, i.format, i.added_at
            from likeness.image_files f join likeness.images i on i.id = f.image
            where sha256(f.path) = sha256(\(path))
            """)
        guard let row else { return nil }
        let image: ImageID = try row["id"]
        let others = try connection.rows(
            """
            select path, vanished_at from likeness.image_files where image = \(image) and path <> \(path)
            order by vanished_at is not null, vanished_at desc, path limit 100
            """)
        return FileFacts.Sighting(
            stamp: try Self.stamp(row), firstSeen: try row["first_seen"], lastSeen: try row["last_seen"],
            vanishedAt: try row["vanished_at"], image: image, content: try row["content_sha256"],
            imageState: try row["state"], width: try row["width"], height: try row["height"],
            format: try row["format"], addedAt: try row["added_at"],
            otherFiles: try others.map { (path: try $0["path"], vanishedAt: try $0["vanished_at"]) },
            embeddings: try embeddings(of: image))
    }

    private func embeddings(of image: ImageID) throws -> [FileFacts.Embedding] {
        let rows = try connection.rows(
            """
            select e.model, m.name, e.embedded_at from likeness.embeddings e
            join likeness.embedding_models m on m.id = e.model where e.image = \(image) order by m.id
            """)
        return try rows.map { row in
            FileFacts.Embedding(
                model: try row["name"], embeddedAt: try row["embedded_at"],
                stores: try stores(of: try row["model"], image: image))
        }
    }

    /// The stores of a model, and whether the feed still has something for them about a picture.
    private func stores(of model: ModelID, image: ImageID) throws -> [FileFacts.Store] {
        try connection.rows(
            """
            select s.host, s.folder, s.last_seen, pending.changes, pending.of_image
            from likeness.index_stores s cross join lateral (
                select count(*) as changes, count(*) filter (where c.image = \(image)) as of_image
                from likeness.embedding_changes c
                where c.model = s.model and c.transaction >= pg_snapshot_xmin(s.position)
                    and not pg_visible_in_snapshot(c.transaction, s.position)
            ) pending
            where s.model = \(model) order by s.host, s.folder
            """
        ).map { row in
            FileFacts.Store(
                host: try row["host"], folder: try row["folder"], isApplied: try row["of_image", as: Int.self] == 0,
                pendingChanges: try row["changes"], lastSeen: try row["last_seen"])
        }
    }

    private static func stamp(_ row: Row) throws -> FileStamp {
        FileStamp(size: try row["size"], mtimeNanoseconds: try row["mtime_nanoseconds"])
    }
}
