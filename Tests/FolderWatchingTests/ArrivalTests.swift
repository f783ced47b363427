import Faults
import FolderWatching
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct ArrivalTests {
    @Test func `what is there at the start is told, and then that all was`() async throws {
        try await WatchedScene.watching(prepare: { folder in
            try makeFolder(folder.appending("a"))
            for name in ["a/1.jpg", "2.jpg", "notes.txt"] {
                try write(jpegStart.dropLast(name.hasSuffix("txt") ? 4 : 0), to: folder.appending(name))
                try age(folder.appending(name), seconds: 100)
            }
        }) { scene in
            #expect(scene.names == ["a/1.jpg", "2.jpg"])
            #expect(scene.now.scans == [FolderScan(folder: scene.folder.bytes, files: 2, undecided: [])])
            #expect(scene.now.roots == ["found"])
        }
    }

    @Test func `a file is told when its writer closes it, and once`() async throws {
        try await WatchedScene.watching(.unhurried) { scene in
            let path = scene.folder.appending("a.jpg")
            let file = try FileDescriptor.open(path, .writeOnly, options: .create, permissions: .ownerReadWrite)
            _ = try file.writeAll(jpegStart)
            // Another file is told: whatever was to be told of this one before would have been.
            try write(jpegStart, to: scene.folder.appending("b.jpg"))
            try await scene.knows(["b.jpg"])
            _ = try file.writeAll(jpegStart)
            try file.close()
            try await scene.knows(["a.jpg", "b.jpg"])
            #expect(scene.now.files[path.bytes]?.size == 8)
            try write(jpegStart, to: scene.folder.appending("c.jpg"))
            try await scene.knows(["a.jpg", "b.jpg", "c.jpg"])
            #expect(scene.tellings(of: "a.jpg") == 1)
        }
    }

    @Test func `a file that is written over, and one that is renamed over another, are told again`() async throws {
        try await WatchedScene.watching(.unhurried) { scene in
            let path = scene.folder.appending("a.jpg")
            try write(jpegStart, to: path)
            try await scene.knows(["a.jpg"])
            try write(jpegStart + jpegStart, to: path)
            try await eventually("the new content") { scene.now.files[path.bytes]?.size == 8 }
            // As rsync and editors do.
            let temporary = scene.folder.appending(".a.jpg.Xy12Zz")
            try write(jpegStart + jpegStart + jpegStart, to: temporary)
            try move(temporary, path)
            try await eventually("the newest content") { scene.now.files[path.bytes]?.size == 12 }
            try await scene.knows(["a.jpg"])
        }
    }

    @Test func `a further name of a file settles by quiet, for no close will come`() async throws {
        try await WatchedScene.watching { scene in
            try write(jpegStart, to: scene.folder.appending("a.jpg"))
            #expect(link(scene.folder.appending("a.jpg").string, scene.folder.appending("b.jpg").string) == 0)
            try await scene.knows(["a.jpg", "b.jpg"])
            let inodes = Set(scene.now.files.values.map(\.inode))
            #expect(inodes.count == 1)
        }
    }

    @Test func `a file that nobody closes is told when it stays as it is`() async throws {
        let folder = try TemporaryFolder(isReachableByAll: true)
        let file = try FileDescriptor.open(
            folder.path.appending("slow.jpg"), .writeOnly, options: .create, permissions: .ownerReadWrite)
        _ = try file.writeAll(jpegStart)
        try await WatchedScene.watching(in: folder) { scene in
            try await scene.knows(["slow.jpg"])
            let tellings = scene.tellings(of: "slow.jpg")
            // Nothing was written since: its close is no news.
            try file.close()
            try write(jpegStart, to: scene.folder.appending("b.jpg"))
            try await scene.knows(["slow.jpg", "b.jpg"])
            #expect(scene.tellings(of: "slow.jpg") == tellings)
        }
    }

    @Test func `a file with a time in the future is told when it stays as it is`() async throws {
        try await WatchedScene.watching(prepare: { folder in
            try write(jpegStart, to: folder.appending("a.jpg"))
            try age(folder.appending("a.jpg"), seconds: -100_000)
        }) { scene in
            try await scene.knows(["a.jpg"])
        }
    }

    @Test func `files in folders that come into being while they are filled by many are all told`() async throws {
        try await WatchedScene.watching { scene in
            let folder = scene.folder
            let expected = try await withThrowingTaskGroup(of: Set<String>.self) { group in
                for writer in 0..<8 { group.addTask { try fill(folder, writer: writer) } }
                return try await group.reduce(into: Set()) { $0.formUnion($1) }
            }
            try await scene.knows(expected)
            #expect(scene.now.scans.count == 1)
        }
    }

    @Test func `what happens while the receiver is busy is not lost, though the kernel drops it`() async throws {
        let text = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
        let limit = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        try await WatchedScene.watching { scene in
            for name in ["old", "goes"] {
                try makeFolder(scene.folder.appending(name))
                try write(jpegStart, to: scene.folder.appending("\(name)/a.jpg"))
            }
            try await scene.knows(["old/a.jpg", "goes/a.jpg"])
            try scene.gate.withLock {
                // Its delivery waits at the gate, and so the queue fills.
                try write(jpegStart, to: scene.folder.appending("first.jpg"))
                for number in 0...(limit / 2) {
                    let path = scene.folder.appending("n\(number % 7).txt")
                    try write([], to: path)
                    _ = unlink(path.string)
                }
                // Of these the kernel tells nothing any more.
                try makeFolder(scene.folder.appending("late"))
                try write(jpegStart, to: scene.folder.appending("late/b.jpg"))
                try move(scene.folder.appending("old"), scene.folder.appending("new"))
                try removeAll(scene.folder.appending("goes"))
                try makeFolder(scene.folder.appending("goes"))
                try write(jpegStart, to: scene.folder.appending("goes/c.jpg"))
            }
            try await scene.knows(["first.jpg", "late/b.jpg", "new/a.jpg", "goes/c.jpg"])
            #expect(scene.now.scans.count >= 2)
            // And the watches are on the folders as they are now.
            for name in ["late", "new", "goes"] {
                try write(jpegStart, to: scene.folder.appending("\(name)/afterwards.jpg"))
            }
            try await scene.knows([
                "first.jpg", "late/b.jpg", "new/a.jpg", "goes/c.jpg", "late/afterwards.jpg", "new/afterwards.jpg",
                "goes/afterwards.jpg",
            ])
        }
    }
}

/// Makes nested folders and files in them at once, some of the folders twice; the names of the files.
private func fill(_ folder: FilePath, writer: Int) throws -> Set<String> {
    var names: Set<String> = []
    for round in 0..<40 {
        var path = FilePath("w\(writer)-\(round % 20)")
        for depth in 0..<6 {
            _ = mkdir(folder.pushing(path).string, 0o755)
            let name = path.appending("\(round)-\(depth).jpg")
            try write(jpegStart, to: folder.pushing(name))
            names.insert(name.string)
            path.append("d\(depth)")
        }
    }
    return names
}
