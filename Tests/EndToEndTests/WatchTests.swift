import Catalog
import Foundation
import Glibc
import Postgres
import SystemPackage
import TestSupport
import Testing

/// The ingest daemon as people run it: the built program over real folders and a real database.
@Suite struct WatchTests {
    private let watched: WatchedFolder

    init() throws { watched = try WatchedFolder() }

    @Test func `what is there, what comes and what goes is in the catalog`() async throws {
        try watched.add("a.jpg")
        try watched.add("deep/er/b.jpg")
        let daemon = try watched.daemon()
        try await watched.becomes(["a.jpg", "deep/er/b.jpg"], daemon)
        try watched.add("new/folder/c.jpg")
        try watched.remove("a.jpg")
        try await watched.becomes(["deep/er/b.jpg", "new/folder/c.jpg"], daemon)
        // Policy keep: it stays in the answers.
        #expect(try watched.count("select count(*) from likeness.images where state = 'active'") == 3)
        try await watched.end(daemon)
    }

    @Test func `a moved file or folder keeps its pictures, and they never leave the answers`() async throws {
        for number in 0..<5 { try watched.add("before/\(number).jpg") }
        let daemon = try watched.daemon("--on-vanish", "hide")
        let names = (0..<5).map { "before/\($0).jpg" }
        try await watched.becomes(names, daemon)
        let changes = try watched.count("select count(*) from likeness.embedding_changes")
        try watched.move("before", to: "after/all")
        try watched.move("after/all/0.jpg", to: "top.jpg")
        try await watched.becomes((1..<5).map { "after/all/\($0).jpg" } + ["top.jpg"], daemon)
        #expect(try watched.count("select count(*) from likeness.images") == 5)
        #expect(try watched.count("select count(*) from likeness.embedding_changes") == changes)
        try await watched.end(daemon)
    }

    @Test func `a folder that goes and comes back loses what it lacks now, and nothing else`() async throws {
        for number in 0..<5 { try watched.add("in/\(number).jpg") }
        let daemon = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes((0..<5).map { "in/\($0).jpg" }, daemon)
        try watched.move("in", to: "out")
        try watched.move("out", to: "in")
        try watched.remove("in/0.jpg")
        try await watched.becomes((1..<5).map { "in/\($0).jpg" }, daemon)
        #expect(try watched.count("select count(*) from likeness.images where state = 'vanished'") == 1)
        try await watched.end(daemon)
    }

    @Test func `what went before a kill and was not called gone yet is found by the next start`() async throws {
        try watched.add("a.jpg")
        try watched.add("b.jpg")
        let first = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes(["a.jpg", "b.jpg"], first)
        try await watched.end(first)
        // This one waits an hour before it believes that something went.
        let second = try watched.daemon("--on-vanish", "hide", "--settle", "1h")
        try await eventually("scanned", explanation: { second.errors }) { second.errors.contains("scanned") }
        try watched.remove("a.jpg")
        // It came later: when it is in, the daemon has noticed what went.
        try watched.add("c.jpg")
        try await watched.becomes(["a.jpg", "b.jpg", "c.jpg"], second)
        second.send(SIGKILL)
        try await eventually("killed") { second.status != nil }
        #expect(try watched.present() == ["a.jpg", "b.jpg", "c.jpg"])
        let third = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes(["b.jpg", "c.jpg"], third)
        #expect(try watched.count("select count(*) from likeness.images where state = 'vanished'") == 1)
        try await watched.end(third)
    }

    @Test func `a picture without files is hidden when that is the policy, and comes back with its file`() async throws
    {
        try watched.add("a.jpg")
        let daemon = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes(["a.jpg"], daemon)
        let kept = try TemporaryFolder()
        let away = kept.path.appending("a.jpg").string
        try FileManager.default.copyItem(atPath: watched.folder.path.appending("a.jpg").string, toPath: away)
        try watched.remove("a.jpg")
        try await watched.becomes([], daemon)
        #expect(try watched.count("select count(*) from likeness.images where state = 'vanished'") == 1)
        try FileManager.default.copyItem(atPath: away, toPath: watched.folder.path.appending("back.jpg").string)
        try await watched.becomes(["back.jpg"], daemon)
        #expect(try watched.count("select count(*) from likeness.images where state = 'active'") == 1)
        #expect(try watched.count("select count(*) from likeness.images") == 1)
        try await watched.end(daemon)
    }

