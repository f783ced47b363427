import Faults
import Glibc
import LocalCluster
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Servers of homes of their own, each gone with the test.
@Suite struct LocalClusterTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(isReachableByAll: true) }

    /// A server that is not started yet.
    private func makeCluster(_ home: FilePath) throws -> LocalCluster {
        let cluster = LocalCluster(home: home, durability: .testing)
        try Watchdog.guardServer(of: cluster, removing: home)
        return cluster
    }

    private func processID(of cluster: LocalCluster) -> Int32? {
        if case .running(let processID) = cluster.status { processID } else { nil }
    }

    private func write(_ content: String, to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(content.utf8) }
    }

    @Test func `a server is made, started once, stopped, and keeps what it had`() throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        #expect(cluster.status == .notInitialized)
        try cluster.stop()
        try cluster.start()
        let first = try #require(processID(of: cluster))
        try cluster.start()
        #expect(processID(of: cluster) == first)

        try Connection(cluster.target).script("create table t (x int); insert into t values (7)")
        let row = try #require(
            try Connection(cluster.target).firstRow(
                """
                select current_database()::text as database, current_setting('server_encoding') as encoding,
                       current_setting('listen_addresses') as addresses, current_setting('data_checksums') as checksums,
                       (select datcollate::text from pg_database where datname = 'likeness') as locale
                """))
        #expect(try row["database", as: String.self] == "likeness")
        #expect(try row["encoding", as: String.self] == "UTF8")
        #expect(try row["addresses", as: String.self] == "")
        #expect(try row["checksums", as: String.self] == "on")
        #expect(try row["locale", as: String.self] == "C.UTF-8")

        try cluster.stop()
        #expect(cluster.status == .stopped)
        let error = #expect(throws: PostgresError.self) { try Connection(cluster.target) }
        #expect(error?.recovery == .retryLater)
        try cluster.start()
        #expect(try Connection(cluster.target).rows("select * from t").count == 1)
        try cluster.stop()
    }

    @Test func `a server that was killed is started again with what was committed`() throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        try cluster.start()
        let connection = try Connection(cluster.target)
        try connection.script("create table t (x int); insert into t values (7)")
        let killed = try #require(processID(of: cluster))
        #expect(kill(killed, SIGKILL) == 0)
        // The signal is sent, and then takes the process a moment.
        while processID(of: cluster) == killed { sched_yield() }
        try cluster.start()
        #expect(throws: PostgresError.self) { try connection.rows("select 1") }
        #expect(try Connection(cluster.target).rows("select * from t").count == 1)
        try cluster.stop()

        // After a reboot the number in the file may be anybody's: here it is ours.
        let file = cluster.dataFolder.appending("postmaster.pid")
        try write("\(getpid())\n\(cluster.dataFolder)\n1\n5432\n/nowhere\n\n1 1\nready   \n", to: file)
        #expect(cluster.status == .stopped)
        try cluster.start()
        #expect(try Connection(cluster.target).rows("select * from t").count == 1)
        try cluster.stop()
    }

    @Test func `two who start it at once get one server`() async throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        // Threads of their own: the pool of tasks may be as small as one thread, on which they would come one after the other.
        let processes = await withTaskGroup(of: Int32?.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        let body = Start { continuation.resume(returning: startAndTell(cluster)) }
                        body.run()
                    }
                }
            }
            return await group.reduce(into: Set<Int32?>()) { $0.insert($1) }
        }
        #expect(processes == [processID(of: cluster)])
        #expect(processes.first != .some(nil))
        try cluster.stop()
    }

    @Test func `an initialization that was interrupted is begun anew`() throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        try cluster.start()
        try cluster.stop()
        // What a crash leaves: a draft, and no database.
        let draft = cluster.folder.appending("data.new")
        #expect(rename(cluster.dataFolder.string, draft.string) == 0)
        #expect(unlink(draft.appending("PG_VERSION").string) == 0)
        #expect(cluster.status == .notInitialized)
        try cluster.start()
        #expect(try Connection(cluster.target).rows("select 1").count == 1)
        try cluster.stop()
    }

    @Test func `a database of another version is refused by both`() throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        try cluster.start()
        try cluster.stop()
        try write("9.6\n", to: cluster.dataFolder.appending("PG_VERSION"))
        let error = #expect(throws: LocalClusterError.self) { try cluster.start() }
        #expect(
            error?.message.hasPrefix("the private database in \(cluster.dataFolder) was made by PostgreSQL 9.6; ")
                == true)
        #expect(error?.message.hasSuffix(" is installed") == true)
        #expect(error?.hint?.contains("apt-get install postgresql-9.6") == true)
        #expect(error?.exitStatus == .databaseUnreachable)
    }

    @Test func `a home with odd bytes in its name works`() throws {
        var name = Array("a 'b' \"c\" $(d) `e` ,\\ ".utf8)
        name.append(0xE9)
        let component = try #require(
            (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { bytes in
                bytes.baseAddress.flatMap { FilePath.Component(platformString: $0) }
            })
        let cluster = try makeCluster(folder.path.appending(component))
        try cluster.start()
        #expect(try Connection(cluster.target).rows("select 1").count == 1)
        try cluster.stop()
        rmdir(cluster.socketDirectory.string)
    }

    @Test func `a home whose path is too long for a socket works`() throws {
        var home = folder.path
        for _ in 0..<4 { home.append(String(repeating: "long", count: 12)) }
        let cluster = try makeCluster(home)
        #expect(!cluster.socketDirectory.starts(with: home))
        #expect(cluster.socketDirectory == LocalCluster(home: home).socketDirectory)
        #expect(cluster.socketDirectory != LocalCluster(home: home.appending("x")).socketDirectory)
        try cluster.start()
        #expect(try Connection(cluster.target).rows("select 1").count == 1)
        #expect(try ConnectionTarget(url: cluster.target.url) == cluster.target)
        try cluster.stop()

        // Anybody could have put something else there meanwhile.
        let socket = cluster.socketDirectory.string
        #expect(chmod(socket, 0o755) == 0)
        let open = #expect(throws: LocalClusterError.self) { try cluster.start() }
        #expect(open?.message == "\(socket) is open to others (mode 755, not 700)")
        #expect(rmdir(socket) == 0)
        #expect(symlink(folder.path.string, socket) == 0)
        let link = #expect(throws: LocalClusterError.self) { try cluster.start() }
        #expect(link?.message.hasPrefix("\(socket) is not a folder") == true)
        #expect(link?.exitStatus == .cannotWrite)
        #expect(unlink(socket) == 0)
        #expect(mkdir(socket, 0o700) == 0)
        // A folder that is another user's; whoever is not root cannot make one, and its own is good.
        if geteuid() == 0 {
            let foreign = #expect(throws: LocalClusterError.self) { try cluster.start() }
            #expect(foreign?.message == "\(socket) belongs to user 0, not to postgres, who runs the server")
        } else {
            try cluster.start()
            try cluster.stop()
        }
        rmdir(socket)
    }

    @Test func `a home that cannot be reached or made is named, with what to do`() throws {
        let closed = folder.path.appending("closed")
        #expect(mkdir(closed.string, geteuid() == 0 ? 0o700 : 0) == 0)
        let home = closed.appending("home")
        let error = #expect(throws: LocalClusterError.self) {
            try LocalCluster(home: home, durability: .testing).start()
        }
        #expect(error?.exitStatus == .cannotWrite)
        if geteuid() == 0 {
            #expect(error?.message == "user postgres cannot enter \(closed), which leads to \(home)")
            #expect(error?.hint?.contains("chmod o+x \(closed)") == true)
        } else {
            #expect(error == .cannotCreate(home, reason: "Permission denied"))
        }

        let file = folder.path.appending("file")
        try write("", to: file)
        let noFolder = #expect(throws: LocalClusterError.self) { try LocalCluster(home: file).start() }
        #expect(noFolder == .cannotCreate(file, reason: "it is not a folder"))
    }

    @Test func `a home is the same by whatever path it is named`() throws {
        let real = folder.path.appending("real")
        #expect(mkdir(real.string, 0o755) == 0)
        let link = folder.path.appending("link")
        #expect(symlink("real", link.string) == 0)
        #expect(LocalCluster(home: link.appending("home")).home == real.appending("home"))
        #expect(
            LocalCluster(home: real.appending("x").appending("..").appending("home")).home == real.appending("home"))
    }

    @Test func `a server holds none of our files open, so that who reads our output sees its end`() throws {
        let cluster = try makeCluster(folder.path.appending("home"))
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        try cluster.start()
        close(ends[1])
        // Nobody writes: either the end is there at once, or it never comes.
        var polled = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        #expect(poll(&polled, 1, 60_000) == 1)
        var byte: UInt8 = 0
        #expect(read(ends[0], &byte, 1) == 0)
        close(ends[0])
        try cluster.stop()
    }
}

private func startAndTell(_ cluster: LocalCluster) -> Int32? {
    do { try cluster.start() } catch { Issue.record(error) }
    if case .running(let processID) = cluster.status { return processID }
    return nil
}

/// Runs a closure once, on a thread of its own.
private final class Start: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func run() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }
}
