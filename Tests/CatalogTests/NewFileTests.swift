import Catalog
import Postgres
import TestSupport
import Testing

struct NewFileTests {
    private let databases = TestDatabases()

    @Test func `a file is unknown unless a sighting, a quarantine or the queue vouches for it`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        try test.sight([("in", "/pictures/in"), ("gone", "/pictures/gone"), ("bare", "/pictures/bare")], root: root)
        try test.connection.execute(
            """
            delete from likeness.embeddings where image = (
                select id from likeness.images where content_sha256 = \(ContentDigest.named("bare")))
            """)
        _ = try test.catalog.vanish(paths: [Array("/pictures/gone".utf8)], root: root, host: "here")
        _ = try test.catalog.enqueue([.at("/pictures/queued")], root: root, host: "here")
        var batch = IngestBatch()
        batch.failures = [
            ("bad", Timestamp?.none), ("due", .infinity), ("later", Timestamp(seconds: 4_000_000_000)),
        ].map { name, retry in
            IngestFailure(
                path: Array("/pictures/\(name)".utf8), errorClass: "x", message: "x", stamp: StampedFile.at("").stamp,
                nextRetryAt: retry)
        }
        try test.catalog.write(batch, model: test.model)
        let names = ["new", "in", "gone", "bare", "queued", "bad", "due", "later"]
        func unknown(_ files: [StampedFile]) throws -> [String] {
            try test.catalog.unknownFiles(of: files, model: test.model.id).map { String($0.path.text.dropFirst(10)) }
        }
        #expect(try unknown(names.map { .at("/pictures/\($0)") }) == ["new", "gone", "bare", "later"])
        #expect(try unknown(names.map { .at("/pictures/\($0)", mtime: 3) }) == names)
        #expect(try unknown(names.map { .at("/pictures/\($0)", size: 3) }) == names)
        let other = try test.catalog.addModel(name: "other", identity: .small(dimension: 8))
        #expect(try test.catalog.unknownFiles(of: [.at("/pictures/in")], model: other.id).count == 1)
    }

    @Test func `more files than a statement takes come back in their order`() throws {
        let test = try databases.catalog()
        let files = (0..<10_050).map { StampedFile.at("/pictures/\($0)") }
        try test.sight([("a", "/pictures/7"), ("b", "/pictures/10049")], root: nil)
        let unknown = try test.catalog.unknownFiles(of: files, model: test.model.id)
        #expect(unknown == files.filter { !["/pictures/7", "/pictures/10049"].contains($0.path.text) })
    }

    @Test func `a moved or linked file is known by its inode, on the machine that saw it`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        try test.sight([("a", "/pictures/a"), ("a", "/pictures/link")], root: root)
        let file = StampedFile.at("/elsewhere/a")
        func moved(_ file: StampedFile, host: String = "here") throws -> [MovedFile] {
            try test.catalog.movedFiles(matching: [.at("/x", inode: 1), file], model: test.model.id, host: host)
        }
        let found = try moved(file)
        #expect(found.map(\.file) == [file])
        #expect(found.map(\.content) == [.named("a")])
        _ = try test.catalog.vanish(paths: [Array("/pictures/a".utf8)], root: root, host: "here")
        // A sighting that is still there is named before one that is gone.
        #expect(try moved(file).map(\.readAt.text) == ["/pictures/link"])
        #expect(try moved(file, host: "there").isEmpty)
        #expect(try moved(.at("/elsewhere/a", size: 999)).isEmpty)
        #expect(try moved(.at("/elsewhere/a", mtime: 999)).isEmpty)
        let bare = StampedFile(path: file.path, stamp: FileStamp(size: 1000, mtimeNanoseconds: 1_000_000_007))
        #expect(try moved(bare).isEmpty)
        // Two pictures with the same numbers: one of the sightings is out of date, and nobody knows which.
        try test.sight([("b", "/pictures/b")], root: root)
        #expect(try moved(file).isEmpty)
    }

    @Test func `sightings without the name of their machine are not believed`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let files = [StampedFile.at("/elsewhere/a")]
        #expect(try test.catalog.movedFiles(matching: files, model: test.model.id, host: "here").isEmpty)
    }

    @Test func `of two that read the same content one embeds it, and the other finds it afterwards`() throws {
        let test = try databases.catalog()
        let other = try test.another()
        try test.ingest("known")
        let digests = ["known", "new", "newer"].map { ContentDigest.named($0) }
        try test.connection.transaction {
            let mine = try test.catalog.claimContents(Array(digests.prefix(2)), model: test.model.id)
            #expect(mine.known == [digests[0]])
            #expect(mine.mine == [digests[1]])
            #expect(mine.busy.isEmpty)
            try other.connection.transaction {
                let theirs = try other.claimContents(digests, model: test.model.id)
                #expect(theirs.known == [digests[0]])
                #expect(theirs.mine == [digests[2]])
                #expect(theirs.busy == [digests[1]])
            }
            try test.catalog.write(.pictures(["new"]), model: test.model)
        }
        try other.connection.transaction {
            let theirs = try other.claimContents(digests, model: test.model.id)
            #expect(theirs.known == Set(digests.prefix(2)))
            #expect(theirs.mine == [digests[2]])
        }
    }
}
