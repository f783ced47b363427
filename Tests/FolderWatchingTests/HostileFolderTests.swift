import Faults
import FolderWatching
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct HostileFolderTests {
    @Test func `names of all kinds are told as they are, by a scan and by events`() async throws {
        let names: [[UInt8]] = [
            Array("it's \"quoted\".jpg".utf8), Array("two\nlines.jpg".utf8), Array("-rf --json.jpg".utf8),
            [0xFF, 0xFE, 0x80] + Array(".jpg".utf8), Array("caf\u{E9}.jpg".utf8), Array("cafe\u{301}.jpg".utf8),
            [UInt8](repeating: UInt8(ascii: "n"), count: 251) + Array(".jpg".utf8), Array("\\x41 \u{202E}gpj.jpg".utf8),
            Array("*?[a].jpg".utf8), Array(" .jpg".utf8),
        ]
        for isThereBefore in [true, false] {
            let folder = try TemporaryFolder(isReachableByAll: true)
            let paths = Set(names.map { folder.path.bytes + [UInt8(ascii: "/")] + $0 })
            func makeAll() throws { for path in paths { try writeBytes(jpegStart, to: path) } }
            try await WatchedScene.watching(in: folder, prepare: { _ in if isThereBefore { try makeAll() } }) { scene in
                if !isThereBefore { try makeAll() }
                try await eventually("all names") { Set(scene.now.files.keys) == paths }
                for path in paths { _ = path.withCPath { unlink($0) } }
                try await eventually("no names") { scene.now.files.isEmpty }
            }
        }
    }

    @Test func `a file 200 folders deep is told, and so is one that comes there later`() async throws {
        let deep = FilePath((0..<200).map { "level\($0)" }.joined(separator: "/"))
        try await WatchedScene.watching(prepare: { folder in
            try FileManager.default.createDirectory(
                atPath: folder.pushing(deep).string, withIntermediateDirectories: true)
            try write(jpegStart, to: folder.pushing(deep).appending("a.jpg"))
        }) { scene in
            try await scene.knows([deep.appending("a.jpg").string])
            try write(jpegStart, to: scene.folder.pushing(deep).appending("b.jpg"))
            try await scene.knows([deep.appending("a.jpg").string, deep.appending("b.jpg").string])
        }
    }

    @Test func `what lies deeper than the longest path is told as unreadable, and the rest as ever`() async throws {
        let folder = try TemporaryFolder(isReachableByAll: true)
        try write(jpegStart, to: folder.path.appending("a.jpg"))
        let name = String(repeating: "d", count: 250)
        var descriptor = open(folder.path.string, O_RDONLY | O_DIRECTORY)
        for _ in 0..<20 {
            try #require(mkdirat(descriptor, name, 0o755) == 0)
            let next = openat(descriptor, name, O_RDONLY | O_DIRECTORY)
            close(descriptor)
            descriptor = next
            close(openat(descriptor, "b.jpg", O_CREAT | O_WRONLY, 0o644))
        }
        close(descriptor)
        try await WatchedScene.watching(in: folder) { scene in
            try await eventually("files as deep as paths go") { scene.names.count == 17 }
            let unreadable = scene.now.unreadable
            #expect(unreadable.values.allSatisfy { $0 == "file name too long" })
            let folders = unreadable.keys.filter { $0.last == UInt8(ascii: "d") }
            #expect(folders.count == 1)
            #expect(scene.now.scans.first?.undecided.contains(folders[0]) == true)
        }
        // Nothing but a walk by descriptors removes it.
        let removal = Process()
        removal.executableURL = URL(filePath: "/bin/rm")
        removal.arguments = ["-rf", folder.path.appending(name).string]
        try removal.run()
        removal.waitUntilExit()
    }

    @Test func `pipes, sockets and links are passed over, whatever they are called`() async throws {
        try await WatchedScene.watching(prepare: { folder in try makeOddities(in: folder, "before") }) { scene in
            try makeOddities(in: scene.folder, "after")
            try write(jpegStart, to: scene.folder.appending("a.jpg"))
            try await scene.knows(["a.jpg"])
            try await scene.rescan()
            #expect(scene.names == ["a.jpg"])
            #expect(scene.now.unreadable.isEmpty)
        }
    }

    @Test func `links are followed if that is asked for, and loops end`() async throws {
        let outside = try TemporaryFolder(isReachableByAll: true)
        try makeFolder(outside.path.appending("album"))
        try write(jpegStart, to: outside.path.appending("album/a.jpg"))
        symlink(outside.path.string, outside.path.appending("album/loop").string)
        var options = WatchOptions.quick
        options.followsLinks = true
        try await WatchedScene.watching(
            options,
            prepare: { folder in
                symlink(outside.path.string, folder.appending("linked").string)
                symlink(folder.string, folder.appending("self").string)
                symlink("/no/such/file", folder.appending("broken.jpg").string)
            }
        ) { scene in
            try await scene.knows(["linked/album/a.jpg"])
            try write(jpegStart, to: outside.path.appending("album/b.jpg"))
            try await scene.knows(["linked/album/a.jpg", "linked/album/b.jpg"])
        }
    }

    @Test func `permissions taken away are told and leave open what is below, and given back it is told`() async throws
    {
        let user: UInt32? = geteuid() == 0 ? 65534 : nil
        try await WatchedScene.watching(
            asUser: user,
            prepare: { folder in
                for name in ["open", "closed", "listed"] { try makeFolder(folder.appending(name)) }
                for name in ["open/a.jpg", "closed/b.jpg", "listed/c.jpg"] {
                    try write(jpegStart, to: folder.appending(name))
                    chmod(folder.appending(name).string, 0o644)
                }
                chmod(folder.appending("closed").string, 0)
            }
        ) { scene in
            func path(_ name: String) -> FilePath { scene.folder.appending(name) }
            try await scene.knows(["open/a.jpg", "listed/c.jpg"])
            #expect(scene.now.unreadable == [path("closed").bytes: "permission denied"])
            #expect(scene.now.scans.first?.leavesOpen(path("closed/b.jpg").bytes) == true)
            chmod(path("closed").string, 0o755)
            try await scene.knows(["open/a.jpg", "listed/c.jpg", "closed/b.jpg"])
            // To be listed and not entered is as little; known files stay known.
            chmod(path("listed").string, 0o744)
            try await scene.rescan()
            #expect(scene.now.unreadable[path("listed").bytes] == "permission denied")
            #expect(scene.names == ["open/a.jpg", "listed/c.jpg", "closed/b.jpg"])
            try write(jpegStart, to: path("listed/d.jpg"))
            chmod(path("listed/d.jpg").string, 0o644)
            try await eventually("a file that cannot be looked at") {
                scene.now.unreadable[path("listed/d.jpg").bytes] == "permission denied"
            }
            chmod(path("listed").string, 0o755)
            try await scene.knows(["open/a.jpg", "listed/c.jpg", "closed/b.jpg", "listed/d.jpg"])
        }
    }

    @Test func `a folder of very many files is told in batches, and then that it was`() async throws {
        try await WatchedScene.watching(prepare: { folder in
            for number in 0..<5_003 {
                try write(jpegStart, to: folder.appending("\(number).jpg"))
                try age(folder.appending("\(number).jpg"), seconds: 60)
            }
        }) { scene in
            #expect(scene.names.count == 5_003)
            #expect(scene.now.scans.map(\.files) == [5_003])
        }
    }
}

private func makeOddities(in folder: FilePath, _ name: String) throws {
    guard mkfifo(folder.appending("\(name)-pipe.jpg").string, 0o600) == 0 else { throw Refused("mkfifo") }
    symlink("/etc/hostname", folder.appending("\(name)-link.jpg").string)
    symlink(folder.string, folder.appending("\(name)-loop").string)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: folder.appending("\(name)-s.jpg").bytes) }
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard status == 0 else { throw Refused("bind") }
}

private func writeBytes(_ bytes: [UInt8], to path: [UInt8]) throws {
    let descriptor = path.withCPath { open($0, O_CREAT | O_WRONLY, 0o644) }
    guard descriptor >= 0 else { throw Refused(printableName(path)) }
    _ = try FileDescriptor(rawValue: descriptor).closeAfter { try FileDescriptor(rawValue: descriptor).writeAll(bytes) }
}

extension [UInt8] {
    fileprivate func withCPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (self + [0]).withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress!) }
    }
}
