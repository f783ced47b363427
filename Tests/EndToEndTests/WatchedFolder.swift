import Catalog
import Foundation
import Glibc
import Postgres
import SystemPackage
import TestSupport
import Testing

/// A database, a folder of real photos, and daemons that watch it.
final class WatchedFolder {
    let likeness: LikenessBinary
    let folder: TemporaryFolder
    private let logs: TemporaryFolder
    private let home: TemporaryFolder
    private let database: TestDatabase
    let connection: Connection
    private let photos: [FilePath]
    private var used = 0

    init() throws {
        home = try TemporaryFolder(isReachableByAll: true)
        folder = try TemporaryFolder(isReachableByAll: true)
        logs = try TemporaryFolder()
        let template = try TestServer.shared.template(named: "watch_tests") { target in
            let connection = try Connection(target)
            try Migrator().migrate(connection)
            connection.close()
        }
        database = try TestServer.shared.makeDatabase(template: template)
        connection = try database.connect()
        likeness = LikenessBinary(
            home: home.path,
            environment: ["LIKENESS_MODEL": "structure-2048", "DATABASE_URL": database.target.url])
        let trucks = try SharedData.path("photos/vehicles/truck")
        photos = try FileManager.default.contentsOfDirectory(atPath: trucks.string).sorted()
            .map { trucks.appending($0) }
    }

    /// A daemon over the folder.
    ///
    /// - Parameter launcher: a program that runs what stands behind it, with its arguments.
    func daemon(
        _ options: String..., over folders: [FilePath]? = nil, launcher: [String] = []
    ) throws -> RunningLikeness {
        try RunningLikeness(
            ["watch", "--poll-interval", "1s", "--settle", "300ms"] + options
                + (folders ?? [folder.path]).map(\.string),
            home: home.path, errorsIn: logs.path, launcher: launcher,
            environment: ["LIKENESS_MODEL": "structure-2048", "DATABASE_URL": database.target.url])
    }

    /// Any command that goes on beside the test.
    ///
    /// - Parameter fault: what happens to it, as Tests/FaultInjection reads it.
    func running(_ arguments: [String], errorsIn folder: FilePath, fault: String) throws -> RunningLikeness {
        try RunningLikeness(
            arguments, home: home.path, errorsIn: folder,
            environment: [
                "LIKENESS_MODEL": "structure-2048", "DATABASE_URL": database.target.url, "LIKENESS_FAULT": fault,
                "LD_PRELOAD": LikenessBinary.path.removingLastComponent().appending("libFaultInjection.so").string,
            ])
    }

    /// Another photo than all before, under a name below the folder.
    func add(_ name: String) throws {
        used += 1
        try write(photo(used - 1), to: name)
    }

    /// The bytes of one of some hundred photos.
    func photo(_ number: Int) throws -> Data {
        try Data(contentsOf: URL(filePath: photos[number % photos.count].string))
    }

    func move(_ name: String, to other: String) throws {
        let target = folder.path.appending(other)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: folder.path.appending(name).string, toPath: target.string)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: folder.path.appending(name).string)
    }

    /// Names below the folder that the catalog believes to be there.
    func present() throws -> [String] {
        try connection.rows(
            "select path_text from likeness.image_files where vanished_at is null order by path"
        ).map { row in
            let path: String = try row[0]
            return String(path.dropFirst(folder.path.string.utf8.count + 1))
        }
    }

    func count(_ query: SQL) throws -> Int { try connection.firstRow(query)?[0] ?? -1 }

    /// Every copy that a table of lineage tells of: its digest, parent, operations, seed and ordinal.
    func lineage(_ table: String) throws -> [String] {
        let digest = table == "augmentations" ? "i.content_sha256" : "a.child_sha256"
        let join = table == "augmentations" ? "join likeness.images i on i.id = a.child" : ""
        return try connection.rows(
            """
            select encode(\(raw: digest), 'hex') || concat_ws(' ', '', parent, recipe, seed, ordinal)
            from likeness.\(raw: table) a \(raw: join) order by 1
            """
        ).map { try $0[0] }
    }

    /// Waits until the catalog has these files and the queue is empty.
    func becomes(_ names: [String], _ daemons: RunningLikeness...) async throws {
        try await eventually(
            "\(names) are in the catalog",
            explanation: {
                "\((try? present()) ?? []) \(daemons.map { $0.errors.suffix(1_500) }.joined(separator: "\n"))"
            }
        ) { try present() == names.sorted() && count("select count(*) from likeness.ingest_queue") == 0 }
    }

    func end(_ daemon: RunningLikeness) async throws {
        daemon.send(SIGTERM)
        try await eventually("the daemon ends", explanation: { String(daemon.errors.suffix(1_500)) }) {
            daemon.status != nil
        }
        #expect(daemon.status == 0, "\(daemon.errors)")
    }
}
