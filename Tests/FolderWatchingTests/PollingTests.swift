import Faults
import FolderWatching
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct PollingTests {
    private var polling: WatchOptions {
        var options = WatchOptions.quick
        options.polls = true
        return options
    }

    @Test func `without inotify, what comes, changes, moves and goes is told as well`() async throws {
        try await WatchedScene.watching(
            polling,
            prepare: { folder in
                try makeFolder(folder.appending("a"))
                try write(jpegStart, to: folder.appending("a/1.jpg"))
            }
        ) { scene in
            func path(_ name: String) -> FilePath { scene.folder.appending(name) }
            try await scene.knows(["a/1.jpg"])
            for name in ["a/b", "a/b/c"] { try makeFolder(path(name)) }
            try write(jpegStart, to: path("a/b/c/2.jpg"))
            try await scene.knows(["a/1.jpg", "a/b/c/2.jpg"])
            try write(jpegStart + jpegStart, to: path("a/1.jpg"))
            try await eventually("the new content") { scene.now.files[path("a/1.jpg").bytes]?.size == 8 }
            try move(path("a/b"), path("d"))
            try await scene.knows(["a/1.jpg", "d/c/2.jpg"])
            #expect(unlink(path("a/1.jpg").string) == 0)
            try await scene.knows(["d/c/2.jpg"])
            try write(Array("d/\n".utf8), to: path(".likenessignore"))
            try write(jpegStart, to: path("3.jpg"))
            try await eventually("the other file") { scene.names.contains("3.jpg") }
        }
    }

    @Test func `roots on disks share a watcher, and each on a network has its own`() {
        let mounts = """
            1 0 8:1 / / rw - ext4 /dev/root rw
            2 1 0:20 / /net rw shared:1 - autofs auto rw
            3 2 0:21 / /net/a rw shared:2 master:1 - nfs4 server:/a rw
            4 1 0:22 / /mnt/with\\040blank rw - cifs //server/b rw
            5 1 0:23 / /fuse rw - fuse.sshfs s rw
            6 1 0:24 / /fuse rw - ext4 /dev/over rw
            """
        let paths = ["/srv", "/net/a/photos", "/net/ab", "/mnt/with blank", "/fuse/x"]
        let groups = WatchedRoot.byFileSystem(
            paths.map { WatchedRoot(path: Array($0.utf8), marker: nil) }, mounts: mounts)
        #expect(
            groups.map { $0.map { String(decoding: $0.path, as: UTF8.self) } } == [
                ["/srv", "/net/ab", "/fuse/x"], ["/net/a/photos"], ["/mnt/with blank"],
            ])
    }

    @Test func `a folder that does not change is not told again and again`() async throws {
        try await WatchedScene.watching(
            polling,
            prepare: { folder in
                try write(jpegStart, to: folder.appending("1.jpg"))
                try age(folder.appending("1.jpg"), seconds: 100)
            }
        ) { scene in
            // Each of these is noticed by another poll.
            for number in 2..<6 {
                try write(jpegStart, to: scene.folder.appending("\(number).jpg"))
                try await eventually("file \(number)") { scene.names.contains("\(number).jpg") }
            }
            #expect(scene.tellings(of: "1.jpg") == 1)
            #expect(scene.now.scans.count == 1)
        }
    }

    @Test func `folders beyond the limit of watches are polled, which is told once with the number needed`()
        async throws
    {
        var options = WatchOptions.quick
        options.maxWatches = 5
        try await WatchedScene.watching(
            options,
            prepare: { folder in
                for number in 0..<12 { try makeFolder(folder.appending("f\(number)")) }
            }
        ) { scene in
            try await eventually("the limit") { !scene.now.limits.isEmpty }
            let limit = try #require(scene.now.limits.first)
            #expect(limit.watched == 5 && limit.polled == 8 && limit.limit == 5 && limit.needed == 13)
            for number in 0..<12 {
                try makeFolder(scene.folder.appending("f\(number)/in"))
                try write(jpegStart, to: scene.folder.appending("f\(number)/in/a.jpg"))
            }
            try await scene.knows(Set((0..<12).map { "f\($0)/in/a.jpg" }))
            try await scene.rescan()
            #expect(scene.now.limits.count == 1)
        }
    }

    @Test func `the limit is told with the line that raises it`() {
        let limit = WatchLimit(
            watched: 8_192, polled: 1_808, limit: 8_192, isOwn: false, pollInterval: .seconds(30))
        #expect(
            limit.description == """
                error: 1,808 of 10,000 folders are polled: the limit of 8,192 inotify watches is reached, 10,000 are needed
                detail: New pictures there are noticed every 30 s; a higher limit takes effect at the next full scan.
                hint: sudo sysctl fs.inotify.max_user_watches=10000
                """)
    }
}
