import Foundation
import Postgres
import SystemPackage
import TestSupport
import Testing

/// `likeness augment` where it cannot write, and where people do not expect to write.
@Suite struct AugmentTroubleTests {
    private let watched: WatchedFolder
    private let output: TemporaryFolder

    init() throws {
        watched = try WatchedFolder()
        output = try TemporaryFolder(isReachableByAll: true)
    }

    /// The disk is full from the eighth copy on, when it is written and when it gets its name.
    @Test(arguments: ["write:8+:ENOSPC:.partial", "rename:8+:ENOSPC:copies"])
    func `a full disk leaves whole copies, and with room the end is that of one clean run`(fault: String) async throws {
        try await ingestOriginals(3)
        let (copies, clean) = (output.path.appending("copies"), output.path.appending("clean"))
        #expect(try await augment("--no-ingest", to: clean).status == 0)
        let expected = try files(in: clean)
        let announced = try watched.lineage("pending_lineage")
        #expect(expected.count == 60 && announced.count == 60)
        try watched.connection.execute("delete from likeness.pending_lineage")

        let library = LikenessBinary.path.removingLastComponent().appending("libFaultInjection.so").string
        let full = try await watched.likeness.shell(
            "likeness augment --count 20 --output '\(copies.string)'",
            variables: ["LD_PRELOAD": library, "LIKENESS_FAULT": fault])
        #expect(full.status == 73, "\(full.output)\(full.errors)")
        let words = full.errors.split(separator: "\n").map(String.init)
        #expect(words.contains { $0.hasPrefix("error: cannot write ") && $0.hasSuffix(": no space left on device") })
        #expect(words.contains("detail: The copies that are there are whole; the same command goes on from there."))
        #expect(words.contains("hint: Make room: df -h '\(copies.string)'"), "\(full.errors)")
        let left = try files(in: copies)
        #expect(left.count == 7 && left.allSatisfy { expected[$0.key] == $0.value }, "\(left.keys.sorted())")

        let again = try await augment("--format", "json", to: copies)
        #expect(again.status == 0 && again.output.contains(#""unchanged" : 7"#), "\(again.output)\(again.errors)")
        #expect(try files(in: copies) == expected)
        #expect(try watched.lineage("augmentations") == announced)
        #expect(try watched.count("select count(*) from likeness.images") == 63)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 0)
    }

    @Test func `a place where nobody can write is refused with a status of its own`() async throws {
        try await ingestOriginals(1)
        // The system makes no folders and files for anybody there, whatever the rights are.
        for folder in ["/proc/copies", "/proc/self/copies", "/proc/self/fdinfo"] {
            let run = try await augment(to: FilePath(folder))
            #expect(run.status == 73 && run.errors.hasPrefix("error: cannot write /proc/"), "\(run.errors)")
        }
        let file = watched.folder.path.appending("0.jpg")
        let run = try await augment(to: file)
        #expect(run.status == 73 && run.errors.contains("0.jpg: not a directory"), "\(run.errors)")
        #expect(try watched.count("select count(*) from likeness.augmentations") == 0)
        #expect(try watched.count("select count(*) from likeness.images") == 1)
    }

    @Test func `copies in a folder below watched originals are copies, and none is made of them`() async throws {
        try watched.add("0.jpg")
        try watched.add("1.jpg")
        let daemon = try watched.daemon()
        try await watched.becomes(["0.jpg", "1.jpg"], daemon)
        try await eventually("it says that it works", explanation: { daemon.errors }) {
            try watched.count("select count(*) from likeness.ingest_activity") == 1
        }
        let copies = watched.folder.path.appending("copies")
        for _ in 0..<2 {
            let run = try await augment("--format", "json", to: copies)
            #expect(run.status == 0 && run.output.contains(#""originals" : 2"#), "\(run.output)\(run.errors)")
            #expect(run.errors.contains("an ingest daemon watches"))
            try await eventually("the daemon has taken them", explanation: { daemon.errors }) {
                try watched.count("select count(*) from likeness.images") == 42
                    && watched.count("select count(*) from likeness.ingest_queue") == 0
            }
        }
        try await watched.end(daemon)
        #expect(try watched.count("select count(*) from likeness.augmentations where depth = 1") == 40)
        #expect(try watched.count("select count(*) from likeness.pending_lineage") == 0)
    }

    @Test func `a folder with any original in it is refused, whichever originals are meant`() async throws {
        try await ingestOriginals(2)
        let other = watched.folder.path.appending("other")
        try watched.move("1.jpg", to: "other/1.jpg")
        #expect(try await watched.likeness("ingest", watched.folder.path.string).status == 0)
        for folder in [watched.folder.path, other] {
            let run = try await augment("--where", "path like '%/0.jpg'", to: folder)
            #expect(run.status == 64 && run.errors.contains("lies in the output folder"), "\(run.errors)")
        }
        let beside = try await augment("--where", "path like '%/0.jpg'", to: watched.folder.path.appending("copies"))
        #expect(beside.status == 0, "\(beside.errors)")
    }

    private func ingestOriginals(_ count: Int) async throws {
        for number in 0..<count { try watched.add("\(number).jpg") }
        let run = try await watched.likeness("ingest", watched.folder.path.string)
        try #require(run.status == 0, "\(run.errors)")
    }

    private func augment(_ options: String..., to folder: FilePath) async throws -> LikenessBinary.Run {
        try await watched.likeness.run(["augment", "--count", "20", "--output", folder.string] + options)
    }

    /// The bytes of each file of a folder by its name, hidden ones included.
    private func files(in folder: FilePath) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string)
        return Dictionary(
            uniqueKeysWithValues: try names.map {
                ($0, try Data(contentsOf: URL(filePath: folder.appending($0).string)))
            })
    }
}
