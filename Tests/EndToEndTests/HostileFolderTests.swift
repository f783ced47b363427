import Foundation
import Glibc
import LocalCluster
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Folders as nobody would make them on purpose: whatever is in them, the catalog is equal to the disk afterwards.
@Suite struct HostileFolderTests {
    private let watched: WatchedFolder

    init() throws { watched = try WatchedFolder() }

    @Test func `names of any bytes come, are told apart and go`() async throws {
        let names: [[UInt8]] = [
            Array("two\nlines 'and' \"quotes\"\\.jpg".utf8), Array("latin caf".utf8) + [0xE9] + Array(".jpg".utf8),
            [0xFF, 0xFE] + Array(".jpg".utf8), Array("-rf.jpg".utf8), Array("--help".utf8), Array(" .jpg".utf8),
            Array("$(id);`id`|*.jpg".utf8), [UInt8](repeating: UInt8(ascii: "x"), count: 251) + Array(".jpg".utf8),
            // One word in both normal forms: two names.
            Array("caf\u{E9}.jpg".utf8), Array("cafe\u{301}.jpg".utf8),
        ]
        for (number, name) in names.prefix(5).enumerated() { try write(stamped(number), to: name) }
        try write(Array("no picture".utf8), to: Array("bad\n".utf8) + [0xC3] + Array(".jpg".utf8))
        let daemon = try watched.daemon()
        for (number, name) in names.enumerated().dropFirst(5) { try write(stamped(number), to: name) }
        try await becomes(Set(names), daemon)
        #expect(try watched.count("select count(*) from likeness.images") == names.count)
        try await eventually("the bad one is named", explanation: { String(daemon.errors.suffix(1_500)) }) {
            try failed() == [Array("bad\n".utf8) + [0xC3] + Array(".jpg".utf8)]
        }
        for name in names.prefix(3) { #expect(withName(name) { unlink($0) } == 0) }
        try await becomes(Set(names.dropFirst(3)), daemon)
        try await watched.end(daemon)
    }

    @Test func `what is no file of its own neither stops the daemon nor gets in`() async throws {
        let folder = watched.folder.path
        try watched.add("first.jpg")
        let first = folder.appending("first.jpg").string
        #expect(mkfifo(folder.appending("pipe.jpg").string, 0o600) == 0)
        let listener = try listen(at: folder.appending("socket.jpg"))
        defer { close(listener) }
        // Refused where devices may not be made; then there is one trap less.
        _ = mknod(folder.appending("null.jpg").string, S_IFCHR | 0o600, dev_t(1 << 8 | 3))
        try FileManager.default.createDirectory(
            atPath: folder.appending("folder.jpg").string, withIntermediateDirectories: false)
        for (target, name) in [(".", "loop"), ("..", "folder.jpg/up"), ("itself", "itself"), (first, "link.jpg")] {
            #expect(symlink(target, folder.appending(name).string) == 0)
        }
        #expect(link(first, folder.appending("second.jpg").string) == 0)
        let daemon = try watched.daemon()
        try await watched.becomes(["first.jpg", "second.jpg"], daemon)
        #expect(link(first, folder.appending("folder.jpg/third.jpg").string) == 0)
        #expect(mkfifo(folder.appending("later.jpg").string, 0o600) == 0)
        try await watched.becomes(["first.jpg", "folder.jpg/third.jpg", "second.jpg"], daemon)
        // Hard links: one image with several files.
        #expect(try watched.count("select count(*) from likeness.images") == 1)
        #expect(try failed().isEmpty)
        try watched.remove("first.jpg")
        try await watched.becomes(["folder.jpg/third.jpg", "second.jpg"], daemon)
        try await watched.end(daemon)
    }

    @Test func `a picture below 200 folders is found, there before and made while the daemon runs`() async throws {
        let deep = [String](repeating: "a folder", count: 200).joined(separator: "/")
        try watched.add(deep + "/before.jpg")
        let daemon = try watched.daemon()
        try await watched.becomes([deep + "/before.jpg"], daemon)
        let other = [String](repeating: "b", count: 200).joined(separator: "/")
        try watched.add(other + "/while.jpg")
        try await watched.becomes([deep + "/before.jpg", other + "/while.jpg"], daemon)
        try await watched.end(daemon)
    }

    @Test func `what may not be read is tried again until it may, and a closed folder loses nothing`() async throws {
        // Root may read everything: as root, the daemon gets the account of the server, which trusts it.
        var launcher: [String] = []
        if geteuid() == 0 {
            var owner = stat()
            try #require(stat(TestServer.shared.cluster().dataFolder.string, &owner) == 0)
            try #require(chown(watched.folder.path.string, owner.st_uid, owner.st_gid) == 0)
            let account = ["--reuid=\(owner.st_uid)", "--regid=\(owner.st_gid)", "--clear-groups"]
            launcher = ["/usr/bin/setpriv"] + account + ["--"]
        }
        try watched.add("open.jpg")
        try watched.add("closed.jpg")
        try watched.add("folder/inside.jpg")
        let closed = watched.folder.path.appending("closed.jpg").string
        let folder = watched.folder.path.appending("folder").string
        #expect(chmod(closed, 0) == 0)
        let daemon = try watched.daemon(launcher: launcher)
        try await eventually("it will be tried again", explanation: { String(daemon.errors.suffix(1_500)) }) {
            try watched.present() == ["folder/inside.jpg", "open.jpg"]
                && watched.count("select count(*) from likeness.ingest_queue where state = 'failed'") == 1
        }
        let why = try await watched.likeness("explain", closed)
        #expect(why.output.lowercased().contains("permission denied"), "\(why.output)")
        #expect(chmod(closed, 0o644) == 0)
        try await watched.becomes(["closed.jpg", "folder/inside.jpg", "open.jpg"], daemon)
        try await watched.end(daemon)

        #expect(chmod(folder, 0) == 0)
        let second = try watched.daemon(launcher: launcher)
        try await eventually("scanned", explanation: { second.errors }) { second.errors.contains("scanned") }
        try watched.add("more.jpg")
        let all = ["closed.jpg", "folder/inside.jpg", "more.jpg", "open.jpg"]
        try await watched.becomes(all, second)
        #expect(second.errors.contains("cannot be looked at"), "\(second.errors)")
        #expect(chmod(folder, 0o755) == 0)
        try watched.add("folder/new.jpg")
        try await watched.becomes(all + ["folder/new.jpg"], second)
        try await watched.end(second)
    }

    @Test func `2,000 files at once are all taken, the bad ones named`() async throws {
        let daemon = try watched.daemon()
        try await eventually("scanned", explanation: { daemon.errors }) { daemon.errors.contains("scanned") }
        // Beside the root, then moved in whole.
        let staging = try TemporaryFolder()
        var good: Set<[UInt8]> = []
        var bad: Set<[UInt8]> = []
        for number in 0..<2_000 {
            let name = "at once/\(number % 20)/\(number).jpg"
            let target = staging.path.appending(name)
            if number < 20 {
                try FileManager.default.createDirectory(
                    atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
            }
            let isBad = number % 100 == 99
            let bytes = isBad ? Array("no picture \(number)".utf8) : try stamped(number)
            try Data(bytes).write(to: URL(filePath: target.string))
            if isBad { bad.insert(Array(name.utf8)) } else { good.insert(Array(name.utf8)) }
        }
        #expect(rename(staging.path.appending("at once").string, watched.folder.path.appending("at once").string) == 0)
        try await becomes(good, daemon)
        #expect(try failed() == bad)
        #expect(try watched.count("select count(*) from likeness.images") == good.count)
        try await watched.end(daemon)
    }

    private func stamped(_ number: Int) throws -> [UInt8] { try Array(watched.photo(number)) + Array("\(number)".utf8) }

    /// Calls `body` with the path of a name below the folder, as the system takes it.
    private func withName<T>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> T) -> T {
        let path = Array(watched.folder.path.string.utf8) + [UInt8(ascii: "/")] + name + [0]
        return path.map(CChar.init(bitPattern:)).withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    private func write(_ bytes: [UInt8], to name: [UInt8]) throws {
        let file = withName(name) { open($0, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644) }
        try #require(file >= 0, "\(String(cString: strerror(errno)))")
        _ = try FileDescriptor(rawValue: file).closeAfter { try FileDescriptor(rawValue: file).writeAll(bytes) }
    }

    private func listen(at path: FilePath) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.string.utf8)) }
        let status = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0, "\(String(cString: strerror(errno)))")
        return descriptor
    }

    private func names(_ query: SQL) throws -> Set<[UInt8]> {
        let prefix = watched.folder.path.string.utf8.count + 1
        let names = try watched.connection.rows(query).map { row in
            let path: [UInt8] = try row[0]
            return Array(path.dropFirst(prefix))
        }
        #expect(Set(names).count == names.count)
        return Set(names)
    }

    private func failed() throws -> Set<[UInt8]> { try names("select path from likeness.ingest_failures") }

    private func becomes(_ wanted: Set<[UInt8]>, _ daemon: RunningLikeness) async throws {
        let query: SQL = "select path from likeness.image_files where vanished_at is null"
        try await eventually(
            "\(wanted.count) files are in the catalog",
            explanation: { "\((try? names(query).count) ?? -1) are; \(daemon.errors.suffix(1_500))" }
        ) { try watched.count("select count(*) from likeness.ingest_queue") == 0 && names(query) == wanted }
    }
}
