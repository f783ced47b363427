import Foundation
import Glibc
import Postgres

/// How long a daemon takes until every file has an outcome, and what that costs.
struct SettledCatalog {
    private static let patience = Duration.seconds(120)
    private let connection: Connection

    init(home: String) throws { connection = try Connection(homeOrURL: home) }

    private struct Activity {
        let process: Int
        let files: Int
        let seconds: [Double]
    }

    /// Waits until a folder has so many files present or failed and nothing is queued.
    ///
    /// - Throws: ``Failure`` when nothing has changed for two minutes, or no daemon is on record.
    func wait(folder: String, count: Int) throws -> String {
        let prefix = URL(filePath: folder).resolvingSymlinksInPath().path + "/"
        let before = try activity()
        let server = try ProcessUse.parent(of: connection.count("select pg_backend_pid()")) ?? 0
        let start = ContinuousClock.now
        let (daemonBefore, treeBefore) = (ProcessUse([before.process]), ProcessUse(treeOf: before.process))
        let serverBefore = ProcessUse(treeOf: server)
        let had = try outcomes(prefix)
        var (known, since, peak) = (had, start, 0)
        for poll in 0... {
            // The queue is a small question; the others would take from what is measured if they were asked as often.
            let isWaiting = try connection.count("select count(*) from likeness.ingest_queue") > 0
            if !isWaiting || poll % 10 == 0 {
                known = try outcomes(prefix, notLessThan: known) { since = .now }
                peak = max(peak, ProcessUse(treeOf: before.process).resident)
            }
            if !isWaiting, known >= count { break }
            if ContinuousClock.now - since > Self.patience {
                throw Failure(
                    "\(known) of \(count) files in \(prefix) have an outcome, and no more for \(Self.patience)")
            }
            usleep(50_000)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let (daemonAfter, treeAfter) = (ProcessUse([before.process]), ProcessUse(treeOf: before.process))
        let serverSeconds = ProcessUse(treeOf: server).seconds - serverBefore.seconds
        let after = try recorded(since: before)
        let files = Double(known - had)
        let daemonSeconds = daemonAfter.seconds - daemonBefore.seconds
        let workerSeconds = treeAfter.seconds - treeBefore.seconds - daemonSeconds
        let used = [workerSeconds, daemonSeconds, serverSeconds]
        let stages = zip(after.seconds, before.seconds).map { $0 - $1 }
        var text = "| files | s | files/s | MiB, peak | cores busy | core-ms a file: workers | daemon | PostgreSQL "
        text += "| reading, s | decoding | network | writing |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        text += "| \(known - had) | \(format(seconds, 1)) | \(format(files / seconds, 1)) | \(peak >> 20) "
        text += "| \(format(used.reduce(0, +) / seconds, 2)) | "
        text += used.map { format(1000 * $0 / max(1, files), 1) }.joined(separator: " | ") + " | "
        return text + stages.map { format($0, 1) }.joined(separator: " | ") + " |\n"
    }

    /// Files below a folder that are in the catalog, or failed for good.
    private func outcomes(_ prefix: String) throws -> Int {
        try connection.count(
            """
            select (select count(*) from likeness.image_files
                    where vanished_at is null and starts_with(path_text, \(prefix)))
                 + (select count(*) from likeness.ingest_failures where starts_with(path_text, \(prefix)))
            """)
    }

    private func outcomes(_ prefix: String, notLessThan known: Int, _ changed: () -> Void) throws -> Int {
        let now = try outcomes(prefix)
        if now != known { changed() }
        return now
    }

    private func activity() throws -> Activity {
        let row = try connection.firstRow(
            """
            select process_id, files, read_seconds, decode_seconds, embed_seconds, write_seconds
            from likeness.ingest_activity order by updated_at desc limit 1
            """)
        guard let row else { throw Failure("no daemon is on record; start one: likeness watch FOLDER") }
        let process: Int32 = try row[0]
        return Activity(process: Int(process), files: try row[1], seconds: try (2..<6).map { try row[$0] })
    }

    /// What the daemon says when it has said all: it does so every five seconds.
    private func recorded(since before: Activity) throws -> Activity {
        var last = before
        for _ in 0..<2 {
            usleep(5_500_000)
            last = try activity()
        }
        return last
    }
}
