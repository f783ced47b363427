import Postgres
import SystemPackage
import TestSupport
import Testing

/// `likeness roots` beside a daemon that watches.
@Suite struct RootsCommandTests {
    private let watched: WatchedFolder

    init() throws { watched = try WatchedFolder() }

    @Test func `a folder that is watched is not retired; a retired one is told of as such, and comes back`()
        async throws
    {
        try watched.add("a.jpg")
        try watched.add("b.jpg")
        let folder = watched.folder.path.string
        let daemon = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes(["a.jpg", "b.jpg"], daemon)
        let refused = try await watched.likeness("roots", "retire", folder)
        #expect(refused.status == 75)
        #expect(
            refused.errors.hasPrefix("error: the folder \(folder) is watched by process \(daemon.processID) on "),
            "\(refused.errors)")
        #expect(
            refused.errors.hasSuffix(
                "hint: Stop the daemon, or start it without this folder; then: likeness roots retire '\(folder)'\n"),
            "\(refused.errors)")
        let list = try await watched.likeness("roots", "list")
        #expect(
            list.output == """
                state   daemons  files  gone  failed  waiting  on-vanish  folder
                ------  -------  -----  ----  ------  -------  ---------  \(String(repeating: "-", count: folder.count))
                active        1      2     0       0        0  hide       \(folder)

                """, "\(list.output)\(list.errors)")
        try await watched.end(daemon)
        let retired = try await watched.likeness("roots", "retire", folder)
        #expect(
            retired.output == "retired \(folder): 2 files count as gone, 2 pictures left the answers\n",
            "\(retired.output)\(retired.errors)")
        let again = try await watched.likeness("roots", "retire", folder, "--format", "json")
        #expect(again.status == 0 && again.output.contains("\"files\" : 0"), "\(again.output)\(again.errors)")
        let why = try await watched.likeness("explain", watched.folder.path.appending("a.jpg").string)
        #expect(why.output.contains("in no folder that is watched"), "\(why.output)\(why.errors)")
        let kept = try await watched.likeness("roots", "retire", "--on-vanish", "keep", folder)
        #expect(
            kept.output
                == "retired \(folder): 0 files count as gone, 0 pictures left the answers, 2 came back\n",
            "\(kept.output)\(kept.errors)")
        #expect(try await watched.likeness("roots", "list").output.contains("retired"))
        // Watched again it is as before; what went meanwhile is gone.
        try watched.remove("b.jpg")
        let other = try watched.daemon("--on-vanish", "hide")
        try await watched.becomes(["a.jpg"], other)
        try await watched.end(other)
        #expect(try watched.count("select count(*) from likeness.images where state = 'active'") == 1)
        #expect(try watched.count("select count(*) from likeness.embeddings") == 2)
    }

    @Test func `a folder that never was watched is named with those that were`() async throws {
        let none = try await watched.likeness("roots", "retire", "/no/such/folder/")
        #expect(none.status == 1)
        #expect(
            none.errors == """
                error: the folder /no/such/folder never was watched, nor any other
                hint: See which there are: likeness roots list

                """, "\(none.errors)")
        #expect(try await watched.likeness("roots", "list").output == "")
    }
}
