import Glibc
import Postgres
import SystemPackage

/// The private PostgreSQL server of a home folder: made at first use, reached by a Unix socket only, never by the network.
///
/// It is a process of its own that outlives whoever started it. Run by root it belongs to the user `postgres`, for PostgreSQL
/// refuses to run as root; the home and all folders above it must let that user pass.
///
///     <home>/postgres/data    the database
///     <home>/postgres/log     the server's log, a file a weekday
///     <home>/postgres/run     the socket
///     <home>/postgres.lock    held while somebody makes, starts or stops the server
///
/// All functions block: call them from a thread that may, not from an actor that others wait for.
public struct LocalCluster: Sendable {
    /// How much of a crash of the machine the database survives.
    public enum Durability: Sendable, Equatable {
        /// Everything that was committed.
        case durable
        /// Nothing; much faster. For tests, whose database is thrown away.
        case testing
    }

    /// What the server does.
    public enum Status: Sendable, Equatable {
        /// There is no database yet.
        case notInitialized
        /// There is one, and nobody serves it.
        case stopped
        /// The server runs; perhaps it does not take connections yet.
        case running(processID: Int32)
    }

    /// The home folder, as an absolute path without symbolic links.
    public let home: FilePath
    let durability: Durability
    let socketFolder: SocketFolder

    /// The name of the database, and of the role that owns all.
    static let databaseName = "likeness"
    /// How long to wait for the server, in seconds: to repair itself after a crash, or to write all it has when it stops.
    static let patience = 60

    /// Names the server of a home folder; touches nothing.
    public init(home: FilePath, durability: Durability = .durable) {
        self.home = withoutSymbolicLinks(home)
        self.durability = durability
        socketFolder = SocketFolder(clusterFolder: self.home.appending("postgres"), home: self.home)
    }

    /// `<home>/postgres`, which belongs to the server's user.
    public var folder: FilePath { home.appending("postgres") }

    /// The folder of the database itself.
    public var dataFolder: FilePath { folder.appending("data") }

    /// The folder of the server's log.
    public var logFolder: FilePath { folder.appending("log") }

    /// The folder of the server's socket: `run` in ``folder``, unless that path is too long for a socket.
    public var socketDirectory: FilePath { socketFolder.path }

    /// How to connect; works while the server runs.
    ///
    /// Names the user that the server must run as, so that nobody else who listens there is believed.
    public var target: ConnectionTarget {
        let account = try? ServerAccount.serving(folder)
        return .socket(
            directory: socketFolder.path.string, database: Self.databaseName, user: Self.databaseName,
            serverUser: account?.name)
    }

    /// What the server does now.
    public var status: Status {
        if let server = Postmaster.running(in: dataFolder) { return .running(processID: server.processID) }
        return isInitialized ? .stopped : .notInitialized
    }

    /// Makes the database if there is none, starts the server if it does not run, and waits until it takes connections.
    ///
    /// Does nothing when it does already, at the cost of reading one small file. Any number of processes may do so at once.
    /// The first time takes a second or two.
    public func start() throws(LocalClusterError) {
        if let server = Postmaster.running(in: dataFolder), server.isReady { return }
        try createHome()
        let lock = try ClusterLock(home: home)
        defer { withExtendedLifetime(lock) {} }
        if let server = Postmaster.running(in: dataFolder) {
            return try awaitReadiness(of: server.processID, child: nil)
        }
        let account = try ServerAccount.serving(folder)
        try requireReachableHome(for: account)
        try createFolders(for: account)
        let binaries = try ServerBinaries.find(for: dataFolder, madeBy: madeBy, as: account)
        if !isInitialized { try initialize(with: binaries, as: account) }
        try removeStaleProcessFile(as: account)
        let command = [CommandWord(binaries.folder.appending("postgres")), "-D", CommandWord(dataFolder)] + settings
        let child = try ChildProcess.start(command, as: account, isDetached: true)
        try awaitReadiness(of: child.processID, child: child)
    }

    /// Stops the server, if it runs: ends its connections, rolls back what they had open, and waits until all is written.
    public func stop() throws(LocalClusterError) {
        guard Postmaster.running(in: dataFolder) != nil else { return }
        let lock = try ClusterLock(home: home)
        defer { withExtendedLifetime(lock) {} }
        guard let server = Postmaster.running(in: dataFolder) else { return }
        // SIGINT is what PostgreSQL calls a fast shutdown.
        guard kill(server.processID, SIGINT) == 0 || errno == ESRCH else {
            throw stopFailure(server.processID, String(cString: strerror(errno)))
        }
        let hasEnded = poll(seconds: Self.patience) {
            bury(server.processID)
            return !Postmaster.works(server.processID, in: dataFolder)
        }
        guard hasEnded else { throw stopFailure(server.processID, "it still runs after \(Self.patience) seconds") }
    }

    var isInitialized: Bool { fileStatus(dataFolder) != nil }

    /// The major version of PostgreSQL that made the database; nil when there is none.
    private var madeBy: String? {
        guard isInitialized else { return nil }
        let text = contentOfFile(dataFolder.appending("PG_VERSION")) ?? "an unknown version"
        return text.split { $0.isWhitespace }.joined(separator: " ")
    }

    private func stopFailure(_ processID: pid_t, _ reason: String) -> LocalClusterError {
        .stopFailed(folder: folder, processID: processID, reason: reason)
    }

    private func awaitReadiness(of processID: pid_t, child: ChildProcess?) throws(LocalClusterError) {
        var failure: LocalClusterError?
        let isDecided = poll(seconds: Self.patience) {
            if let server = Postmaster.running(in: dataFolder), server.isReady { return true }
            let hasEnded = child.map { $0.outcome() != nil } ?? !Postmaster.works(processID, in: dataFolder)
            if hasEnded { failure = .startFailed(folder: folder, output: startOutput(of: child)) }
            return hasEnded
        }
        if let failure { throw failure }
        guard isDecided else {
            throw .notReady(folder: folder, processID: processID, seconds: Self.patience)
        }
    }

    /// What a server said that did not start: before it opened its log, and after.
    private func startOutput(of child: ChildProcess?) -> String {
        let early = child?.outputSoFar ?? ""
        guard early.isEmpty || early.contains("redirecting log output") else { return early }
        return lastLinesOfLog ?? early
    }

    /// Clears the way after a crash.
    private func removeStaleProcessFile(as account: ServerAccount) throws(LocalClusterError) {
        let file = dataFolder.appending("postmaster.pid")
        guard let text = contentOfFile(file) else { return }
        if let processID = text.split(whereSeparator: { $0.isNewline }).first.flatMap({ pid_t($0) }) { bury(processID) }
        // Processes of a server that was killed end by themselves as soon as they notice. Only when the last is gone is it safe
        // to start another: two servers on one folder destroy it.
        let areGone = poll(seconds: Self.patience) { Postmaster.processes(in: dataFolder).isEmpty }
        guard areGone else {
            let processID = Postmaster.processes(in: dataFolder).first ?? 0
            throw stopFailure(processID, "it is left from a server that was killed")
        }
        _ = try ChildProcess.run(["rm", "-f", CommandWord(file)], as: account)
    }
}

/// Takes leave of a child that has ended, if it is one of ours: until then the system counts it as a process.
private func bury(_ processID: pid_t) {
    var status: Int32 = 0
    waitpid(processID, &status, WNOHANG)
}

/// Asks every 10 ms until the answer is yes; false when the time is over.
private func poll(seconds: Int, _ isDone: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !isDone() {
        if deadline <= .now { return false }
        usleep(10_000)
    }
    return true
}
