import Postgres

/// How much is in the catalog.
public struct CatalogCounts: Sendable, Hashable {
    /// Pictures, hidden ones included.
    public var images = 0
    /// Files that hold them now.
    public var files = 0
    /// Files that held them and are gone.
    public var vanishedFiles = 0
    /// Failed files by class of error.
    public var failures: [String: Int] = [:]
    /// The models in the order in which they were added, with the number of their embeddings.
    public var models: [ModelUse] = []
    /// What the database takes on the server's disk.
    public var databaseBytes: Int64 = 0
}

/// A file that could not be ingested, as it is recorded.
public struct RecordedFailure: Sendable, Hashable {
    /// Absolute path, as bytes.
    public let path: [UInt8]
    /// The same word for the same cause.
    public let errorClass: String
    /// The error in one line.
    public let message: String
    /// How often it was tried since the file last changed.
    public let attempts: Int
    /// When it was last tried.
    public let lastFailedAt: Timestamp
    /// When it will be tried again; nil: not before the file changes.
    public let nextRetryAt: Timestamp?
}

extension Catalog {
    /// Counts everything; about 0.3 s for a million pictures.
    public func counts() throws -> CatalogCounts {
        var counts = CatalogCounts()
        let row = try connection.firstRow(
            """
            select (select count(*) from likeness.images) as images,
                count(*) filter (where vanished_at is null) as files,
                count(*) filter (where vanished_at is not null) as vanished,
                pg_database_size(current_database()) as bytes
            from likeness.image_files
            """)
        if let row {
            counts.images = try row["images"]
            counts.files = try row["files"]
            counts.vanishedFiles = try row["vanished"]
            counts.databaseBytes = try row["bytes"]
        }
        let failures = try connection.rows(
            "select error_class, count(*) as files from likeness.ingest_failures group by error_class")
        for row in failures { counts.failures[try row["error_class"]] = try row["files"] }
        counts.models = try models()
        return counts
    }

    /// The time of the server's clock, with which its timestamps are to be compared.
    public func now() throws -> Timestamp {
        try connection.firstRow("select clock_timestamp()")?[0] ?? Timestamp(microsecondsSince1970: 0)
    }

    /// The latest failures, the newest first.
    public func failures(limit: Int) throws -> [RecordedFailure] {
        try connection.rows(
            """
            select path, error_class, message, attempts, last_failed_at, next_retry_at
            from likeness.ingest_failures order by last_failed_at desc, id desc limit \(limit)
            """
        ).map(Self.failure)
    }

    static func failure(_ row: Row) throws -> RecordedFailure {
        RecordedFailure(
            path: try row["path"], errorClass: try row["error_class"], message: try row["message"],
            attempts: try row["attempts"], lastFailedAt: try row["last_failed_at"],
            nextRetryAt: try row["next_retry_at"])
    }
}
