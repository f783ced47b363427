import Foundation
import Glibc
import Postgres
import SystemPackage
import TestSupport
import Testing

/// SIGKILL under load, again and again: at the end files on disk = rows + recorded failures, and no picture is there twice.
///
/// Runs LIKENESS_INGEST_KILLS times (25); `Scripts/crash-ingest` sets it.
@Suite struct WatchKillTests {
    @Test func `whenever the daemon is killed, nothing is lost and nothing done twice`() async throws {
        let watched = try WatchedFolder()
        let kills = Int(ProcessInfo.processInfo.environment["LIKENESS_INGEST_KILLS"] ?? "") ?? 25
        var random = SplitMix(state: UInt64(kills))
        var expected: Set<String> = []
        var failing: Set<String> = []
        var number = 0
        for _ in 0..<kills {
            let daemon = try watched.daemon()
            // Alive enough to be in the middle of something.
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    number += 1
                    let name = "\(number % 5)/\(number).jpg"
                    if number % 9 == 0 {
                        try watched.write(Data("no picture \(number)".utf8), to: name)
                        failing.insert(name)
                    } else {
                        try watched.add(name, stamped: number)
                        expected.insert(name)
                    }
                }
                if let name = expected.randomElement(using: &random), number % 4 == 0 {
                    let other = "moved/\(number)-\(name.split(separator: "/")[1])"
                    try watched.move(name, to: other)
                    expected.remove(name)
                    expected.insert(other)
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &random)))
            }
            daemon.send(SIGKILL)
            try await eventually("killed") { daemon.status != nil }
        }
        let daemon = try watched.daemon()
        try await watched.becomes(Array(expected), daemon)
        try await eventually("failures are recorded", explanation: { daemon.errors }) {
            try watched.count("select count(*) from likeness.ingest_failures") == failing.count
        }
        try await watched.end(daemon)
        #expect(try watched.count("select count(*) from likeness.images") == number - failing.count)
        #expect(try watched.count("select count(*) from likeness.embeddings") == number - failing.count)
        #expect(try watched.count("select count(*) from likeness.embedding_changes") == number - failing.count)
        // A further run changes nothing.
        let rows = try watched.count("select sum(id)::bigint from likeness.image_files")
        let again = try watched.daemon()
        try await eventually("scanned", explanation: { again.errors }) { again.errors.contains("scanned") }
        try await watched.becomes(Array(expected), again)
        try await watched.end(again)
        #expect(try watched.count("select sum(id)::bigint from likeness.image_files") == rows)
        #expect(try watched.count("select count(*) from likeness.embedding_changes") == number - failing.count)
        print(
            "\(kills) kills: \(number) files, \(expected.count) ingested, \(failing.count) refused, none lost, none twice"
        )
    }
}

extension WatchedFolder {
    func write(_ data: Data, to name: String) throws {
        let target = folder.path.appending(name)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: target.string))
    }

    /// A photo with a number behind its end, so that there are as many contents as wanted.
    func add(_ name: String, stamped number: Int) throws {
        try write(try photo(number) + Data("\(number)".utf8), to: name)
    }
}
