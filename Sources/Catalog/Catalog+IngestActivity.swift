import Postgres

/// What an ingest daemon did since it began, as it says itself.
public struct IngestActivity: Sendable, Hashable {
    /// The machine it runs on, by the name that it gives to ``Catalog/Catalog/openRoot(folder:marker:policy:host:)``.
    public var host: String
    /// Its process there.
    public var processID: Int32
    /// When it began, by the clock of the server.
    public var startedAt: Timestamp
    /// The roots that it watches, those that are not there now among them.
    public var roots: [RootID]
    /// Files whose outcome it wrote, failures included.
    public var files = 0
    /// Those of them that failed.
    public var failures = 0
    /// Bytes that it read.
    public var bytes: Int64 = 0
    /// Time spent on reading and hashing, summed over all that ran at once.
    public var reading = Duration.zero
    /// Time spent on decoding, likewise.
    public var decoding = Duration.zero
    /// Time spent in the network, likewise.
    public var embedding = Duration.zero
    /// Time spent on writing to the database, likewise.
    public var writing = Duration.zero
    /// Files of its roots that wait in the queue.
    public var queueWaiting = 0

    /// A daemon that has done nothing yet.
    public init(host: String, processID: Int32, startedAt: Timestamp, roots: [RootID]) {
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.roots = roots
    }
}

/// What a daemon said, and when.
public struct StoredIngestActivity: Sendable, Hashable {
    /// What it said.
    public let activity: IngestActivity
    /// When it said so, by the clock of the server.
    public let updatedAt: Timestamp
}

extension Catalog {
    /// Says what a daemon did; to be called every minute at least, for one that is silent for two counts as ended.
    ///
    /// Forgets daemons that have been silent for a week.
    public func record(_ activity: IngestActivity) throws {
        try connection.execute(
            """
            insert into likeness.ingest_activity as a (host, process_id, started_at, updated_at, files, failures, bytes,
                read_seconds, decode_seconds, embed_seconds, write_seconds, queue_waiting, roots)
            values (\(activity.host), \(activity.processID), \(activity.startedAt), clock_timestamp(), \(activity.files),
                \(activity.failures), \(activity.bytes), \(activity.reading / .seconds(1)),
                \(activity.decoding / .seconds(1)), \(activity.embedding / .seconds(1)),
                \(activity.writing / .seconds(1)), \(activity.queueWaiting), \(activity.roots))
            on conflict (host, process_id, started_at) do update set
                updated_at = excluded.updated_at, files = excluded.files, failures = excluded.failures,
                bytes = excluded.bytes, read_seconds = excluded.read_seconds, decode_seconds = excluded.decode_seconds,
                embed_seconds = excluded.embed_seconds, write_seconds = excluded.write_seconds,
                queue_waiting = excluded.queue_waiting, roots = excluded.roots
            """)
        try connection.execute(
            "delete from likeness.ingest_activity where updated_at < now() - interval '7 days'")
    }

    /// Notes that a daemon ended as it should.
    public func removeActivity(of daemon: IngestActivity) throws {
        try connection.execute(
            """
            delete from likeness.ingest_activity
            where host = \(daemon.host) and process_id = \(daemon.processID) and started_at = \(daemon.startedAt)
            """)
    }

    /// The daemons that said something within two minutes, those of longest standing first.
    public func ingestDaemons() throws -> [StoredIngestActivity] {
        try connection.rows(
            """
            select * from likeness.ingest_activity where updated_at > now() - interval '2 minutes'
            order by started_at, host, process_id
            """
        ).map { row in
            var activity = IngestActivity(
                host: try row["host"], processID: try row["process_id"], startedAt: try row["started_at"],
                roots: try row["roots"])
            activity.files = try row["files"]
            activity.failures = try row["failures"]
            activity.bytes = try row["bytes"]
            activity.reading = .seconds(try row["read_seconds", as: Double.self])
            activity.decoding = .seconds(try row["decode_seconds", as: Double.self])
            activity.embedding = .seconds(try row["embed_seconds", as: Double.self])
            activity.writing = .seconds(try row["write_seconds", as: Double.self])
            activity.queueWaiting = try row["queue_waiting"]
            return StoredIngestActivity(activity: activity, updatedAt: try row["updated_at"])
        }
    }
}
