import Faults
import FolderWatching
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct RootTests {
    @Test func `a file system that does not answer is told with its folder, and when it ends all goes on`() async throws
    {
        try await WatchedScene.watching(
            roots: [("one", nil), ("two", nil)],
            prepare: { folder in for name in ["one", "two", "one/disk"] { try makeFolder(folder.appending(name)) } }
        ) { scene in
            let disk = scene.folder.appending("one/disk")
            let dead = try DeadFileSystem(at: disk)
            scene.watcher.rescan(scene.folder.appending("one").bytes)
            try await eventually("it is noticed") { scene.watcher.unanswered(for: .milliseconds(200)) != nil }
            #expect(scene.watcher.unanswered(for: .zero)?.path == scene.folder.appending("one").bytes)
            try write(jpegStart, to: scene.folder.appending("two/1.jpg"))
            let before = scene.now.roots.count
            scene.watcher.tellRoots()
            dead.end()
            try await scene.knows(["two/1.jpg"])
            try await eventually("both roots are told of") { scene.now.roots.count == before + 2 }
            try await eventually("nothing is asked") { scene.watcher.unanswered(for: .zero) == nil }
        }
    }

    @Test func `a marker is made once and read by whoever comes later`() throws {
        let folder = try TemporaryFolder()
        #expect(try RootMarker.read(folder.path.bytes) == nil)
        let marker = try RootMarker.create(in: folder.path.bytes)
        #expect(try RootMarker.create(in: folder.path.bytes) == marker)
        #expect(try RootMarker.read(folder.path.bytes) == marker)
        let text = try String(contentsOfFile: folder.path.appending(".likeness-root").string, encoding: .utf8)
        #expect(text == marker.id.uuidString.lowercased() + "\n")
    }

    @Test func `a marker that says nothing is refused with the way out`() throws {
        let folder = try TemporaryFolder()
        try write(Array("what is this?\n".utf8), to: folder.path.appending(".likeness-root"))
        #expect(throws: WatchingError.damagedMarker(root: folder.path.bytes)) {
            try RootMarker.create(in: folder.path.bytes)
        }
        #expect(
            WatchingError.damagedMarker(root: Array("/photos".utf8)).description == """
                error: /photos/.likeness-root holds no UUID
                hint: If it is the right folder, remove the marker and a new one is made: rm '/photos/.likeness-root'
                """)
    }

    @Test func `a folder in which nothing can be written has no marker, and it is said why`() throws {
        let root = Array("/proc/self/task".utf8)
        let error = #expect(throws: WatchingError.self) { try RootMarker.create(in: root) }
        guard case .cannotMark(root, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try RootMarker.read(root) == nil)
    }

    @Test func `the same root twice, a root in another and a file are refused, by whatever names`() throws {
        let folder = try TemporaryFolder()
        let (outer, inner) = (folder.path.appending("a"), folder.path.appending("a/b"))
        try makeFolder(outer)
        try makeFolder(inner)
        let alias = folder.path.appending("alias")
        symlink(inner.string, alias.string)
        try write([], to: folder.path.appending("file"))
        let neighbor = folder.path.appending("ab").bytes
        #expect(try WatchedRoot.resolved([alias.bytes, neighbor]) == [inner.bytes, neighbor])
        #expect(try WatchedRoot.resolved([outer.bytes + Array("/./b//".utf8)]) == [inner.bytes])
        #expect(
            throws: WatchingError.rootInsideRoot(
                inner: alias.bytes, outer: outer.bytes, resolved: inner.bytes, outerResolved: outer.bytes)
        ) { try WatchedRoot.resolved([alias.bytes, outer.bytes]) }
        #expect(
            throws: WatchingError.rootInsideRoot(
                inner: inner.bytes, outer: alias.bytes, resolved: inner.bytes, outerResolved: inner.bytes)
        ) { try WatchedRoot.resolved([alias.bytes, inner.bytes]) }
        let file = folder.path.appending("file").bytes
        #expect(throws: WatchingError.notAFolder(file)) { try WatchedRoot.resolved([file]) }
        let error = WatchingError.rootInsideRoot(
            inner: Array("/p/a".utf8), outer: Array("/p".utf8), resolved: Array("/p/a".utf8),
            outerResolved: Array("/p".utf8))
        #expect(
            error.description == """
                error: /p/a lies in /p, which is watched with all below it
                hint: Name the outer one alone: likeness watch '/p'
                """)
    }

    @Test func `a root that is removed deletes nothing, and is scanned when it is back`() async throws {
        let folder = try TemporaryFolder(isReachableByAll: true)
        let root = folder.path.appending("disk")
        try makeFolder(root)
        let marker = try RootMarker.create(in: root.bytes)
        try await WatchedScene.watching(roots: [("disk", marker)], in: folder) { scene in
            try write(jpegStart, to: root.appending("a.jpg"))
            try await scene.knows(["disk/a.jpg"])
            try move(root, folder.path.appending("away"))
            try await eventually("the root is lost") { scene.now.lost == 1 }
            #expect(scene.now.roots == ["found", "lost: no such file or directory"])
            // An empty folder in its place, as a mount point is.
            try makeFolder(root)
            try write(jpegStart, to: root.appending("stray.jpg"))
            try removeAll(root)
            try move(folder.path.appending("away"), root)
            try await eventually("the root is found") { scene.now.roots.last == "found" }
            try write(jpegStart, to: root.appending("b.jpg"))
            try await scene.knows(["disk/a.jpg", "disk/b.jpg"])
            #expect(scene.now.goneCount == 0)
        }
    }

    @Test func `an empty folder where the disk was, or another disk, is not the root`() async throws {
        let folder = try TemporaryFolder(isReachableByAll: true)
        let root = folder.path.appending("disk")
        try makeFolder(root)
        let marker = try RootMarker.create(in: root.bytes)
        try await WatchedScene.watching(roots: [("disk", marker)], in: folder) { scene in
            try write(jpegStart, to: root.appending("a.jpg"))
            try await scene.knows(["disk/a.jpg"])
            // The marker goes, and then the pictures, as when a disk is emptied.
            #expect(unlink(root.appending(".likeness-root").string) == 0)
            try await eventually("the root is lost") { scene.now.lost == 1 }
            #expect(scene.now.roots.last == "lost: has no .likeness-root: its disk may not be mounted")
            #expect(unlink(root.appending("a.jpg").string) == 0)
            let other = try RootMarker.create(in: root.bytes)
            try write(jpegStart, to: root.appending("b.jpg"))
            scene.watcher.rescanAll()
            #expect(unlink(root.appending(".likeness-root").string) == 0)
            try write(Array((marker.id.uuidString + "\n").utf8), to: root.appending(".likeness-root"))
            try await scene.knows(["disk/b.jpg"])
            #expect(other != marker)
            #expect(scene.now.goneCount == 0)
        }
    }

    @Test func `a root with another one's marker is lost from the start`() async throws {
        let folder = try TemporaryFolder(isReachableByAll: true)
        let root = folder.path.appending("disk")
        try makeFolder(root)
        let marker = try RootMarker.create(in: root.bytes)
        let expected = RootMarker(id: UUID())
        try write(jpegStart, to: root.appending("a.jpg"))
        try await WatchedScene.watching(roots: [("disk", expected)], in: folder) { scene in
            let (found, wanted) = (marker.id.uuidString.lowercased(), expected.id.uuidString.lowercased())
            #expect(scene.now.roots == ["lost: has .likeness-root \(found), not \(wanted)"])
            #expect(scene.names == [])
            #expect(scene.now.scans.isEmpty)
        }
    }

    @Test func `a root that is not there yet is scanned when it comes`() async throws {
        try await WatchedScene.watching(roots: [("later/disk", nil)]) { scene in
            #expect(scene.now.roots == ["lost: no such file or directory"])
            try makeFolder(scene.folder.appending("later"))
            try makeFolder(scene.folder.appending("later/disk"))
            try write(jpegStart, to: scene.folder.appending("later/disk/a.jpg"))
            try await scene.knows(["later/disk/a.jpg"])
        }
    }

    @Test func `a root that several mark at once has one marker, and nothing is left beside it`() async throws {
        for _ in 0..<50 {
            let folder = try TemporaryFolder()
            let markers = try await withThrowingTaskGroup(of: RootMarker.self) { group in
                for _ in 0..<8 { group.addTask { try RootMarker.create(in: folder.path.bytes) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(markers).count == 1)
            #expect(try RootMarker.read(folder.path.bytes) == markers.first)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string) == [".likeness-root"])
        }
    }
}
