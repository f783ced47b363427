import Faults
import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

/// What must not stop an ingest: every damaged file there is, and names of any bytes.
@Suite struct HostileInputTests {
    private let home: HomeWithDatabase
    private let likeness: LikenessBinary

    init() throws {
        home = try HomeWithDatabase()
        likeness = LikenessBinary(home: home.path, environment: ["LIKENESS_MODEL": "structure-2048"])
    }

    private struct Summary: Decodable, Equatable {
        let seen: Int
        let added: Int
        let unchanged: Int
        let copies: Int
        let failed: Int
    }

    @Test func `every damaged picture gets in or is named, and the rest is done`() async throws {
        let folder = try SharedData.path("bad-jpegs").string
        let run = try await likeness("ingest", "--format", "json", folder)
        #expect(run.status == 2, "\(run.errors)")
        let summary = try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
        #expect(summary.seen == summary.added + summary.unchanged + summary.copies + summary.failed)
        #expect(summary.added > 50 && summary.failed > 100)
        #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("error: ") } == summary.failed)
        // Each failure is on record, and a second pass adds nothing.
        let recorded = try await likeness(
            "db", "psql", "--", "-Atc", "select count(*) from likeness.ingest_failures")
        #expect(recorded.output == "\(summary.failed)\n")
        let again = try await likeness("ingest", "--format", "json", folder)
        let second = try JSONDecoder().decode(Summary.self, from: Data(again.output.utf8))
        #expect(second.added == 0 && second.failed == summary.failed && second.copies == 0)
    }

    @Test func `names of any bytes are ingested, found and printed on one line`() async throws {
        let folder = try TemporaryFolder()
        let picture = try Data(
            contentsOf: URL(filePath: try SharedData.path("photos/vehicles/truck/truck1.jpg").string))
        let names: [[UInt8]] = [
            Array("caf".utf8) + [0xE9] + Array(".jpg".utf8), Array("two\nlines 'and' \"quotes\".jpg".utf8),
            Array("--json".utf8), Array("$(rm -rf x);`id`.jpg".utf8),
            [UInt8](repeating: UInt8(ascii: "x"), count: 251) + Array(".jpg".utf8),
        ]
        let paths = names.map { folder.path.bytes + [UInt8(ascii: "/")] + $0 }
        for path in paths {
            let descriptor = (path + [0]).withUnsafeBytes {
                open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o600)
            }
            try #require(descriptor >= 0)
            try FileDescriptor(rawValue: descriptor).closeAfter {
                _ = try FileDescriptor(rawValue: descriptor).writeAll(picture)
            }
        }
        // Named one by one, behind --; then by their folder.
        let run = try await likeness.run(bytes: ["ingest", "--format", "json", "--"].map { Array($0.utf8) } + paths)
        #expect(run.status == 0, "\(run.errors)")
        let summary = try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
        #expect(summary == Summary(seen: 5, added: 1, unchanged: 0, copies: 4, failed: 0))
        let again = try await likeness("ingest", "--format", "json", folder.path.string)
        let second = try JSONDecoder().decode(Summary.self, from: Data(again.output.utf8))
        // "--json" is no picture by its name, but by its first bytes.
        #expect(second == Summary(seen: 5, added: 0, unchanged: 5, copies: 0, failed: 0))

        #expect(try await likeness("index", "create", "default", "--type", "flat").status == 0)
        #expect(try await likeness("sync", "--once").status == 0)
        let found = try await likeness.run(bytes: ["query", "-k", "1", "--"].map { Array($0.utf8) } + [paths[0]])
        #expect(found.status == 0, "\(found.errors)")
        #expect(found.output.contains("/caf\\xE9.jpg"))
        let lines = try await likeness.run(bytes: ["query", "-k", "1", "--"].map { Array($0.utf8) } + [paths[1]])
        #expect(lines.output.contains("two\\nlines 'and' \"quotes\".jpg"))
    }

    @Test func `a file that cannot be read is named with the reason`() async throws {
        let folder = try TemporaryFolder()
        mkdir(folder.path.appending("folder.jpg").string, 0o700)
        mkfifo(folder.path.appending("pipe.jpg").string, 0o600)
        let photo = try SharedData.path("photos/vehicles/truck/truck1.jpg").string
        #expect(try await likeness("ingest", photo).status == 0)
        #expect(try await likeness("index", "create", "default", "--type", "flat").status == 0)
        #expect(try await likeness("sync", "--once").status == 0)
        for (name, reason) in [
            ("folder.jpg", "is a folder, pipe, socket or device, not a file"),
            ("pipe.jpg", "is a folder, pipe, socket or device, not a file"), ("none.jpg", "no such file or directory"),
        ] {
            let run = try await likeness("query", folder.path.appending(name).string, photo)
            // The other question is answered all the same.
            #expect(run.status == 2)
            #expect(run.errors.contains("\(name): \(reason)"), "\(run.errors)")
            #expect(run.output.contains("0.00000"))
        }
    }
}
