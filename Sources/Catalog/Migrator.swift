import Faults
import Migrations
import Postgres

/// Brings the schema of a database to that of this build.
public struct Migrator: Sendable {
    private let schema: [Migration]
    private let views: [View]

    private struct Migration: Sendable {
        let version: Int
        let file: SQLFile
        let digest: ContentDigest
    }

    private struct View: Sendable {
        let file: SQLFile
        let digest: ContentDigest
    }

    /// What a database holds.
    private struct Applied {
        var migrations: [(version: Int, name: String, digest: ContentDigest)] = []
        var views: [String: ContentDigest] = [:]
        /// The latest migration; nil before the first.
        var head: String? { migrations.last?.name }
    }

    /// A migrator for the files of this build, or for others.
    ///
    /// - Parameters:
    ///   - schema: numbered from 1 in their order, whatever their names say.
    ///   - views: one view a file; a view may use others, in no order.
    public init(schema: [SQLFile] = Migrations.schema, views: [SQLFile] = Migrations.views) {
        self.schema = schema.enumerated().map { index, file in
            Migration(version: index + 1, file: file, digest: ContentDigest(of: file.bytes))
        }
        self.views = views.map { View(file: $0, digest: ContentDigest(of: $0.bytes)) }
    }

    /// The latest migration that this build knows.
    public var head: String { schema.last?.file.name ?? "" }

    /// What is to be done.
    ///
    /// - Throws: ``CatalogError`` for a schema that this build must not touch: edited, newer, or with a gap.
    public func status(_ connection: Connection) throws -> MigrationStatus {
        let applied = try applied(connection)
        try refuseForeign(applied)
        return MigrationStatus(
            head: applied.head,
            pendingMigrations: schema.dropFirst(applied.migrations.count).map(\.file.name),
            pendingViews: outdatedViews(applied))
    }

    /// Throws ``CatalogError`` unless the schema is that of this build; one query, cheap enough for every command.
    ///
    /// Views that differ do not matter here: programs of two versions may share a database.
    public func requireCurrent(_ connection: Connection) throws {
        let applied: Applied
        do {
            applied = try read(connection)
        } catch let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "3F000" {
            throw CatalogError.notMigrated(database: nil, build: head)
        }
        try refuseForeign(applied)
        if applied.migrations.count < schema.count {
            throw CatalogError.notMigrated(database: applied.head, build: head)
        }
    }

    /// Applies what is missing, each migration in a transaction of its own, under a lock that other migrators wait for.
    ///
    /// When a migration has an error, those before it stay applied and a later call goes on from there.
    ///
    /// - Parameter progress: is told the name of each file when it was applied.
    /// - Returns: the names of the migrations and views that were applied.
    /// - Throws: ``CatalogError``; ``Postgres/PostgresError`` with the line of the file where a statement is wrong.
    @discardableResult
    public func migrate(
        _ connection: Connection, progress: (String) -> Void = { _ in }
    ) throws -> (migrations: [String], views: [String]) {
        try requireUTF8(connection)
        var migrations: [String] = []
        while true {
            let applied = try connection.transaction { try applyNext(connection) }
            guard let applied else { break }
            migrations.append(applied)
            progress(applied)
        }
        let views = try connection.transaction { try replaceViews(connection) }
        for view in views { progress(view) }
        return (migrations, views)
    }

    /// Applies the next migration; nil when there is none.
    private func applyNext(_ connection: Connection) throws -> String? {
        try waitForOthers(connection)
        let applied = try applied(connection)
        try refuseForeign(applied)
        guard applied.migrations.count < schema.count else { return nil }
        let migration = schema[applied.migrations.count]
        // A migration may change what a view reads; all are created again afterwards.
        if !applied.views.isEmpty {
            try drop(Array(applied.views.keys), connection)
            try connection.execute("delete from likeness.schema_views")
        }
        try connection.script(migration.file.text)
        try connection.execute(
            """
            insert into likeness.schema_migrations (version, name, sha256)
            values (\(Int32(migration.version)), \(migration.file.name), \(migration.digest))
            """)
        return migration.file.name
    }

