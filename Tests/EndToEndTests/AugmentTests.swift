import Foundation
import Glibc
import Postgres
import SystemPackage
import TestSupport
import Testing

/// `likeness augment` as people run it: the built program, real photos, a real database.
@Suite struct AugmentTests {
    private let watched: WatchedFolder
    private let output: TemporaryFolder

    init() throws {
        watched = try WatchedFolder()
        output = try TemporaryFolder(isReachableByAll: true)
    }

    @Test func `copies are written, ingested, and known by what they were made from`() async throws {
        try await ingestOriginals(3)
        let run = try await augment("--count", "4", "--seed", "7", "--format", "json")
        #expect(run.status == 0, "\(run.errors)")
        for line in [#""copies" : 12"#, #""written" : 12"#, #""unchanged" : 0"#, #""added" : 12"#] {
            #expect(run.output.contains(line), "\(line) is not in \(run.output)")
        }
        #expect(try files().count == 12)
        #expect(
            try watched.count(
                """
                select count(*) from likeness.augmentations
                where seed = 7 and depth = 1 and jsonb_array_length(recipe) between 6 and 7
                """) == 12)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 0)
        #expect(try watched.count("select count(distinct parent) from likeness.augmentations") == 3)
        // Copies are no originals: the second run makes none of them, and nothing anew.
        let again = try await augment("--count", "4", "--seed", "7", "--format", "json")
        #expect(again.output.contains(#""unchanged" : 12"#) && again.output.contains(#""written" : 0"#), "\(again)")
        #expect(try watched.count("select count(*) from likeness.images") == 15)
    }

    @Test func `one seed gives the same files in any folder, another seed gives others`() async throws {
        try await ingestOriginals(2)
        let (same, other) = (try TemporaryFolder(), try TemporaryFolder())
        #expect(try await augment("--count", "3", "--no-ingest").status == 0)
        #expect(try await augment("--count", "3", "--no-ingest", to: same.path).status == 0)
        #expect(try await augment("--count", "3", "--seed", "1", "--no-ingest", to: other.path).status == 0)
        let first = try files()
        #expect(first.count == 6)
        #expect(try files(in: same.path) == first)
        #expect(Set(try files(in: other.path).values).isDisjoint(with: first.values))
        // Nothing was ingested; the lineage waits.
        #expect(try watched.count("select count(*) from likeness.images") == 2)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 12)
    }

    /// `LIKENESS_AUGMENT_KILLS` says how often, at most 100.
    @Test func `killed again and again it ends with the files and the lineage of one clean run`() async throws {
        let kills = ProcessInfo.processInfo.environment["LIKENESS_AUGMENT_KILLS"].flatMap { Int($0) } ?? 6
        try await ingestOriginals(6)
        let clean = try TemporaryFolder(isReachableByAll: true)
        #expect(try await augment("--count", "60", "--no-ingest", to: clean.path).status == 0)
        let announced = try watched.lineage("pending_lineage")
        try watched.connection.execute("delete from likeness.pending_lineage")
        let logs = try TemporaryFolder()
        for round in 0..<kills {
            // Always before the last copy is there, whatever was written beside the one that it is killed at.
            let point = "rename:\(round % 3 + 1):\(round.isMultiple(of: 2) ? "kill" : "kill-after"):.jpg"
            let process = try watched.running(
                ["augment", "--count", "60", "--output", output.path.string], errorsIn: logs.path, fault: point)
            try await eventually("it is dead", explanation: { process.errors }) { process.status != nil }
            try #require(process.status == -SIGKILL, "\(point): \(process.errors)")
        }
        #expect(try files().count >= kills / 2 && files().count < 360)
        let last = try await augment("--count", "60", "--format", "json")
        #expect(last.status == 0, "\(last.errors)")
        #expect(try files() == files(in: clean.path))
        #expect(try watched.lineage("augmentations") == announced)
        #expect(try watched.count("select count(*) from likeness.images") == 366)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 0)
        print("\(kills) kills of augment: the files and the lineage are those of one clean run")
    }

    @Test func `a daemon over the output folder takes the copies, each once and with its lineage`() async throws {
        try await ingestOriginals(4)
        let daemon = try watched.daemon(over: [output.path])
        try await eventually("it watches", explanation: { daemon.errors }) {
            try watched.count("select count(*) from likeness.ingest_activity") == 1
        }
        let run = try await augment("--count", "25", "--format", "json")
        #expect(run.status == 0 && run.output.contains(#""ingest" : null"#), "\(run.output)\(run.errors)")
        #expect(run.errors.contains("an ingest daemon watches"))
        try await eventually("all are in", explanation: { daemon.errors }) {
            try watched.count("select count(*) from likeness.images") == 104
        }
        try await watched.end(daemon)
        #expect(try watched.count("select count(*) from likeness.augmentations") == 100)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 0)
        #expect(try watched.count("select count(*) from likeness.embedding_changes") == 104)
        #expect(try watched.count("select count(*) from likeness.ingest_failures") == 0)
    }

    @Test func `an original that is gone is named, and the others are copied`() async throws {
        try await ingestOriginals(3)
        try watched.remove("1.jpg")
        let run = try await augment("--count", "2", "--format", "json")
        #expect(run.status == 2)
        #expect(run.errors.contains("1.jpg: no such file or directory"), "\(run.errors)")
        #expect(run.output.contains(#""failed" : 2"#) && run.output.contains(#""written" : 4"#), "\(run.output)")
    }

    @Test func `a condition chooses the originals, and one with an error is refused`() async throws {
        try await ingestOriginals(3)
        let one = try await augment("--count", "2", "--no-ingest", "--where", "path like '%/2.jpg'")
        #expect(one.status == 0, "\(one.errors)")
        #expect(try files().keys.sorted() == ["2_0.jpg", "2_1.jpg"])
        let none = try await augment("--where", "width < 0")
        #expect(none.status == 1 && none.errors.contains("no picture that could have copies satisfies the condition"))
        let wrong = try await augment("--where", "widht > 0")
        #expect(wrong.status != 0 && wrong.errors.contains("widht"), "\(wrong.errors)")
        #expect(try files().count == 2)
    }

    @Test func `a bad recipe is refused by its line before anything is done`() async throws {
        let recipe = output.path.appending("recipe.json")
        let bad = [
            ("[\n{\"operation\": \"twist\"}\n]", ":2: there is no operation \"twist\""),
            ("[{\"operation\": \"rotate\", \"degrees\": [10, -10]}]", "rotate's \"degrees\" goes from 10 down to -10"),
        ]
        for (text, words) in bad {
            try Data(text.utf8).write(to: URL(filePath: recipe.string))
            let run = try await augment("--recipe", recipe.string, to: output.path.appending("new"))
            #expect(run.status == 64 && run.errors.contains(words), "\(run.errors)")
        }
        #expect(access(output.path.appending("new").string, F_OK) != 0)
    }

    @Test func `the recipe that is printed is the one that is used`() async throws {
        let printed = try await watched.likeness("augment", "--print-recipe")
        #expect(printed.status == 0)
        let recipe = watched.folder.path.appending("recipe.json")
        try Data(printed.output.utf8).write(to: URL(filePath: recipe.string))
        try await ingestOriginals(1)
        let other = try TemporaryFolder()
        #expect(try await augment("--count", "2", "--no-ingest").status == 0)
        let run = try await augment("--count", "2", "--no-ingest", "--recipe", recipe.string, to: other.path)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try files(in: other.path) == files())
    }

    @Test func `a folder that cannot take the copies is refused with a status of its own`() async throws {
        try await ingestOriginals(2)
        let inside = try await augment(to: watched.folder.path)
        #expect(inside.status == 64 && inside.errors.contains("lies in the output folder"), "\(inside.errors)")
        let file = try await augment(to: watched.folder.path.appending("0.jpg/copies"))
        #expect(file.status == 73 && file.errors.contains("cannot write"), "\(file.errors)")
        // Another file under the name of a copy stays as it is, and nothing is announced.
        let mine = output.path.appending("0_1.jpg").string
        try Data("mine".utf8).write(to: URL(filePath: mine))
        let other = try await augment("--count", "2", "--no-ingest")
        #expect(other.status == 73 && other.errors.contains("0_1.jpg is there already"), "\(other.errors)")
        #expect(try Data(contentsOf: URL(filePath: mine)) == Data("mine".utf8))
        #expect(
            try watched.count(
                """
                select count(*) from likeness.pending_lineage p
                where exists (select from likeness.image_files f where f.image = p.parent and f.path_text like '%/0.jpg')
                """) == 0)
    }

    @Test func `a second process for one folder is told to try again`() async throws {
        try await ingestOriginals(1)
        let descriptor = open(output.path.string, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let run = try await augment("--count", "1")
        #expect(run.status == 75 && run.errors.contains("another process writes copies to"), "\(run.errors)")
    }

    private func ingestOriginals(_ count: Int) async throws {
        for number in 0..<count { try watched.add("\(number).jpg") }
        let run = try await watched.likeness("ingest", watched.folder.path.string)
        try #require(run.status == 0, "\(run.errors)")
    }

    private func augment(_ options: String..., to folder: FilePath? = nil) async throws -> LikenessBinary.Run {
        try await watched.likeness.run(["augment", "--output", (folder ?? output.path).string] + options)
    }

    /// The bytes of each visible file of a folder by its name.
    private func files(in folder: FilePath? = nil) throws -> [String: Data] {
        let folder = folder ?? output.path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { !$0.hasPrefix(".") }
        return Dictionary(
            uniqueKeysWithValues: try names.map {
                ($0, try Data(contentsOf: URL(filePath: folder.appending($0).string)))
            })
    }
}
