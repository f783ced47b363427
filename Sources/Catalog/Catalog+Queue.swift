import Faults
import Postgres

extension Catalog {
    /// The channel on which it is said that files were queued; the payload is the number of the root.
    ///
    /// A hint to look, never the message: hints get lost with connections, and a file whose daemon died comes back without one.
    public static let ingestChannel = "likeness_ingest"

    /// Puts files into the queue, in one transaction for each 10,000 of them.
    ///
    /// A file that is there with another stamp begins anew, without the attempts and errors of the earlier one; one with the
    /// same stamp stays as it is. Never waits for those who work on files.
    ///
    /// - Parameters:
    ///   - files: those that ``unknownFiles(of:model:)`` gave; a path that comes twice counts once, the last time.
    ///   - root: where they lie.
    ///   - host: the machine whose device numbers and inodes the stamps have.
    ///   - delay: for how long they are to be left alone, because they may still grow.
    public func enqueue(
        _ files: [StampedFile], root: RootID, host: String, after delay: Duration = .zero
    ) throws -> EnqueueOutcome {
        var outcome = EnqueueOutcome()
        for part in files.parts(of: Self.pathsInStatement) {
            try connection.transaction {
                try enqueue(part, root: root, host: host, after: delay, &outcome)
            }
        }
        return outcome
    }

    /// Claims files for the transaction that is open: nobody else gets them until it ends.
    ///
    /// Those that are ready come in the order in which they became so, and each root with such files gets its share. When the
    /// transaction commits after ``finish(_:)`` they are done; when it ends in any other way, be it by the death of the
    /// process or the server, they wait again as before.
    ///
    /// Cost: about 15 µs a file, however many wait; what was finished while a snapshot from before is held (a dump) is passed
    /// over each time, 0.1 ms for a thousand.
    ///
    /// - Parameters:
    ///   - roots: those that can be read here and now.
    ///   - limit: the most files, 1 or more.
    ///   - maxBytes: the most bytes, but for a single file that is larger.
    ///   - host: this machine.
    /// - Precondition: a transaction is open; without one the claim would end with the call.
    public func claim(roots: [RootID], limit: Int, maxBytes: Int64, host: String) throws -> [QueuedFile] {
        try connection.rows(
            """
            select id, root, path, size, mtime_nanoseconds,
                case when host = \(host) then device end as device, case when host = \(host) then inode end as inode,
                attempts, noticed_at
            from likeness.claim_ingest_files(\(roots), \(Int32(clamping: limit)), \(maxBytes))
            """
        ).map { row in
            QueuedFile(
                id: try row["id"], root: try row["root"], path: try row["path"],
                stamp: FileStamp(
                    size: try row["size"], mtimeNanoseconds: try row["mtime_nanoseconds"],
                    device: try row["device", as: Int64?.self].map { UInt64(bitPattern: $0) },
                    inode: try row["inode", as: Int64?.self].map { UInt64(bitPattern: $0) }),
                attempts: try row["attempts"], noticedAt: try row["noticed_at"])
        }
    }

    /// Takes files out of the queue: in the transaction that claimed them, beside the rows that say what became of them.
    public func finish(_ files: [QueuedFileID]) throws {
        if files.isEmpty { return }
        try connection.execute("delete from likeness.ingest_queue where id = any(\(files))")
    }

    /// Leaves claimed files for later: in the transaction that claimed them.
    ///
    /// An error counts as an attempt and is recorded as a failure that will be tried again. Without one nothing but the time
    /// changes. What will never succeed is no postponement: give it to ``write(_:model:)`` as a failure and ``finish(_:)`` it.
    public func postpone(_ postponements: [Postponement]) throws {
        if postponements.isEmpty { return }
        let seconds = postponements.map { $0.delay / .seconds(1) }
        try connection.transaction {
            try connection.execute(
                """
                update likeness.ingest_queue q set
                    ready_at = clock_timestamp() + make_interval(secs => later.seconds),
                    state = case when later.error_class = '' then q.state else 'failed' end,
                    attempts = q.attempts + case when later.error_class = '' then 0 else 1 end,
                    error_class = coalesce(nullif(later.error_class, ''), q.error_class),
                    message = case when later.error_class = '' then q.message else later.message end
                from unnest(\(postponements.map(\.file)), \(seconds),
                    \(postponements.map { $0.error?.errorClass ?? "" }), \(postponements.map { $0.error?.message ?? "" })
                ) as later (id, seconds, error_class, message)
                where q.id = later.id
                """)
            try connection.execute(
                """
                insert into likeness.ingest_failures as f
                    (root, path, path_text, error_class, message, attempts, size, mtime_nanoseconds, next_retry_at)
                select root, path, path_text, error_class, message, attempts, size, mtime_nanoseconds, ready_at
                from likeness.ingest_queue
                where id = any(\(postponements.filter { $0.error != nil }.map(\.file)))
                order by path
                on conflict (sha256(path)) do update set
                    root = excluded.root, error_class = excluded.error_class, message = excluded.message,
                    attempts = excluded.attempts, size = excluded.size, mtime_nanoseconds = excluded.mtime_nanoseconds,
                    last_failed_at = excluded.last_failed_at, next_retry_at = excluded.next_retry_at,
                    content_sha256 = null
                """)
        }
    }

