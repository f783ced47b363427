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
        let folder = try SharedData.path("photos/vehicles/car").string
        let likeness = LikenessBinary(home: home.path, environment: ["LIKENESS_MODEL": "structure-2048"])
        // Stopped workers see nothing and hear nothing, and are ended all the same.
        let killed = try await likeness.shell(
            """
            likeness ingest "$FOLDER" & ingest=$!
            workers=
            until [ -n "$workers" ]; do kill -0 $ingest; workers=$(cat /proc/$ingest/task/*/children); done
            # By then they are bound to their parent.
            for worker in $workers; do
                until grep -q 'Max open files *16 ' /proc/$worker/limits; do kill -0 $ingest; done
            done
            kill -STOP $workers
            kill -KILL $ingest
            for worker in $workers; do
                for try in {1..3000}; do
                    [ -z "$(tr -d '\\0' < /proc/$worker/cmdline 2> /dev/null)" ] && break
                    sleep 0.02
                done
                [ $try -lt 3000 ] && echo gone
            done
            """, variables: ["FOLDER": folder])
        #expect(killed.output.hasPrefix("gone\n"), "\(killed.errors)")
        let again = try await likeness("ingest", "--format", "csv", folder)
        #expect(again.status == 0, "\(again.errors)")
        let line = try #require(again.output.split(whereSeparator: \.isNewline).last)
        let counts = line.split(separator: ",").compactMap { Int($0) }
        #expect(counts.count == 5 && counts[0] == 800 && counts[1] + counts[2] + counts[3] == 800)
        let rows = try await likeness(
            "db", "psql", "--", "-Atc", "select count(*), count(distinct path) from likeness.image_files")
        #expect(rows.output == "800|800\n")
    }
}
