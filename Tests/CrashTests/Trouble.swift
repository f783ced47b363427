import Foundation
import Glibc
import LocalCluster
import SystemPackage
import TestSupport
import Testing

/// What happens to daemons, and to what they write.
enum Trouble: String, CaseIterable {
    case killedAtRandom = "SIGKILL at a random instant"
    case killedAtWrite = "SIGKILL before or after a write, fsync, rename or truncation"
    case killedBeforeCheckpoint = "SIGKILL between manifest and checkpoint row"
    case killedWhileTraining = "SIGKILL while an index is built"
    case killedWhileCompacting = "SIGKILL during a compaction"
    case diskFull = "full disk, then room again"
    case diskFullForCompaction = "full disk during a compaction, then room again"
    case lostWrite = "fsync error"
    case serverKilled = "PostgreSQL killed under load"
    case twoDaemons = "two daemons at once"
    case damage = "damaged file"

    /// Makes it happen while pictures are written, and ends every daemon.
    ///
    /// - Returns: what exactly happened, for people; nil when the daemon did not come to the point where it would have.
    func happen(in scene: CrashScene) async throws -> String? {
        switch self {
        case .killedAtRandom: try await killAtRandom(scene)
        case .killedAtWrite:
            try await killAt(
                scene.pick(["fsync", "rename", "pwrite", "ftruncate"]) + ":\(scene.number(1...4))",
                scene.pick(["", ":" + scene.pick(Self.parts)]), scene)
        case .killedBeforeCheckpoint: try await kill("rename:\(scene.number(1...3)):kill-after:manifest.json", scene)
        case .killedWhileTraining: try await killWhileTraining(scene)
        case .killedWhileCompacting: try await killWhileCompacting(scene)
        case .diskFull: try await fillDisk(scene)
        case .diskFullForCompaction: try await fillDiskForCompaction(scene)
        case .lostWrite: try await loseWrite(scene)
        case .serverKilled: try await killServer(scene)
        case .twoDaemons: try await startTwo(scene)
        case .damage: try await damageFile(scene)
        }
    }

    private static let parts = [
        "manifest", "vectors", "records", "sketches", "tombstones", "graph", "links", "lists", "centroids",
        "projection",
    ]

    private func killAtRandom(_ scene: CrashScene) async throws -> String {
        let daemon = try scene.daemon()
        let writes = scene.number(1...4)
        for _ in 0..<writes { try scene.write(pictures: scene.number(1...40)) }
        let wait = scene.number(0...120)
        try await Task.sleep(for: .milliseconds(wait))
        try await end(daemon)
        return rawValue
    }

    private func killAt(_ call: String, _ part: String, _ scene: CrashScene) async throws -> String? {
        try await kill("\(call):\(scene.pick(["kill", "kill-after"]))\(part)", scene)
    }

    /// Lets the daemon kill itself at a point; not every file is written in every step.
    private func kill(_ fault: String, _ scene: CrashScene) async throws -> String? {
        let daemon = try scene.daemon(fault: fault)
        for _ in 0..<4 where daemon.status == nil { try scene.write(pictures: scene.number(5...60)) }
        try await pause(.milliseconds(600), unless: daemon)
        guard daemon.status != nil else {
            try await end(daemon)
            return nil
        }
        try #require(daemon.status == -SIGKILL, "\(fault): \(scene.lastWords)")
        return fault
    }

    private func killWhileTraining(_ scene: CrashScene) async throws -> String? {
        let name = scene.pick(["hnsw", "ivfflat", "ivfpq"])
        let daemon = try await following(scene)
        let rebuild = try await scene.likeness("index", "rebuild", name)
        try #require(rebuild.status == 0, "\(rebuild.errors)")
        return try await kill(daemon, between: "building an index", and: "index built", scene).map { "\($0) \(name)" }
    }

    private func killWhileCompacting(_ scene: CrashScene) async throws -> String? {
        let daemon = try await following(scene)
        try scene.deleteForCompaction()
        return try await kill(daemon, between: "compacting", and: "compacted", scene)
    }

