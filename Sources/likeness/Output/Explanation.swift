import Catalog
import Faults
import FolderWatching
import Postgres

/// Why a file is in the catalog, or why not: what is known, and what it comes to.
struct Explanation: Encodable {
    /// What it comes to, in a word that does not change.
    enum State: String, Encodable {
        case ingested, changed, vanished, queued, failed, quarantined, ignored, link, missing, unreadable, waiting
        case notAPicture = "not_a_picture"
        case notAFile = "not_a_file"
        case notWatched = "not_watched"
        case rootUnavailable = "root_unavailable"
    }

    let path: String
    let state: State
    /// One sentence.
    let answer: String
    /// The command that helps; nil when nothing has to be done.
    let hint: String?
    /// Further facts, a line each.
    let details: [String]

    /// - Parameters:
    ///   - facts: what the catalog knows.
    ///   - verdict: what a watcher would make of the file now.
    ///   - now: by the clock of the server.
    init(_ facts: FileFacts, verdict: PathVerdict, now: Timestamp) {
        path = printableName(facts.path)
        let words = Words(facts: facts, verdict: verdict, now: now)
        (state, answer, hint) = words.answer
        details = words.details
    }

    var text: String {
        var lines = ["\(path): \(answer)"] + details.map { "  " + $0 }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n") + "\n"
    }
}

private struct Words {
    let facts: FileFacts
    let verdict: PathVerdict
    let now: Timestamp
    private var name: String { printableName(facts.path) }

    var answer: (Explanation.State, String, String?) {
        if let sighting = facts.sighting, sighting.vanishedAt == nil, case .picture(let file) = verdict {
            return onKnownFile(sighting, file)
        }
        return onDisk ?? onWork ?? onRoot
    }

    private func onKnownFile(_ sighting: FileFacts.Sighting, _ file: FoundFile) -> (Explanation.State, String, String?)
    {
        let stamp = FileStamp(size: file.size, mtimeNanoseconds: file.modified)
        if !sighting.stamp.vouches(for: stamp) {
            if let work = onWork { return work }
            return (
                .changed, "changed since it was read as image #\(sighting.image); nobody has noticed yet",
                "Look at it now: likeness ingest '\(name)'"
            )
        }
        guard sighting.imageState == "active" else {
            return (
                .ingested,
                "in the catalog as image #\(sighting.image), which is \(sighting.imageState): it is in no answer",
                nil
            )
        }
        let late = sighting.embeddings.flatMap(\.stores).first { !$0.isApplied }
        if sighting.embeddings.isEmpty {
            return (
                .ingested, "in the catalog as image #\(sighting.image), without an embedding",
                "Embed it: likeness ingest '\(name)'"
            )
        }
        if let late {
            return (
                .ingested,
                "in the catalog as image #\(sighting.image); the indexes in \(late.folder) do not have it yet, "
                    + "\(grouped(late.pendingChanges)) changes are ahead",
                "Let them follow the catalog: likeness sync"
            )
        }
        return (.ingested, "in the catalog as image #\(sighting.image)", nil)
    }

    /// What the file itself, or its place, says.
    private var onDisk: (Explanation.State, String, String?)? {
        switch verdict {
        case .ignored(let decision):
            let line = "\(printableName(decision.file)):\(decision.line)"
            return (
                .ignored, "ignored by \(line): \(printableName(decision.pattern))",
                "Change that line, or end the file with: !\(lastName)"
            )
        case .link(let at): return (.link, "not looked at: \(printableName(at)) is a symbolic link", Self.followLinks)
        case .notAPicture:
            return (.notAPicture, "not a picture: neither its name nor its first bytes are those of one", nil)
        case .notAFile: return (.notAFile, "not a file: a folder, a pipe, a socket or a device", nil)
        case .unreadable(let at, let reason):
            return (
                .unreadable, "\(printableName(at)) cannot be looked at: \(reason)",
                "Look at the way to it: namei -l '\(name)'"
            )
        case .missing(let at):
            if let root = unavailableRoot { return root }
            if let vanished = facts.sighting?.vanishedAt {
                return (
                    .vanished,
                    "gone for \(span(since: vanished)); its picture, image "
                        + "#\(facts.sighting.map { "\($0.image)" } ?? "?"), is \(facts.sighting?.imageState ?? "kept")",
                    nil
                )
            }
            let isItself = at == facts.path
            return (.missing, isItself ? "there is no such file" : "there is no folder \(printableName(at))", nil)
        case .picture, .outside: return nil
        }
    }

