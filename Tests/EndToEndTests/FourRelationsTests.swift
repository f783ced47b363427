import Foundation
import SystemPackage
import TestSupport
import Testing

/// Exact copies, the same pixels, lineage and near-duplicates: real photos through the built program, told apart in every report.
@Suite struct FourRelationsTests {
    private let watched: WatchedFolder
    private let copies: TemporaryFolder

    init() throws {
        watched = try WatchedFolder()
        copies = try TemporaryFolder(isReachableByAll: true)
    }

    @Test func `a copy, a copy saved again, an augmented copy and a picture that is merely alike are four things`()
        async throws
    {
        let original = try watched.photo(0)
        try write(original, "original.jpg")
        try write(original, "copy.jpg")
        try write(withComment(original), "saved again.jpg")
        try write(watched.photo(1), "another.jpg")
        try await run("ingest", watched.folder.path.string)
        let recipe = copies.path.appending("recipe.json")
        try Data(#"[{"operation": "jpeg", "quality": [70, 70]}]"#.utf8).write(to: URL(filePath: recipe.string))
        let made = copies.path.appending("made")
        try await run(
            "augment", "--count", "1", "--recipe", recipe.string, "--output", made.string, "--where",
            "path like '%/original.jpg' or path like '%/copy.jpg'")
        // Of the same pixels as the augmented copy, but nobody says what it was made from.
        let names = try FileManager.default.contentsOfDirectory(atPath: made.string).filter { $0.hasSuffix(".jpg") }
        let name = try #require(names.first)
        #expect(names.count == 1)
        let augmented = try Data(contentsOf: URL(filePath: made.appending(name).string))
        try write(withComment(augmented), "alike.jpg")
        try await run("ingest", watched.folder.path.string)
        try await run("index", "create", "default", "--type", "flat")

        let synced = try await watched.likeness("sync", "--once")
        #expect(synced.status == 0)
        #expect(synced.errors.contains("searched the near-duplicates of 5 pictures"), "\(synced.errors)")
        let status = try await watched.likeness("status", "--format", "json")
        #expect(status.output.contains(#""neighbors_pending" : 0"#), "\(status.output)")

        let near = try await report("near_duplicates", "--where", "first_path not like '%/another.jpg'")
        let relations = Set(
            near.map { row in
                let names = ["first_path", "second_path"].map {
                    String((row[$0] ?? "").split(separator: "/").last ?? "")
                }
                return names.map { $0 == "copy.jpg" ? "original.jpg" : $0 }.sorted().joined(separator: " + ")
                    + ": \(row["relation"] ?? "")"
            })
        let copy = name
        #expect(
            relations == [
                "original.jpg + saved again.jpg: same_pixels",
                "\([copy, "original.jpg"].sorted().joined(separator: " + ")): lineage",
                "alike.jpg + original.jpg: near_duplicate", "alike.jpg + saved again.jpg: near_duplicate",
                "\([copy, "saved again.jpg"].sorted().joined(separator: " + ")): near_duplicate",
                "\(["alike.jpg", copy].sorted().joined(separator: " + ")): same_pixels",
            ])
        #expect(try await report("duplicate_groups").map { $0["pictures"] } == ["4"])
        #expect(try await report("exact_duplicates").map { $0["files"] } == ["2"])
        #expect(try await report("same_pixels").map { $0["pictures"] } == ["2", "2"])
        #expect(try await report("families_by_size").map { $0["pictures"] } == ["2"])
        #expect(try await report("lineage_tree").count == 2)

        // What a person judged stays, however often it is synchronized.
        let alike = watched.folder.path.appending("alike.jpg").string
        let first = watched.folder.path.appending("original.jpg").string
        try await run("duplicates", "judge", first, alike, "--different")
        try await run("sync", "--once")
        let after = try await report("near_duplicates")
        #expect(after.count == near.count - 1)
    }

    private func write(_ bytes: Data, _ name: String) throws {
        try bytes.write(to: URL(filePath: watched.folder.path.appending(name).string))
    }

    /// The same picture in other bytes: a comment stands before everything else.
    private func withComment(_ jpeg: Data) -> Data {
        jpeg.prefix(2) + Data([0xFF, 0xFE, 0, 4]) + Data("hi".utf8) + jpeg.dropFirst(2)
    }

    private func run(_ arguments: String...) async throws {
        let run = try await watched.likeness.run(arguments)
        try #require(run.status == 0, "\(arguments): \(run.errors)")
    }

    /// The rows of a report, each number and text as text.
    private func report(_ name: String, _ options: String...) async throws -> [[String: String]] {
        let run = try await watched.likeness.run(["report", name, "--format", "json"] + options)
        try #require(run.status == 0, "\(name): \(run.errors)")
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
        return rows.map { row in row.mapValues { "\($0)" } }
    }
}
