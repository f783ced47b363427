import Catalog
import Postgres
import TestSupport
import Testing

struct VanishingTests {
    private let databases = TestDatabases()

    private func paths(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    @Test func `under hide a picture leaves the indexes with its last file, and comes back with the first`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .hide).id
        try test.sight([("a", "/pictures/a"), ("a", "/pictures/copy"), ("b", "/pictures/b")], root: root)
        let a = try #require(try test.catalog.images(of: [.named("a")])[.named("a")])
        let feed = try Feed(test)
        let first = try test.catalog.vanish(paths: paths("/pictures/a"), root: root, host: "here")
        #expect(first.files == 1)
        #expect(first.hiddenImages == 0)
        #expect(try feed.images() == [])
        let second = try test.catalog.vanish(paths: paths("/pictures/copy", "/no"), root: root, host: "here")
        #expect(second.files == 1)
        #expect(second.hiddenImages == 1)
        #expect(try test.state(of: a) == "vanished")
        #expect(try feed.images() == [a])
        #expect(try test.catalog.embeddedImages(model: test.model.id) == test.images("b"))
        #expect(try test.catalog.vanish(paths: paths("/pictures/copy"), root: root, host: "here") == VanishOutcome())
        let outcome = try test.sight([("a", "/pictures/a")], root: root)
        #expect(outcome.restoredImages == 1)
        #expect(try test.state(of: a) == "active")
        #expect(try feed.images() == [a])
        #expect(try test.catalog.counts().vanishedFiles == 1)
    }

    @Test func `under keep a picture stays, and its files are marked all the same`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .keep).id
        try test.sight([("a", "/pictures/a")], root: root)
        let feed = try Feed(test)
        let outcome = try test.catalog.vanish(paths: paths("/pictures/a"), root: root, host: "here")
        #expect(outcome.files == 1)
        #expect(outcome.hiddenImages == 0)
        #expect(try test.catalog.counts().vanishedFiles == 1)
        #expect(try feed.images() == [])
        #expect(try test.sight([("a", "/pictures/a")], root: root).restoredImages == 0)
        #expect(try feed.images() == [])
        #expect(try test.catalog.counts().vanishedFiles == 0)
    }

    @Test func `what a person hid stays hidden whatever its files do`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .hide).id
        try test.sight([("a", "/pictures/a")], root: root)
        try test.connection.execute("update likeness.images set state = 'hidden'")
        #expect(try test.catalog.vanish(paths: paths("/pictures/a"), root: root, host: "here").hiddenImages == 0)
        #expect(try test.sight([("a", "/pictures/a")], root: root).restoredImages == 0)
        #expect(try test.state(of: test.images("a")[0]) == "hidden")
    }

    @Test func `a folder vanishes with all below it and nothing beside it`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .hide).id
        let files = ["sub/1", "sub/deep/2", "sub2/3", "sub.4", "5"].map { (name: $0, path: "/pictures/\($0)") }
        try test.sight(files, root: root)
        _ = try test.catalog.enqueue([.at("/pictures/sub/6"), .at("/pictures/7")], root: root, host: "here")
        var batch = IngestBatch()
        batch.failures = ["sub/8", "9"].map {
            IngestFailure(path: Array("/pictures/\($0)".utf8), root: root, errorClass: "x", message: "x", stamp: nil)
        }
        try test.catalog.write(batch, model: test.model)
        var known: [String] = []
        try test.catalog.forEachKnownPath(under: Array("/pictures/sub".utf8)) { known.append($0.text) }
        #expect(known.sorted() == ["1", "6", "8", "deep/2"].map { "/pictures/sub/\($0)" })
        let outcome = try test.catalog.vanish(paths: [], folders: paths("/pictures/sub"), root: root, host: "here")
        #expect(outcome.files == 2)
        #expect(outcome.hiddenImages == 2)
        #expect(outcome.unqueued == 1)
        #expect(outcome.failures == 1)
        known = []
        try test.catalog.forEachKnownPath(under: Array("/pictures".utf8)) { known.append($0.text) }
        #expect(known.sorted() == ["5", "7", "9", "sub.4", "sub2/3"].map { "/pictures/\($0)" })
    }

    @Test func `a file in work is told, not waited for`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/a"), .at("/pictures/b")], root: root, host: "here")
        let other = try test.another()
        try test.connection.transaction {
            #expect(try test.claim([root], limit: 1).map(\.path.text) == ["/pictures/a"])
            let outcome = try other.vanish(paths: paths("/pictures/a", "/pictures/b"), root: root, host: "here")
            #expect(outcome.inWork == paths("/pictures/a"))
            #expect(outcome.unqueued == 1)
        }
        #expect(try other.vanish(paths: paths("/pictures/a"), root: root, host: "here").unqueued == 1)
    }

    @Test(arguments: OnVanish.allCases)
    func `a picture whose file holds another one now has lost that file`(policy: OnVanish) throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: policy).id
        try test.sight([("old", "/pictures/a"), ("copied", "/pictures/b"), ("copied", "/pictures/c")], root: root)
        let feed = try Feed(test)
        let outcome = try test.sight([("new", "/pictures/a"), ("new", "/pictures/b")], root: root, mtime: 5)
        #expect(outcome.replacedFiles == 2)
        #expect(outcome.vanishedImages == (policy == .hide ? 1 : 0))
        let old = try test.images("old")[0]
        #expect(try test.state(of: old) == (policy == .hide ? "vanished" : "active"))
        #expect(try test.state(of: test.images("copied")[0]) == "active")
        #expect(try Set(feed.images()) == Set(test.images("new") + (policy == .hide ? [old] : [])))
    }

    @Test func `a picture whose file was replaced by junk has lost that file`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .hide).id
        try test.sight([("a", "/pictures/a")], root: root)
        var batch = IngestBatch()
        batch.failures = [
            IngestFailure(
                path: Array("/pictures/a".utf8), root: root, errorClass: "x", message: "x",
                stamp: FileStamp(size: 3, mtimeNanoseconds: 3))
        ]
        #expect(try test.catalog.write(batch, model: test.model).vanishedImages == 1)
        #expect(try test.state(of: test.images("a")[0]) == "vanished")
    }

    @Test func `another policy holds for what has vanished already`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .keep).id
        try test.sight([("a", "/pictures/a"), ("b", "/pictures/b"), ("b", "/pictures/c")], root: root)
        _ = try test.catalog.vanish(paths: paths("/pictures/a", "/pictures/b"), root: root, host: "here")
        let (a, b) = (try test.images("a")[0], try test.images("b")[0])
        _ = try test.openRoot(policy: .hide)
        #expect(try test.state(of: a) == "vanished")
        #expect(try test.state(of: b) == "active")
        _ = try test.openRoot(policy: .keep)
        #expect(try test.state(of: a) == "active")
    }

    @Test func `a picture is active as long as a file is left, while files vanish and appear at once`() async throws {
        let test = try databases.catalog()
        let root = try test.openRoot(policy: .hide).id
        let paths = (0..<4).map { "/pictures/\($0)" }
        try test.sight(paths.map { ("a", $0) }, root: root)
        let (target, model) = (test.database.target, test.model)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    try await Database(target).run { connection in
                        let catalog = Catalog(connection)
                        var random = SplitMix(state: UInt64(worker))
                        for _ in 0..<60 {
                            if Bool.random(using: &random) {
                                _ = try catalog.vanish(paths: [Array(paths[worker].utf8)], root: root, host: "here")
                            } else {
                                var batch = IngestBatch()
                                var sighting = FileSighting.named("a", path: paths[worker])
                                sighting.root = root
                                batch.sightings = [sighting]
                                try catalog.write(batch, model: model)
                            }
                            let row = try connection.firstRow(
                                """
                                select (state = 'active') = exists (
                                    select from likeness.image_files f where f.image = i.id and f.vanished_at is null
                                ) as fits from likeness.images i
                                """)
                            #expect(try row?["fits"] == true)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// A reader of the feed of a test.
private final class Feed {
    private let catalog: Catalog
    private let model: ModelID
    private var position: FeedPosition

    init(_ test: TestCatalog) throws {
        catalog = test.catalog
        model = test.model.id
        position = try catalog.currentPosition()
    }

    /// The pictures of which something changed since the last look.
    func images() throws -> [ImageID] {
        let step = try catalog.changes(model: model, after: position, limit: 1000)
        position = step.position
        return step.changes.map(\.image)
    }
}

extension TestCatalog {
    /// The numbers of pictures by their names.
    fileprivate func images(_ names: String...) throws -> [ImageID] {
        let images = try catalog.images(of: names.map { .named($0) })
        return names.compactMap { images[.named($0)] }
    }
}