    /// What the queue and the failures say.
    private var onWork: (Explanation.State, String, String?)? {
        if let failure = facts.failure {
            let recorded = failure.recorded
            let attempts = recorded.attempts == 1 ? "" : ", \(grouped(recorded.attempts)) times"
            if let retry = recorded.nextRetryAt {
                return (
                    .failed, "failed\(attempts): \(recorded.message); it is tried again in \(span(until: retry))",
                    "Try it now: likeness ingest '\(name)'"
                )
            }
            return (
                .quarantined,
                "refused as \(recorded.errorClass): \(recorded.message); it is not tried again before it changes",
                recorded.errorClass == "unsupported_format" ? "Convert it: magick '\(name)' -quality 92 COPY.jpg" : nil
            )
        }
        guard let queued = facts.queued else { return nil }
        if queued.isInWork { return (.queued, "being ingested at this moment", nil) }
        if queued.readyAt > now { return (.queued, "noticed, and taken in \(span(until: queued.readyAt))", nil) }
        let waiting = "waits for \(span(since: queued.noticedAt)), \(grouped(queued.before)) files are before it"
        return (.queued, waiting, facts.root?.daemons == 0 ? "Nobody works: \(watchCommand)" : nil)
    }

    /// What the root says, when nothing else does.
    private var onRoot: (Explanation.State, String, String?) {
        guard let root = facts.root, root.root.state != .retired else {
            return (
                .notWatched, "in no folder that is watched",
                "Ingest it once: likeness ingest '\(name)'; or for good: "
                    + "likeness watch FOLDER"
            )
        }
        if let unavailable = unavailableRoot { return unavailable }
        if root.daemons == 0 { return (.waiting, "not noticed: no ingest daemon watches this folder", watchCommand) }
        return (
            .waiting, "not noticed yet: a file is taken when its writer has closed it, or it has been quiet for 2 s",
            nil
        )
    }

    private var unavailableRoot: (Explanation.State, String, String?)? {
        guard let root = facts.root, let away = root.unavailable.first else { return nil }
        let folder = printableName(root.root.folder)
        return (
            .rootUnavailable,
            "its folder \(folder) is not available on \(away.host): \(away.reason); nothing in it counts as gone",
            root.root.marker.map { "If it is the right folder after all: echo \($0) > '\(folder)/.likeness-root'" }
        )
    }

    private var watchCommand: String {
        "likeness watch '\(printableName(facts.root?.root.folder ?? facts.path))'"
    }

    private static let followLinks =
        "Name what it leads to, or let links be followed: likeness watch --follow-links FOLDER"

    private var lastName: String {
        printableName(facts.path[((facts.path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...])
    }

    var details: [String] {
        var lines: [String] = []
        if let sighting = facts.sighting {
            lines.append(
                "\(sighting.format), \(sighting.width) × \(sighting.height), first seen \(span(since: sighting.firstSeen)) ago"
            )
            for embedding in sighting.embeddings {
                let stores = embedding.stores.filter { !$0.isApplied }.map { "behind in \($0.folder) on \($0.host)" }
                lines.append("embedding of \(embedding.model)" + stores.map { ", \($0)" }.joined())
            }
            let others = sighting.otherFiles.filter { $0.vanishedAt == nil }
            for other in others.prefix(3) { lines.append("the same bytes: \(printableName(other.path))") }
            if others.count > 3 { lines.append("and \(grouped(others.count - 3)) more files with the same bytes") }
        }
        for copy in (facts.failure?.copies ?? []).prefix(3) {
            lines.append("the same bytes failed as well: \(printableName(copy))")
        }
        if let root = facts.root {
            let scanned = root.root.scannedAt.map { "scanned \(span(since: $0)) ago" } ?? "never scanned to its end"
            let daemons = root.daemons == 1 ? "1 daemon" : "\(root.daemons) daemons"
            lines.append("watched: \(printableName(root.root.folder)), \(scanned), \(daemons)")
        }
        return lines
    }

    private func span(since moment: Timestamp) -> String { Self.spell(now, moment) }
    private func span(until moment: Timestamp) -> String { Self.spell(moment, now) }

    private static func spell(_ late: Timestamp, _ early: Timestamp) -> String {
        let seconds = max(0, (late.microsecondsSince2000 - early.microsecondsSince2000) / 1_000_000)
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}
