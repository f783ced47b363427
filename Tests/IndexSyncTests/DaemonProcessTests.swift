import Catalog
import Glibc
import IndexSync
import LocalCluster
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// The built binary as a daemon: signals, the service manager, a second one, a server that restarts.
@Suite struct DaemonProcessTests {
    @Test func `SIGTERM after readiness: all is published, the manager hears of the end, and the status is 0`()
        async throws
    {
        let test = try SyncCatalog()
        let path = test.home.path.appending("notify").string
        let socket = try NotifySocket(path)
        let image = try test.catalog.insert(direction(1), model: test.model.id)
        let daemon = try start(test, ["NOTIFY_SOCKET": path])
        var heard: [String] = []
        try await eventually("ready", explanation: { daemon.errors }) {
            heard += socket.received()
            return heard.contains("READY=1")
        }
        #expect(try test.stored() == [image])
        let late = try test.catalog.insert(direction(2), model: test.model.id)
        try await eventually("followed", explanation: { daemon.errors }) { try test.stored() == [image, late] }
        daemon.send(SIGTERM)
        try await eventually("ended", explanation: { daemon.errors }) { daemon.status != nil }
        heard += socket.received()
        #expect(daemon.status == 0)
        #expect(heard.last == "STOPPING=1" || heard.contains("STOPPING=1"))
        #expect(heard.firstIndex(of: "READY=1")! < heard.firstIndex(of: "STOPPING=1")!)
        #expect(daemon.errors.contains("caught up with the catalog"))
        #expect(try test.stored() == [image, late])
    }

    @Test func `a second daemon and sync --once are told who writes, and exit with 75`() async throws {
        let test = try SyncCatalog()
        let first = try start(test)
        try await eventually("caught up", explanation: { first.errors }) { first.errors.contains("caught up") }
        let second = try start(test)
        try await eventually("refused", explanation: { second.errors }) { second.status != nil }
        #expect(second.status == 75)
        #expect(second.errors.contains("likeness sync (pid \(first.processID)"), "\(second.errors)")
        let once = try await LikenessBinary(home: test.home.path)(
            "sync", "--once", "--database-url", test.database.target.url)
        #expect(once.status == 75)
        #expect(once.errors.contains("likeness sync (pid \(first.processID)"), "\(once.errors)")
        let status = try await LikenessBinary(home: test.home.path)(
            "status", "--database-url", test.database.target.url)
        #expect(status.output.contains("likeness sync (pid \(first.processID)"), "\(status.output)")
        #expect(first.status == nil)
        first.send(SIGINT)
        try await eventually("ended", explanation: { first.errors }) { first.status != nil }
        #expect(first.status == 0)
    }

    @Test func `one that was stopped longer than its connection lived cannot publish, and says who has taken over`()
        async throws
    {
        let test = try SyncCatalog()
        let stopped = try start(test)
        try await eventually("caught up", explanation: { stopped.errors }) { stopped.errors.contains("caught up") }
        stopped.send(SIGSTOP)
        try test.terminate("likeness sync (pid \(stopped.processID)")
        // The lock of files outlives the connection: on this machine nobody gets in.
        let refused = try start(test)
        try await eventually("refused", explanation: { refused.errors }) { refused.status != nil }
        #expect(refused.status == 75)
        #expect(refused.errors.contains("process \(stopped.processID)"), "\(refused.errors)")
        // From another machine, which does not see that lock, somebody does.
        #expect(test.folder.appending("writer.lock").withPlatformString { remove($0) } == 0)
        let second = try start(test)
        try await eventually("taken over", explanation: { second.errors }) { second.errors.contains("caught up") }
        let image = try test.catalog.insert(direction(1), model: test.model.id)
        try await eventually("followed", explanation: { second.errors }) { try test.stored() == [image] }
        let published = try #require(try VectorStore.open(test.folder)).manifest
        stopped.send(SIGCONT)
        try await eventually("ended", explanation: { stopped.errors }) { stopped.status != nil }
        #expect(stopped.status == 75)
        #expect(stopped.errors.contains("likeness sync (pid \(second.processID)"), "\(stopped.errors)")
        #expect(try VectorStore.open(test.folder)?.manifest.fence == published.fence)
        second.send(SIGTERM)
        try await eventually("ended", explanation: { second.errors }) { second.status != nil }
        #expect(second.status == 0)
        #expect(try test.stored() == [image])
    }

    @Test func `PostgreSQL goes and comes: one line at the beginning, one at the end, and nothing is lost`()
        async throws
    {
        let home = try HomeWithDatabase()
        let cluster = LocalCluster(home: home.path, durability: .testing)
        let (model, first) = try Self.prepare(cluster.target)
        let daemon = try RunningLikeness(["sync"], home: home.path, errorsIn: home.path)
        try await eventually("caught up", explanation: { daemon.errors }) { daemon.errors.contains("caught up") }
        try cluster.stop()
        try await eventually("noticed", explanation: { daemon.errors }) { daemon.errors.contains("trying again") }
        try cluster.start()
        let second = try Catalog(Connection(cluster.target)).insert(direction(2), model: model.id)
        let folder = IndexFolders(home: home.path).folder(ofModel: model.name)
        try await eventually("followed", explanation: { daemon.errors }) {
            try VectorStore.open(folder)?.liveIDs().map(\.rawValue) == [first.rawValue, second.rawValue]
        }
        try await eventually("recovered", explanation: { daemon.errors }) { daemon.errors.contains("recovered") }
        #expect(daemon.errors.split(separator: "\n").count { $0.contains("trying again") } == 1, "\(daemon.errors)")
        #expect(daemon.errors.split(separator: "\n").count { $0.contains("recovered") } == 1, "\(daemon.errors)")
        daemon.send(SIGTERM)
        try await eventually("ended", explanation: { daemon.errors }) { daemon.status != nil }
        #expect(daemon.status == 0)
    }

    private static func prepare(_ target: ConnectionTarget) throws -> (StoredModel, ImageID) {
        let connection = try Connection(target)
        try Migrator().migrate(connection)
        let catalog = Catalog(connection)
        let model = try catalog.addSmallModel()
        try catalog.createIndex(name: "default", model: model.id, type: .flat)
        return (model, try catalog.insert(direction(1), model: model.id))
    }

    private func start(_ test: SyncCatalog, _ environment: [String: String] = [:]) throws -> RunningLikeness {
        try RunningLikeness(
            ["sync", "--database-url", test.database.target.url], home: test.home.path, errorsIn: test.home.path,
            environment: environment)
    }
}
