import Faults
import FolderWatching
import Foundation
import Glibc
import Logging
import Synchronization
import SystemPackage
import TestSupport

/// A folder, a watcher of it on a thread of its own, and a receiver who believes what it is told.
final class WatchedScene: Sendable {
    /// What the receiver knows.
    struct Known {
        /// Files that were told and not told gone, by path, and how often each was told.
        var files: [[UInt8]: FoundFile] = [:]
        var tellings: [[UInt8]: Int] = [:]
        var scans: [FolderScan] = []
        var unreadable: [[UInt8]: String] = [:]
        var roots: [String] = []
        var limits: [WatchLimit] = []
        var goneCount = 0
        var ended: (any Error)?
        var hasEnded = false
    }

    let temporary: TemporaryFolder
    var folder: FilePath { temporary.path }
    let watcher: FolderWatcher
    private let known = Mutex(Known())
    /// Held by a test that wants the receiver to be slow.
    let gate = NSLock()

    /// - Parameters:
    ///   - roots: below the folder; by default the folder itself.
    ///   - prepare: makes what is there before the watcher begins.
    init(
        _ options: WatchOptions = .quick, roots: [(name: String, marker: RootMarker?)] = [("", nil)],
        asUser user: UInt32? = nil, in temporary: TemporaryFolder? = nil,
        prepare: (FilePath) throws -> Void = { _ in }
    ) throws {
        let temporary = try temporary ?? TemporaryFolder(isReachableByAll: true)
        self.temporary = temporary
        try prepare(temporary.path)
        let watched = roots.map { root in
            WatchedRoot(
                path: root.name.isEmpty ? temporary.path.bytes : temporary.path.appending(root.name).bytes,
                marker: root.marker)
        }
        watcher = try FolderWatcher(roots: watched, options: options, logger: Logger(label: "test"))
        let scene = self
        Thread.detachNewThread {
            if let user { useFiles(asUser: user) }
            do {
                try scene.watcher.run { scene.receive($0) }
                scene.known.withLock { $0.hasEnded = true }
            } catch {
                scene.known.withLock { ($0.ended, $0.hasEnded) = (error, true) }
            }
        }
    }

    /// Runs a body beside the watcher, from the end of its first scan to its end in order.
    static func watching(
        _ options: WatchOptions = .quick, roots: [(name: String, marker: RootMarker?)] = [("", nil)],
        asUser user: UInt32? = nil, in temporary: TemporaryFolder? = nil,
        prepare: (FilePath) throws -> Void = { _ in },
        _ body: (WatchedScene) async throws -> Void
    ) async throws {
        let scene = try WatchedScene(options, roots: roots, asUser: user, in: temporary, prepare: prepare)
        do {
            try await eventually("a first scan of each root") { scene.now.scans.count + scene.now.lost >= roots.count }
            try await body(scene)
        } catch {
            try await scene.end()
            throw error
        }
        try await scene.end()
    }

    private func end() async throws {
        watcher.stop()
        try await eventually("the end of the watcher") { self.now.hasEnded }
        if let error = now.ended { throw error }
    }

    var now: Known { known.withLock { $0 } }

    /// The names of the files that are known, below the folder.
    var names: Set<String> {
        Set(now.files.keys.map { String(decoding: $0.dropFirst(folder.length + 1), as: UTF8.self) })
    }

    /// Waits until exactly these files are known.
    func knows(_ expected: Set<String>) async throws {
        try await eventually(
            "\(expected.count) files known",
            explanation: {
                let (missing, more) = (expected.subtracting(names), names.subtracting(expected))
                return "missing \(missing.sorted().prefix(10)) (\(missing.count)), "
                    + "too many \(more.sorted().prefix(10)) (\(more.count)), scans \(now.scans.count)"
            }
        ) { names == expected }
    }

    func tellings(of name: String) -> Int { now.tellings[folder.appending(name).bytes] ?? 0 }

    /// Waits until a scan that begins now came to its end.
    func rescan(_ name: String = "") async throws {
        let before = now.scans.count
        watcher.rescan(name.isEmpty ? folder.bytes : folder.appending(name).bytes)
        try await eventually("a scan") { self.now.scans.count > before }
    }

    private func receive(_ news: FolderNews) {
        gate.withLock {}
        known.withLock { known in
            switch news {
            case .files(let files):
                for file in files {
                    known.files[file.path] = file
                    known.tellings[file.path, default: 0] += 1
                }
            case .gone(let paths):
                known.goneCount += paths.count
                for path in paths { known.lookAgain(below: path) { _ in false } }
            case .scanned(let scan):
                known.scans.append(scan)
                known.lookAgain(below: scan.folder, leavesOpen: scan.leavesOpen)
            case .unreadable(let path, let reason): known.unreadable[path] = reason
            case .rootLost(_, let reason): known.roots.append("lost: " + reason)
            case .rootFound: known.roots.append("found")
            case .limited(let limit): known.limits.append(limit)
            }
        }
    }
}

extension WatchedScene.Known {
    var lost: Int { roots.count { $0.hasPrefix("lost") } }

    /// Forgets what is known below a folder and not there.
    fileprivate mutating func lookAgain(below folder: [UInt8], leavesOpen: ([UInt8]) -> Bool) {
        let suspects = files.keys.filter { $0 == folder || $0.starts(with: folder + [UInt8(ascii: "/")]) }
        for path in suspects where !leavesOpen(path) {
            let exists = (path + [0]).withUnsafeBytes { access($0.bindMemory(to: CChar.self).baseAddress!, F_OK) == 0 }
            if !exists { files[path] = nil }
        }
    }
}

extension WatchOptions {
    /// For tests that do not wait for settling.
    static var quick: WatchOptions {
        var options = WatchOptions()
        options.settlingTime = .milliseconds(50)
        options.pollInterval = .milliseconds(20)
        options.rootCheckInterval = .milliseconds(20)
        return options
    }

    /// Files settle so late that only what completes them counts.
    static var unhurried: WatchOptions {
        var options = quick
        options.settlingTime = .seconds(3600)
        return options
    }
}

/// Lets this thread alone see files as another user does: root sees everything.
private func useFiles(asUser user: UInt32) {
    for name in ["setfsgid", "setfsuid"] {
        typealias Setter = @convention(c) (UInt32) -> Int32
        let symbol = dlsym(nil, name)
        _ = unsafeBitCast(symbol, to: Setter.self)(user)
    }
}
