import Glibc
import LocalCluster
import Postgres
import Synchronization
import SystemPackage

/// The PostgreSQL server of a test run: real, private, started when the first test asks for it, gone when the run ends.
///
/// A server that cannot start fails the tests that need it, each with the reason.
public final class TestServer: Sendable {
    /// The server of this process.
    public static let shared = TestServer()

    private enum State {
        case idle
        case running(LocalCluster)
        case failed(any Error)
    }

    private let state = Mutex(State.idle)
    private let templates = Mutex<[String: Result<String, any Error>]>([:])
    private let nextNumber = Atomic<Int>(0)

    private init() {}

    /// The server, started if it does not run yet.
    public func cluster() throws -> LocalCluster {
        try state.withLock { state in
            switch state {
            case .running(let cluster): return cluster
            case .failed(let error): throw error
            case .idle:
                do {
                    let cluster = try Self.launch()
                    state = .running(cluster)
                    return cluster
                } catch {
                    state = .failed(error)
                    throw error
                }
            }
        }
    }

    /// The server's own database, for statements that concern all of them.
    public func administrationTarget() throws -> ConnectionTarget { try cluster().target }

    /// Makes a database for one test; dropped when the last reference to it goes.
    ///
    /// - Parameter template: what ``template(named:_:)`` returned; nil for an empty one.
    public func makeDatabase(template: String? = nil) throws -> TestDatabase {
        let name = "test_\(nextNumber.add(1, ordering: .relaxed).newValue)"
        let administration = try administrationTarget()
        try createDatabase(name, template: template)
        return TestDatabase(target: administration.with(database: name), name: name, administration: administration)
    }

    /// A database that others are copied from: prepared once a run, however many tests ask for it.
    ///
    /// - Parameters:
    ///   - name: what it is known by; the first who asks decides what is in it.
    ///   - prepare: fills it, and leaves no connection open to it.
    /// - Returns: the name for ``makeDatabase(template:)``.
    public func template(named name: String, _ prepare: (ConnectionTarget) throws -> Void) throws -> String {
        // Others wait meanwhile: they would all want it anyway.
        try templates.withLock { templates in
            if let known = templates[name] { return try known.get() }
            let result = Result {
                let database = "template_\(name)"
                try createDatabase(database, template: nil)
                try prepare(administrationTarget().with(database: database))
                return database
            }
            templates[name] = result
            return try result.get()
        }
    }

    private func createDatabase(_ name: String, template: String?) throws {
        let connection = try Connection(administrationTarget(), applicationName: "likeness tests")
        let clause: SQL = template.map { "template \(identifier: $0)" } ?? ""
        try connection.execute("create database \(identifier: name) " + clause)
    }

    private static func launch() throws -> LocalCluster {
        let folder = try TemporaryFolder(isReachableByAll: true)
        let cluster = LocalCluster(home: folder.path, durability: .testing)
        // Before the server, so that nothing is left behind whenever we end.
        try Watchdog.guardServer(of: cluster, removing: folder.path)
        folder.keep()
        try cluster.start()
        return cluster
    }
}

/// A database of one test.
public final class TestDatabase: Sendable {
    /// How to connect to it.
    public let target: ConnectionTarget
    /// Its name on the server.
    public let name: String
    private let administration: ConnectionTarget

    init(target: ConnectionTarget, name: String, administration: ConnectionTarget) {
        self.target = target
        self.name = name
        self.administration = administration
    }

    deinit {
        // The server goes with the run: one database too many until then is no harm.
        let connection = try? Connection(administration, applicationName: "likeness tests")
        _ = try? connection?.execute("drop database \(identifier: name) with (force)")
    }

    /// A connection of one's own.
    public func connect() throws(PostgresError) -> Connection { try Connection(target) }
}
