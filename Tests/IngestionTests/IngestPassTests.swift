import Catalog
import Embeddings
import Glibc
import Ingestion
import Postgres
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct IngestPassTests {
    private func migrated() throws -> TestDatabase {
        let template = try TestServer.shared.template(named: "ingestion_tests") { target in
            let connection = try Connection(target)
            try Migrator().migrate(connection)
            connection.close()
        }
        return try TestServer.shared.makeDatabase(template: template)
    }

    @Test func `a pass over several groups counts every file once, and a second one changes nothing`() async throws {
        let scene = try Scene()
        for number in 1...150 {
            let bytes = try photo("photos/vehicles/truck/truck\(number % 70 + 1).jpg")
            try scene.write(number % 50 == 0 ? Array(bytes.prefix(700)) : bytes, "\(1000 + number).jpg")
        }
        let test = try migrated()
        let database = Database(test.target)
        let descriptor = StructureDescriptor()
        let identity = ModelIdentity(
            architecture: descriptor.model.architecture,
            weights: ContentDigest(rawValue: descriptor.model.weightsSHA256), dimension: descriptor.model.dimension,
            preprocessing: descriptor.model.preprocessing, precision: descriptor.model.precision.rawValue)
        let model = try await database.run { try Catalog($0).addModel(name: "structure", identity: identity) }
        let pass = IngestPass(database: database, intake: scene.intake, model: model)
        let events = Mutex<(done: [Int], failed: [String])>(([], []))
        let paths = [Array(scene.folder.path.string.utf8)]
        let first = try await pass.run(paths) { event in
            events.withLock { events in
                switch event {
                case .progress(let done, let total, _, _):
                    #expect(total == 150)
                    events.done.append(done)
                case .failure(let failure): events.failed.append(failure.errorClass)
                }
            }
        }
        #expect(first.seen == 150 && first.failed == 3)
        #expect(first.added + first.copies == 147 && first.unchanged == 0)
        #expect(first.added == scene.embedded)
        let (done, failed) = events.withLock { ($0.done, $0.failed) }
        #expect(done.max() == 150 && failed == Array(repeating: "truncated", count: 3))
        let rows = try await database.run { connection -> [Int64] in
            let row = try connection.rows(
                """
                select (select count(*) from likeness.images where pixel_sha256 is not null and blur is not null),
                    (select count(*) from likeness.embeddings), (select count(*) from likeness.image_files
                    where device is not null and inode is not null), (select count(*) from likeness.ingest_failures)
                """)[0]
            return [try row[0], try row[1], try row[2], try row[3]]
        }
        #expect(rows == [Int64(first.added), Int64(first.added), 147, 3])
        let second = try await pass.run(paths) { _ in }
        #expect(second.unchanged == 147 && second.failed == 3 && second.added == 0 && second.copies == 0)
        #expect(scene.embedded == first.added)
    }

    @Test func `workers die with the process that is killed, and the next pass does what is left`() async throws {
        let home = try HomeWithDatabase()
        let folder = try TemporaryFolder()
        let scene = try Scene()
        try scene.write(slowPicture(), to: folder.path.appending("slow.jpg"))
        let environment = ["LIKENESS_MODEL": "structure-2048"]
        let running = try RunningLikeness(
            ["ingest", folder.path.string], home: home.path, errorsIn: scene.folder.path, environment: environment)
        func workers() -> [pid_t] {
            processes { command in
                command.contains("decode-worker")
                    && command.firstMatch(of: /"parent":(\d+)/)?.1 == "\(running.processID)"
            }
        }
        try await eventually("a worker decodes", explanation: { running.errors }) {
            workers().contains { computed($0) >= 20 }
        }
        running.send(SIGKILL)
        try await eventually("the workers are gone") { workers().isEmpty }
        let again = try await LikenessBinary(home: home.path, environment: environment)("ingest", folder.path.string)
        #expect(again.status == 0 && again.output.contains("1 added"), "\(again.output) \(again.errors)")
    }
}
