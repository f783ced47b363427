import Catalog
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Databases in a state in which nothing can be done: each gets one clear error, its exit status and the way out.
@Suite struct DatabaseTroubleTests {
    private let folder: TemporaryFolder
    private let likeness: LikenessBinary

    init() throws {
        folder = try TemporaryFolder(isReachableByAll: true)
        likeness = LikenessBinary(home: folder.path, environment: ["LIKENESS_MODEL": "structure-2048"])
    }

    private var photo: String { get throws { try SharedData.path("photos/vehicles/truck/truck1.jpg").string } }

    @Test func `a database that was not migrated is refused with the command that does it`() async throws {
        let database = try TestServer.shared.makeDatabase()
        let refused = try await likeness("ingest", "--database-url", database.target.url, try photo)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("error: the database has no likeness schema"))
        #expect(refused.errors.contains("likeness migrate"))
        #expect(try await likeness("migrate", "--database-url", database.target.url).status == 0)
        #expect(try await likeness("ingest", "--database-url", database.target.url, try photo).status == 0)
    }

    @Test func `a database that a newer likeness migrated is refused by name`() async throws {
        let database = try TestServer.shared.makeDatabase()
        #expect(try await likeness("migrate", "--database-url", database.target.url).status == 0)
        try database.connect().execute(
            """
            insert into likeness.schema_migrations (version, name, sha256)
            select max(version) + 1, '9999_of_the_future', sha256('x'::bytea) from likeness.schema_migrations
            """)
        for command in [["status"], ["ingest", try photo], ["migrate"]] {
            let run = try await likeness.run(command + ["--database-url", database.target.url])
            #expect(run.status == 1)
            #expect(run.errors.contains("9999_of_the_future"), "\(run.errors)")
        }
    }

    @Test func `a database that takes no writes says so, and what only reads goes on`() async throws {
        let database = try TestServer.shared.makeDatabase()
        #expect(try await likeness("migrate", "--database-url", database.target.url).status == 0)
        #expect(try await likeness("ingest", "--database-url", database.target.url, try photo).status == 0)
        try database.connect().execute(
            "alter database \(identifier: database.name) set default_transaction_read_only = on")
        let other = try SharedData.path("photos/vehicles/truck/truck2.jpg").string
        let run = try await likeness("ingest", "--database-url", database.target.url, other)
        #expect(run.status != 0)
        #expect(run.errors.contains("read-only"), "\(run.errors)")
        #expect(try await likeness("status", "--database-url", database.target.url).status == 0)
    }

    @Test func `index files of another database answer nothing, and sync makes them those of this one`() async throws {
        let databases = [try TestServer.shared.makeDatabase(), try TestServer.shared.makeDatabase()]
        defer { withExtendedLifetime(databases) {} }
        for (database, kind) in zip(databases, ["truck", "bike"]) {
            let photo = try SharedData.path("photos/vehicles/\(kind)/\(kind)1.jpg").string
            let url = ["--database-url", database.target.url]
            for command in [["migrate"], ["ingest", photo], ["index", "create", "default", "--type", "flat"]] {
                #expect(try await likeness.run(command + url).status == 0)
            }
        }
        let (first, second) = (databases[0].target.url, databases[1].target.url)
        #expect(try await likeness("sync", "--once", "--database-url", first).status == 0)
        let foreign = try await likeness("query", "--id", "1", "--database-url", second)
        #expect(foreign.status == 1 && foreign.output.isEmpty)
        #expect(foreign.errors.contains("likeness sync --once"), "\(foreign.errors)")
        #expect(try await likeness("verify", "--database-url", second).status == 1)
        #expect(try await likeness("sync", "--once", "--database-url", second).status == 0)
        let own = try await likeness("query", "--id", "1", "--database-url", second)
        #expect(own.output.contains("0.00000") && own.output.contains("bike1.jpg"))
        #expect(try await likeness("verify", "--database-url", second).status == 0)
    }

    @Test func `index files that are ahead of a database that was restored are written anew`() async throws {
        let database = try TestServer.shared.makeDatabase()
        let url = ["--database-url", database.target.url]
        for command in [["migrate"], ["ingest", try photo], ["index", "create", "default", "--type", "flat"]] {
            #expect(try await likeness.run(command + url).status == 0)
        }
        #expect(try await likeness.run(["sync", "--once"] + url).status == 0)
        #expect(try await !likeness.run(["sync", "--once"] + url).errors.contains("rebuilt"))
        // A backup knows fewer writers than the files do, and gives out the same transaction numbers again.
        try database.connect().execute("update likeness.index_stores set fencing = 1")
        let run = try await likeness.run(["sync", "--once"] + url)
        #expect(run.status == 0)
        #expect(run.errors.contains("the database is in an earlier state than the files"), "\(run.errors)")
        #expect(try await !likeness.run(["sync", "--once"] + url).errors.contains("rebuilt"))
        #expect(try await likeness.run(["verify"] + url).status == 0)
    }

    @Test func `weights that lack a tensor or have another shape are refused by its name`() async throws {
        let database = try TestServer.shared.makeDatabase()
        #expect(try await likeness("migrate", "--database-url", database.target.url).status == 0)
        let file = folder.path.appending("weights.safetensors")
        let header = #"{"conv1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        bytes += Array(header.utf8) + [0, 0, 0, 0]
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        _ = try descriptor.closeAfter { try descriptor.writeAll(bytes) }
        let wrong = try await likeness("model", "add", "--database-url", database.target.url, file.string)
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("conv1.weight"), "\(wrong.errors)")
        #expect(wrong.errors.contains("has shape [1], not [64, 3, 7, 7]"), "\(wrong.errors)")
        let missing = try await likeness(
            "model", "add", "--database-url", database.target.url, folder.path.appending("none").string)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("no weights file at"), "\(missing.errors)")
    }

    @Test func `model fetch downloads, pins the hash and refuses another file under the same address`() async throws {
        let database = try TestServer.shared.makeDatabase()
        #expect(try await likeness("migrate", "--database-url", database.target.url).status == 0)
        let source = folder.path.appending("source.safetensors")
        let weights = try SharedData.path("models/resnet50-pqf.safetensors")
        #expect(try await likeness.shell("cp '\(weights)' '\(source)'").status == 0)
        let arguments = ["model", "fetch", "--url", "file://\(source)", "--database-url", database.target.url]
        let fetched = try await likeness.run(arguments)
        #expect(fetched.status == 0, "\(fetched.errors)")
        #expect(fetched.output.contains("resnet50"))
        #expect(try await likeness.run(arguments).status == 0)
        #expect(try await likeness.shell("printf x >> '\(source)'").status == 0)
        let changed = try await likeness.run(arguments)
        #expect(changed.status == 1)
        #expect(changed.errors.contains("which it had the first time"))
        #expect(changed.errors.contains("--accept-changed"))
        let none = try await likeness(
            "model", "fetch", "--url", "file:///no/such/file", "--database-url", database.target.url)
        #expect(none.status == 1)
        #expect(none.errors.contains("file:///no/such/file was not downloaded"))
        #expect(none.errors.contains("structure-2048"))
        // What is no file of weights is neither kept nor pinned.
        let page = folder.path.appending("page.html")
        #expect(try await likeness.shell("echo '<html>log in</html>' > '\(page)'").status == 0)
        let portal = ["model", "fetch", "--url", "file://\(page)", "--database-url", database.target.url]
        #expect(try await likeness.run(portal).status == 1)
        #expect(try await likeness.shell("cp '\(weights)' '\(page)'").status == 0)
        let real = try await likeness.run(portal)
        #expect(real.status == 0, "\(real.errors)")
    }
}