    /// Kills a daemon that has told of a beginning, and not yet of the end.
    private func kill(
        _ daemon: RunningLikeness, between beginning: String, and end: String, _ scene: CrashScene
    ) async throws -> String? {
        try await eventually("\(rawValue): it begins", explanation: { scene.lastWords }) {
            daemon.errors.contains(beginning)
        }
        try await Task.sleep(for: .microseconds(scene.number(0...8_000)))
        try await self.end(daemon)
        return daemon.errors.contains(end) ? nil : beginning
    }

    private func fillDisk(_ scene: CrashScene) async throws -> String? {
        let full = scene.home.path.appending("full")
        try Data().write(to: URL(filePath: full.string))
        let fault = "pwrite:1+:ENOSPC:\(scene.pick(Self.parts))"
        let before = published(scene)
        let daemon = try scene.daemon(fault: fault, while: full)
        try scene.write(pictures: 30)
        try await pause(.milliseconds(500), until: { daemon.errors.lowercased().contains("no space left") })
        try #require(daemon.status == nil, "a full disk ended the daemon (\(fault)): \(scene.lastWords)")
        let isReached = daemon.errors.lowercased().contains("no space left")
        try FileManager.default.removeItem(atPath: full.string)
        try await eventually(
            "the daemon goes on in the new room (\(fault))", explanation: { scene.lastWords }
        ) { published(scene) != before }
        try await stop(daemon, in: scene, "\(fault): \(scene.lastWords)")
        return isReached ? fault : nil
    }

    private func fillDiskForCompaction(_ scene: CrashScene) async throws -> String? {
        let full = scene.home.path.appending("full")
        try Data().write(to: URL(filePath: full.string))
        let daemon = try await following(scene, fault: "pwrite:1+:ENOSPC:.compaction", while: full)
        try scene.deleteForCompaction()
        try await eventually("a compaction finds no room", explanation: { scene.lastWords }) {
            daemon.errors.contains("were not compacted") && daemon.errors.lowercased().contains("no space left")
        }
        // What serves is untouched, and goes on following the catalog.
        let before = published(scene)
        try scene.write(pictures: 20)
        try await eventually("the daemon publishes although it cannot compact") { published(scene) != before }
        try FileManager.default.removeItem(atPath: full.string)
        try await eventually("the rows are compacted in the new room", explanation: { scene.lastWords }) {
            daemon.errors.contains(" compacted")
        }
        try await stop(daemon, in: scene, rawValue)
        return rawValue
    }

    private func loseWrite(_ scene: CrashScene) async throws -> String? {
        let fault = "fsync:\(scene.number(1...8)):EIO"
        let daemon = try scene.daemon(fault: fault)
        for _ in 0..<4 where daemon.status == nil { try scene.write(pictures: 20) }
        try await pause(.seconds(1), unless: daemon)
        guard let status = daemon.status else {
            try await end(daemon)
            return nil
        }
        try #require(status == 73, "an fsync error ends the daemon with 73, not \(status): \(scene.lastWords)")
        return fault
    }

    private func killServer(_ scene: CrashScene) async throws -> String {
        // Without a database it does not even start.
        let daemon = try await following(scene)
        try scene.write(pictures: 30)
        let file = scene.cluster.dataFolder.appending("postmaster.pid")
        let text = try String(contentsOfFile: file.string, encoding: .utf8)
        let processID = try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
        Glibc.kill(processID, SIGQUIT)
        try await eventually("the server ends") { !FileManager.default.fileExists(atPath: file.string) }
        try await Task.sleep(for: .milliseconds(200))
        try #require(daemon.status == nil, "the daemon ended with the server: \(scene.lastWords)")
        try scene.cluster.start()
        try scene.reconnect()
        let before = published(scene)
        try scene.write(pictures: 10)
        try await eventually("the daemon goes on with the server", explanation: { scene.lastWords }) {
            published(scene) != before
        }
        try await stop(daemon, in: scene, "\(scene.lastWords)")
        return rawValue
    }