    /// Creates all views again when one of them differs: one may use another.
    private func replaceViews(_ connection: Connection) throws -> [String] {
        try waitForOthers(connection)
        let applied = try applied(connection)
        let outdated = outdatedViews(applied)
        if outdated.isEmpty {
            // The role may have been created since.
            try connection.execute("select likeness.grant_views_to_reader()")
            return []
        }
        try drop(Array(applied.views.keys), connection)
        try connection.execute("delete from likeness.schema_views")
        for file in inOrderOfUse(views.map(\.file)) {
            try connection.script(file.text)
            try connection.execute(
                """
                insert into likeness.schema_views (name, sha256)
                values (\(file.name), \(ContentDigest(of: file.bytes)))
                """)
        }
        try connection.execute("select likeness.grant_views_to_reader()")
        return outdated
    }

    private func drop(_ views: [String], _ connection: Connection) throws {
        // In one statement their uses of one another do not matter.
        let names = views.sorted().map { "likeness.\"\($0)\"" }.joined(separator: ", ")
        if names.isEmpty { return }
        do {
            try connection.execute("drop view if exists \(raw: names)")
        } catch {
            guard error.sqlState == "2BP01" else { throw error }
            throw CatalogError.viewInUse(reason: error.detail ?? error.message)
        }
    }

    /// Two migrators at once: the second waits for the transaction of the first, and finds nothing left to do.
    private func waitForOthers(_ connection: Connection) throws {
        try connection.execute("select pg_advisory_xact_lock(\(Self.lock))")
    }

    /// "Likeness" in ASCII; advisory locks are per database.
    private static let lock: Int64 = 0x4C69_6B65_6E65_7373

    private func requireUTF8(_ connection: Connection) throws {
        let row = try connection.firstRow("select current_setting('server_encoding') as encoding")
        if let encoding: String = try row?["encoding"], encoding != "UTF8" {
            throw CatalogError.wrongEncoding(have: encoding)
        }
    }

    private func applied(_ connection: Connection) throws -> Applied {
        // Asked first, because a missing table would end the transaction.
        let exists = try connection.firstRow("select to_regclass('likeness.schema_views') is not null as it")
        return try exists?["it"] == true ? read(connection) : Applied()
    }

    private func read(_ connection: Connection) throws -> Applied {
        var applied = Applied()
        let rows = try connection.rows(
            """
            select version, name, sha256 from likeness.schema_migrations
            union all select null, name, sha256 from likeness.schema_views
            order by version
            """)
        for row in rows {
            let name: String = try row["name"]
            let digest: ContentDigest = try row["sha256"]
            if let version: Int = try row["version"] {
                applied.migrations.append((version, name, digest))
            } else {
                applied.views[name] = digest
            }
        }
        return applied
    }

    private func refuseForeign(_ applied: Applied) throws(CatalogError) {
        for (index, migration) in applied.migrations.enumerated() {
            guard index < schema.count else { throw .tooNew(database: applied.head ?? migration.name, build: head) }
            let known = schema[index]
            guard migration.version == known.version else {
                throw .gap(missing: known.file.name, applied: migration.name)
            }
            guard migration.digest == known.digest else {
                throw .edited(migration: migration.name, applied: migration.digest, build: known.digest)
            }
        }
    }

    private func outdatedViews(_ applied: Applied) -> [String] {
        let wanted = Dictionary(uniqueKeysWithValues: views.map { ($0.file.name, $0.digest) })
        let names = Set(wanted.keys).union(applied.views.keys)
        return names.filter { wanted[$0] != applied.views[$0] }.sorted()
    }
}

/// How the schema of a database stands to that of this build.
public struct MigrationStatus: Sendable, Equatable {
    /// The latest migration that was applied; nil when there is no schema.
    public let head: String?
    /// The migrations that are missing, in order.
    public let pendingMigrations: [String]
    /// The views that are missing, differ or are no longer part of the schema.
    public let pendingViews: [String]

    /// Whether there is nothing to do.
    public var isCurrent: Bool { pendingMigrations.isEmpty && pendingViews.isEmpty }
}

/// The views in an order in which each comes after those that it uses, by the names of others in its text.
///
/// Views that use one another in a circle, which SQL does not allow, come in some order.
package func inOrderOfUse(_ views: [SQLFile]) -> [SQLFile] {
    var ordered: [SQLFile] = []
    var left = views.sorted { $0.name < $1.name }
    while !left.isEmpty {
        let next = left.firstIndex { view in
            let words = Set(view.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." })
            return left.allSatisfy { $0.name == view.name || !words.contains("likeness.\($0.name)") }
        }
        ordered.append(left.remove(at: next ?? 0))
    }
    return ordered
}