    @Test func `a root that is away loses nothing, and what changed meanwhile is found`() async throws {
        try watched.add("root/a.jpg")
        try watched.add("root/b.jpg")
        let root = watched.folder.path.appending("root")
        let daemon = try watched.daemon("--on-vanish", "hide", over: [root])
        try await watched.becomes(["root/a.jpg", "root/b.jpg"], daemon)
        try watched.move("root", to: "away")
        try await eventually("it says so", explanation: { daemon.errors }) {
            daemon.errors.contains("a root is not there; nothing in it counts as gone")
        }
        #expect(try watched.present() == ["root/a.jpg", "root/b.jpg"])
        // An empty folder at its place has no marker: the disk is not mounted.
        try FileManager.default.createDirectory(atPath: root.string, withIntermediateDirectories: false)
        let why = try await watched.likeness("explain", root.appending("a.jpg").string)
        #expect(why.output.contains("is not available"), "\(why.output)\(why.errors)")
        try FileManager.default.removeItem(atPath: root.string)
        try watched.remove("away/b.jpg")
        try watched.move("away", to: "root")
        try await watched.becomes(["root/a.jpg"], daemon)
        #expect(try watched.count("select count(*) from likeness.images where state = 'active'") == 1)
        try await watched.end(daemon)
    }

    @Test func `what cannot be ingested is recorded, explained, and taken when it changes`() async throws {
        try watched.add("good.jpg")
        let good = watched.folder.path.appending("good.jpg").string
        let bad = watched.folder.path.appending("bad.jpg").string
        let bytes = try Data(contentsOf: URL(filePath: good))
        try bytes.prefix(1_000).write(to: URL(filePath: bad))
        try watched.add("ignored/c.jpg")
        try Data("ignored/\n".utf8).write(to: URL(filePath: watched.folder.path.appending(".likenessignore").string))
        let daemon = try watched.daemon()
        try await watched.becomes(["good.jpg"], daemon)
        #expect(try watched.count("select count(*) from likeness.ingest_failures where next_retry_at is null") == 1)
        let answers: [(String, String)] = [
            ("good.jpg", "in the catalog as image #"), ("bad.jpg", "refused as truncated: the file is cut off"),
            ("ignored/c.jpg", "ignored by \(watched.folder.path)/.likenessignore:1: ignored/"),
            ("none.jpg", "there is no such file"),
        ]
        for (name, answer) in answers {
            let run = try await watched.likeness("explain", watched.folder.path.appending(name).string)
            #expect(run.status == 0 && run.output.contains(answer), "\(name): \(run.output)\(run.errors)")
        }
        let outside = try await watched.likeness(
            "explain", try SharedData.path("photos/vehicles/truck/truck1.jpg").string)
        #expect(outside.output.contains("in no folder that is watched"), "\(outside.output)")
        // Another picture under the name of the bad one.
        try watched.add("ignored/d.jpg")
        try watched.remove("bad.jpg")
        try watched.move("ignored/d.jpg", to: "bad.jpg")
        try await watched.becomes(["bad.jpg", "good.jpg"], daemon)
        #expect(try watched.count("select count(*) from likeness.ingest_failures") == 0)
        try await watched.end(daemon)
    }

    @Test func `a second start reads nothing that size and time vouch for`() async throws {
        for number in 0..<20 { try watched.add("\(number).jpg") }
        let names = (0..<20).map { "\($0).jpg" }
        let first = try watched.daemon()
        try await watched.becomes(names, first)
        try await watched.end(first)
        // Whatever is read anew fails.
        for name in names { chmod(watched.folder.path.appending(name).string, 0) }
        let second = try watched.daemon()
        try await eventually("scanned", explanation: { second.errors }) { second.errors.contains("scanned") }
        try watched.add("more.jpg")
        try await watched.becomes(names + ["more.jpg"], second)
        try await watched.end(second)
        #expect(second.errors.contains("files=1"), "\(second.errors)")
    }

    @Test func `two daemons share the work, and no picture is done twice`() async throws {
        for number in 0..<300 { try watched.add("\(number % 7)/\(number).jpg") }
        let daemons = [try watched.daemon(), try watched.daemon()]
        let names = (0..<300).map { "\($0 % 7)/\($0).jpg" }
        try await watched.becomes(names, daemons[0], daemons[1])
        for daemon in daemons { try await watched.end(daemon) }
        let done = daemons.map { daemon in
            daemon.errors.split(separator: "\n").last { $0.contains("stopped") }
                .flatMap { $0.firstMatch(of: /files=(\d+)/).flatMap { Int($0.output.1) } } ?? 0
        }
        #expect(done.reduce(0, +) == 300, "\(done)")
        #expect(try watched.count("select count(*) from likeness.embedding_changes") == 300)
    }

    @Test func `folders that lie in each other are refused`() async throws {
        try watched.add("inner/a.jpg")
        let inner = watched.folder.path.appending("inner").string
        let run = try await watched.likeness("watch", watched.folder.path.string, inner)
        #expect(run.status == 64 && run.errors.contains("lies in"), "\(run.errors)")
    }
}