    private func startTwo(_ scene: CrashScene) async throws -> String {
        let first = try scene.daemon()
        let before = published(scene)
        try scene.write(pictures: 10)
        try await eventually("the daemon publishes", explanation: { scene.lastWords }) { published(scene) != before }
        let second = try scene.daemon()
        try await eventually("the second daemon ends", within: .seconds(20)) { second.status != nil }
        try #require(second.status == 75, "the second daemon: \(scene.lastWords)")
        try scene.write(pictures: 10)
        try await stop(first, in: scene, rawValue)
        return rawValue
    }

    private func damageFile(_ scene: CrashScene) async throws -> String {
        let files = try FileManager.default.subpathsOfDirectory(atPath: scene.store.string)
            .filter { name in
                let parts = name == "manifest.json" || name.contains("/")
                return parts && Self.parts.contains(where: name.contains)
            }.sorted()
        let name = scene.pick(files)
        let url = URL(filePath: scene.store.string).appending(path: name)
        var bytes = [UInt8](try Data(contentsOf: url))
        let way = scene.pick(["truncated", "flipped", "zeroed", "removed"])
        let place = scene.number(0...max(0, bytes.count - 1))
        switch way {
        case "truncated": bytes.removeLast(bytes.count - place)
        case "flipped": bytes[place] ^= UInt8(1 << scene.number(0...7))
        case "zeroed": for byte in place..<min(bytes.count, place + 4096) { bytes[byte] = 0 }
        default: break
        }
        if way == "removed" { try FileManager.default.removeItem(at: url) } else { try Data(bytes).write(to: url) }
        let verify = try await scene.likeness("verify")
        try #require([0, 1].contains(verify.status), "verify ended with \(verify.status): \(verify.errors)")
        if verify.status == 1 {
            let file = url.lastPathComponent
            try #require(verify.errors.contains(file), "\(way) \(name) is not named: \(verify.errors)")
            let repair = try await scene.likeness("verify", "--repair")
            try #require(repair.status == 0, "\(way) \(name) is not repaired: \(repair.errors)")
        } else {
            // Bytes that a file has behind its published length, or between its parts, are nobody's.
            try #require(way != "removed", "\(name) is gone and verify finds nothing: \(verify.output)")
        }
        return "\(rawValue): \(way) \(url.pathExtension.prefix { $0 != "-" })"
    }

    private func published(_ scene: CrashScene) -> Data? {
        try? Data(contentsOf: URL(filePath: scene.store.appending("manifest.json").string))
    }

    /// A daemon that has caught up.
    private func following(
        _ scene: CrashScene, fault: String? = nil, while condition: FilePath? = nil
    ) async throws -> RunningLikeness {
        let daemon = try scene.daemon(fault: fault, while: condition)
        try await eventually("the daemon follows", explanation: { scene.lastWords }) {
            daemon.errors.contains("caught up with the catalog")
        }
        return daemon
    }

    /// Lets the daemon work for a time, or until it has ended.
    private func pause(_ time: Duration, unless daemon: RunningLikeness) async throws {
        try await pause(time, until: { daemon.status != nil })
    }

    private func pause(_ time: Duration, until condition: () -> Bool) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end, !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// Ends it as a power cut would.
    private func end(_ daemon: RunningLikeness) async throws {
        if daemon.status == nil { daemon.send(SIGKILL) }
        try await eventually("a killed daemon is gone") { daemon.status != nil }
    }

    private func stop(_ daemon: RunningLikeness, in scene: CrashScene, _ what: String) async throws {
        daemon.send(SIGTERM)
        try await eventually("the daemon ends (\(what))", explanation: { scene.lastWords }) { daemon.status != nil }
        try #require(daemon.status == 0, "\(what): \(scene.lastWords)")
    }
}
