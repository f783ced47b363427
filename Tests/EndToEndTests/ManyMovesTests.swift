import Foundation
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Many files that move while the daemon is busy with others: under `hide` no picture may leave the answers meanwhile, be it
/// for a moment.
///
/// Moves LIKENESS_MOVED_FILES files (400), in each of the ways in which files move.
@Suite struct ManyMovesTests {
    private let watched: WatchedFolder
    private let files: Int

    init() throws {
        watched = try WatchedFolder()
        files = Int(ProcessInfo.processInfo.environment["LIKENESS_MOVED_FILES"] ?? "") ?? 400
        for root in ["one", "two"] { try makeFolder(root) }
    }

    @Test func `however many files move, and however, no picture leaves the answers meanwhile`() async throws {
        for number in 0..<files { try watched.add("one/a/\(number % 10)/\(number).jpg", stamped: number) }
        let daemon = try watched.daemon(
            "--on-vanish", "hide", over: ["one", "two"].map { watched.folder.path.appending($0) })
        try await allAre(in: "one/a/", daemon)
        try await keepTransitions()
        try await busy(1) { try watched.move("one/a", to: "one/b") }
        try await allAre(in: "one/b/", daemon)
        try await busy(2) { try watched.move("one/b", to: "two/c") }
        try await allAre(in: "two/c/", daemon)
        try await busy(3) {
            for folder in 0..<10 { try makeFolder("one/d/\(folder)") }
            for number in 0..<files {
                try watched.move("two/c/\(number % 10)/\(number).jpg", to: "one/d/\(number % 10)/\(number).jpg")
            }
        }
        try await allAre(in: "one/d/", daemon)
        // As mv does it from one file system to another: first everything is copied, then everything is removed.
        try await busy(4) {
            for number in 0..<files {
                let name = "\(number % 10)/\(number).jpg"
                try watched.write(
                    Data(contentsOf: URL(filePath: watched.folder.path.appending("one/d/\(name)").string)),
                    to: "two/e/\(name)")
            }
            try watched.remove("one/d")
        }
        try await allAre(in: "two/e/", daemon)
        // What really goes is hidden all the same.
        try watched.remove("two/e/0/0.jpg")
        try await eventually("one is hidden", explanation: { daemon.errors }) {
            try watched.count("select count(*) from transitions") > 0
        }
        try await watched.end(daemon)
        let transitions = try watched.connection.rows("select became from transitions")
        #expect(try transitions.map { try $0[0, as: String.self] } == ["vanished"])
        print("\(files) files moved in four ways, beside \(files / 4 * 4) new ones; no picture was hidden meanwhile")
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: watched.folder.path.appending(name).string, withIntermediateDirectories: true)
    }

    /// Does something while new pictures come.
    private func busy(_ round: Int, _ body: () throws -> Void) async throws {
        for number in 0..<files / 4 {
            try watched.add("one/new/\(round)/\(number).jpg", stamped: 1_000_000 * round + number)
        }
        try body()
    }

    private func allAre(in prefix: String, _ daemon: RunningLikeness) async throws {
        let place = watched.folder.path.appending(prefix).string + "/%"
        try await eventually(
            "all are in \(prefix)", within: .seconds(600),
            explanation: {
                let left = try? watched.connection.rows(
                    "select path_text from likeness.image_files where vanished_at is null and path_text not like \(place)"
                )
                return "\(left?.count ?? -1) are elsewhere; \(daemon.errors.suffix(2_000))"
            }
        ) {
            try watched.count(
                """
                select count(*) from likeness.image_files where vanished_at is null and path_text like \(place)
                """) == files
                && watched.count(
                    """
                    select count(*) from likeness.image_files
                    where vanished_at is null and path_text not like \(place) and path_text not like '%/one/new/%'
                    """) == 0
                && watched.count("select count(*) from likeness.ingest_queue") == 0
        }
    }

    /// Keeps every change of a picture's state from now on.
    private func keepTransitions() async throws {
        try watched.connection.execute("create table transitions (image bigint, became text)")
        try watched.connection.execute(
            """
            create function note_transition() returns trigger language plpgsql as $$
            begin
                insert into public.transitions values (new.id, new.state);
                return null;
            end $$
            """)
        try watched.connection.execute(
            """
            create trigger notes_transitions after update of state on likeness.images for each row
            when (old.state is distinct from new.state) execute function note_transition()
            """)
    }
}
