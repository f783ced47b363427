import Faults
import FolderWatching
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct MoveTests {
    @Test func `a file that is renamed, moved across roots, moved out and back, is known where it is`() async throws {
        let outside = try TemporaryFolder()
        try await WatchedScene.watching(
            .unhurried, roots: [("one", nil), ("two", nil)],
            prepare: { folder in for name in ["one", "two"] { try makeFolder(folder.appending(name)) } }
        ) { scene in
            func path(_ name: String) -> FilePath { scene.folder.appending(name) }
            try write(jpegStart, to: path("one/a.jpg"))
            try await scene.knows(["one/a.jpg"])
            let file = try #require(scene.now.files[path("one/a.jpg").bytes])
            try move(path("one/a.jpg"), path("one/b.jpg"))
            try await scene.knows(["one/b.jpg"])
            try move(path("one/b.jpg"), path("two/c.jpg"))
            try await scene.knows(["two/c.jpg"])
            let moved = try #require(scene.now.files[path("two/c.jpg").bytes])
            #expect(moved.inode == file.inode && moved.device == file.device && moved.modified == file.modified)
            try move(path("two/c.jpg"), outside.path.appending("c.jpg"))
            try await scene.knows([])
            try move(outside.path.appending("c.jpg"), path("one/a.jpg"))
            try await scene.knows(["one/a.jpg"])
        }
    }

    @Test func `a folder that moves takes its files along and stays watched, across roots as well`() async throws {
        try await WatchedScene.watching(
            roots: [("one", nil), ("two", nil)],
            prepare: { folder in for name in ["one", "two"] { try makeFolder(folder.appending(name)) } }
        ) { scene in
            func path(_ name: String) -> FilePath { scene.folder.appending(name) }
            for name in ["one/a", "one/a/deep"] { try makeFolder(path(name)) }
            for name in ["one/a/1.jpg", "one/a/deep/2.jpg"] { try write(jpegStart, to: path(name)) }
            try await scene.knows(["one/a/1.jpg", "one/a/deep/2.jpg"])
            try move(path("one/a"), path("one/b"))
            try await scene.knows(["one/b/1.jpg", "one/b/deep/2.jpg"])
            try move(path("one/b"), path("two/c"))
            try await scene.knows(["two/c/1.jpg", "two/c/deep/2.jpg"])
            try write(jpegStart, to: path("two/c/deep/3.jpg"))
            try await scene.knows(["two/c/1.jpg", "two/c/deep/2.jpg", "two/c/deep/3.jpg"])
            // Another folder under the old name is another folder.
            try makeFolder(path("one/a"))
            try write(jpegStart, to: path("one/a/4.jpg"))
            try await scene.knows(["two/c/1.jpg", "two/c/deep/2.jpg", "two/c/deep/3.jpg", "one/a/4.jpg"])
            #expect(scene.now.scans.count == 2)
        }
    }

    @Test func `folders that change places are each known by the right name`() async throws {
        try await WatchedScene.watching { scene in
            func path(_ name: String) -> FilePath { scene.folder.appending(name) }
            for name in ["a", "b", "a/in", "b/in"] { try makeFolder(path(name)) }
            try write(jpegStart, to: path("a/in/1.jpg"))
            try write(jpegStart, to: path("b/in/2.jpg"))
            try await scene.knows(["a/in/1.jpg", "b/in/2.jpg"])
            for _ in 0..<51 {
                try move(path("a"), path("c"))
                try move(path("b"), path("a"))
                try move(path("c"), path("b"))
            }
            try await scene.knows(["b/in/1.jpg", "a/in/2.jpg"])
            try write(jpegStart, to: path("a/in/3.jpg"))
            try write(jpegStart, to: path("b/in/4.jpg"))
            try await scene.knows(["b/in/1.jpg", "a/in/2.jpg", "a/in/3.jpg", "b/in/4.jpg"])
        }
    }

    @Test func `a folder that is moved back and forth while it is filled loses nothing`() async throws {
        try await WatchedScene.watching { scene in
            let folder = scene.folder
            try makeFolder(folder.appending("inbox"))
            var expected: Set<String> = []
            for round in 0..<100 {
                try makeFolder(folder.appending("inbox/job"))
                for number in 0..<5 { try write(jpegStart, to: folder.appending("inbox/job/\(number).jpg")) }
                try move(folder.appending("inbox/job"), folder.appending("done-\(round)"))
                try write(jpegStart, to: folder.appending("done-\(round)/late.jpg"))
                for number in 0..<5 { expected.insert("done-\(round)/\(number).jpg") }
                expected.insert("done-\(round)/late.jpg")
            }
            try await scene.knows(expected)
        }
    }

    @Test func `whoever waits until the watcher caught up knows all that was there when he asked`() async throws {
        try await WatchedScene.watching { scene in
            for folder in 0..<50 {
                try makeFolder(scene.folder.appending("\(folder)"))
                for file in 0..<10 { try write(jpegStart, to: scene.folder.appending("\(folder)/\(file).jpg")) }
            }
            await scene.watcher.catchUp()
            #expect(scene.names.count == 500)
            // One who stopped has nothing more to tell.
            scene.watcher.stop()
            await scene.watcher.catchUp()
        }
    }

    @Test func `what is removed is told gone, with a folder all that was in it`() async throws {
        try await WatchedScene.watching { scene in
            for name in ["a", "a/b"] { try makeFolder(scene.folder.appending(name)) }
            for name in ["1.jpg", "a/2.jpg", "a/b/3.jpg"] { try write(jpegStart, to: scene.folder.appending(name)) }
            try await scene.knows(["1.jpg", "a/2.jpg", "a/b/3.jpg"])
            #expect(unlink(scene.folder.appending("1.jpg").string) == 0)
            try removeAll(scene.folder.appending("a/b"))
            try await scene.knows(["a/2.jpg"])
            try removeAll(scene.folder.appending("a"))
            try await scene.knows([])
            #expect(scene.now.scans.count == 1)
        }
    }
}
