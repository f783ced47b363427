import Catalog
import Faults
import LocalCluster
import Logging
import Postgres

/// Which database a command works with.
enum DatabaseChoice {
    /// One that a person named: it is used as it is, and migrated only when told to.
    case given(ConnectionTarget)
    /// The private server of the home: it is started when it is needed, and its schema is ours to bring to head.
    case privateServer(LocalCluster)

    var target: ConnectionTarget {
        switch self {
        case .given(let target): target
        case .privateServer(let cluster): cluster.target
        }
    }
}

extension GlobalOptions {
    /// `--database-url`, else DATABASE_URL, else `PG*`, else the private server of the home.
    func databaseChoice() throws -> DatabaseChoice {
        if let url = databaseURL ?? EnvironmentTwin.text("DATABASE_URL") {
            return .given(try ConnectionTarget(url: url))
        }
        if ConnectionTarget.isSetInEnvironment { return .given(.environment()) }
        return .privateServer(LocalCluster(home: homeFolder))
    }

    /// The database, reachable and with the schema of this build.
    ///
    /// - Parameter orPage: whether the command can answer with a page of HTML too.
    /// - Throws: `LocalClusterError`, `PostgresError` or `CatalogError`, each with the command that mends it.
    func openDatabase(orPage: Bool = false) async throws -> Database {
        // What cannot be answered in the end is refused before anything is done.
        if orPage { _ = try formatOrPage } else { _ = try outputFormat }
        let choice = try databaseChoice()
        try logger.debug("opening the database", metadata: ["target": "\(choice.target)"])
        let database = Database(choice.target)
        switch choice {
        case .given:
            try await database.run { try Migrator().requireCurrent($0) }
        case .privateServer(let cluster):
            try startIfNeeded(cluster)
            let isQuiet = isQuiet
            try await database.run { connection in
                do {
                    try Migrator().requireCurrent(connection)
                } catch CatalogError.notMigrated {
                    let applied = try Migrator().migrate(connection)
                    if !isQuiet, let head = applied.migrations.last {
                        StandardError.notice("the schema of the private database is at \(head)")
                    }
                }
            }
        }
        return database
    }

    private func startIfNeeded(_ cluster: LocalCluster) throws {
        if case .running = cluster.status { return try cluster.start() }
        try cluster.start()
        notice("started the private PostgreSQL in \(printableName(cluster.folder)); stop it with: likeness db stop")
    }
}
