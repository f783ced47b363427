import Foundation
import Glibc
import LocalCluster
import SystemPackage
import TestSupport
import Testing

/// What happens to daemons, and to what they write.
enum Trouble: String, CaseIterable {
    case killedAtRandom = "SIGKILL at a random instant"
    case killedAtPoint = "SIGKILL at a named point"
    case diskFull = "full disk, then room again"
    case lostWrite = "fsync error"
    case serverKilled = "PostgreSQL killed under load"
    case twoDaemons = "two daemons at once"
    case damage = "damaged file"

    /// Makes it happen while pictures are written, and ends every daemon.
    ///
    /// - Returns: what exactly happened, for people.
    func happen(in scene: CrashScene) async throws -> String {
        switch self {
        case .killedAtRandom: try await killAtRandom(scene)
        case .killedAtPoint: try await killAtPoint(scene)
        case .diskFull: try await fillDisk(scene)
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

    private func killAtPoint(_ scene: CrashScene) async throws -> String {
        let call = scene.pick(["fsync", "rename", "pwrite", "ftruncate"])
        let part = scene.pick(["", ":" + scene.pick(Self.parts)])
        let fault = "\(call):\(scene.number(1...6)):\(scene.pick(["kill", "kill-after"]))\(part)"
        let daemon = try scene.daemon(fault: fault)
        // Not every file is written in every step: what is not reached is ended from outside.
        for _ in 0..<4 where daemon.status == nil { try scene.write(pictures: scene.number(5...60)) }
        try await pause(.milliseconds(400), unless: daemon)
        try await end(daemon)
        return "\(rawValue): \(fault)"
    }

    private func fillDisk(_ scene: CrashScene) async throws -> String {
        let full = scene.home.path.appending("full")
        try Data().write(to: URL(filePath: full.string))
        let fault = "pwrite:1+:ENOSPC:\(scene.pick(Self.parts))"
        let before = published(scene)
        let daemon = try scene.daemon(fault: fault, while: full)
        try scene.write(pictures: 30)
        try await Task.sleep(for: .milliseconds(300))
        try #require(daemon.status == nil, "a full disk ended the daemon (\(fault)): \(scene.lastWords)")
        try FileManager.default.removeItem(atPath: full.string)
        try await eventually(
            "the daemon goes on in the new room (\(fault))", explanation: { scene.lastWords }
        ) { published(scene) != before }
        try await stop(daemon, in: scene, "\(fault): \(scene.lastWords)")
        return "\(rawValue): \(fault)"
    }

    private func loseWrite(_ scene: CrashScene) async throws -> String {
        let fault = "fsync:\(scene.number(1...8)):EIO"
        let daemon = try scene.daemon(fault: fault)
        for _ in 0..<4 where daemon.status == nil { try scene.write(pictures: 20) }
        try await pause(.seconds(1), unless: daemon)
        if let status = daemon.status {
            try #require(status == 73, "an fsync error ends the daemon with 73, not \(status): \(scene.lastWords)")
        }
        try await end(daemon)
        return "\(rawValue): \(fault)"
    }

    private func killServer(_ scene: CrashScene) async throws -> String {
        let daemon = try scene.daemon()
        // Without a database it does not even start.
        try await eventually("the daemon follows") { daemon.errors.contains("caught up with the catalog") }
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

    /// Lets the daemon work for a time, or until it has ended.
    private func pause(_ time: Duration, unless daemon: RunningLikeness) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end, daemon.status == nil { try await Task.sleep(for: .milliseconds(5)) }
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