    /// How long it is until a file of these roots can be claimed that nobody works on: zero when one can be now, nil when none
    /// waits.
    ///
    /// A file that is in work may come back sooner without a hint, when its daemon dies: look every few seconds all the same.
    public func timeUntilReady(roots: [RootID]) throws -> Duration? {
        let row = try connection.firstRow(
            """
            select extract(epoch from min(next.ready_at) - clock_timestamp())::double precision as seconds
            from unnest(\(roots)) as wanted (root) cross join lateral (
                select ready_at from likeness.ingest_queue q where q.root = wanted.root
                order by q.ready_at, q.id limit 1 for key share skip locked
            ) next
            """)
        guard let seconds: Double = try row?["seconds"] else { return nil }
        return .seconds(max(0, seconds))
    }

    /// Files that wait in these roots, those in work included.
    public func queueDepth(roots: [RootID]) throws -> Int {
        let row = try connection.firstRow("select count(*) from likeness.ingest_queue where root = any(\(roots))")
        return try row?[0] ?? 0
    }

    private func enqueue(
        _ files: ArraySlice<StampedFile>, root: RootID, host: String, after delay: Duration,
        _ outcome: inout EnqueueOutcome
    ) throws {
        var offered = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        let present = try connection.rows(
            """
            select q.id, q.path, q.size, q.mtime_nanoseconds
            from unnest(\(Array(offered.keys))) as offered (path) cross join lateral (
                select id, path, size, mtime_nanoseconds from likeness.ingest_queue q
                where sha256(q.path) = sha256(offered.path) offset 0
            ) q
            """)
        var changed: [QueuedFileID: StampedFile] = [:]
        for row in present {
            let path: [UInt8] = try row["path"]
            let stamp = FileStamp(size: try row["size"], mtimeNanoseconds: try row["mtime_nanoseconds"])
            guard let file = offered[path] else { continue }
            if stamp.vouches(for: file.stamp) { offered[path] = nil } else { changed[try row["id"]] = file }
        }
        if !changed.isEmpty {
            let free = try connection.rows(
                """
                select id from likeness.ingest_queue where id = any(\(Array(changed.keys)))
                order by path for update skip locked
                """)
            for row in free { changed[try row["id"]] = nil }
            // Either in work, or done since the look before: then they are offered again for nothing.
            for file in changed.values {
                offered[file.path] = nil
                outcome.inWork.append(file)
            }
        }
        if offered.isEmpty { return }
        let new = offered.values.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        outcome.queued += try connection.execute(
            """
            insert into likeness.ingest_queue as q
                (root, path, path_text, size, mtime_nanoseconds, host, device, inode, ready_at)
            select \(root), path, path_text, size, mtime, \(host), nullif(device, 0), nullif(inode, 0),
                clock_timestamp() + make_interval(secs => \(delay / .seconds(1)))
            from unnest(
                \(new.map(\.path)), \(new.map { printableName($0.path) }), \(new.map(\.stamp.size)),
                \(new.map(\.stamp.mtimeNanoseconds)), \(new.map { Int64(bitPattern: $0.stamp.device ?? 0) }),
                \(new.map { Int64(bitPattern: $0.stamp.inode ?? 0) })
            ) as new (path, path_text, size, mtime, device, inode)
            order by path
            on conflict (sha256(path)) do update set
                root = excluded.root, size = excluded.size, mtime_nanoseconds = excluded.mtime_nanoseconds,
                host = excluded.host, device = excluded.device, inode = excluded.inode, state = 'settled',
                attempts = 0, error_class = null, message = null, noticed_at = excluded.noticed_at,
                ready_at = excluded.ready_at
            where (q.size, q.mtime_nanoseconds) <> (excluded.size, excluded.mtime_nanoseconds)
            """)
        try connection.execute("select pg_notify(\(Self.ingestChannel), \("\(root)"))")
    }
}

extension Array {
    /// Stretches of at most so many elements, in order.
    func parts(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
