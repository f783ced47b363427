import Catalog
import Postgres
import TestSupport
import Testing

struct QueueTests {
    private let databases = TestDatabases()

    @Test func `two connections claim disjoint files, the longest waiting first`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        for number in 0..<6 {
            let outcome = try test.catalog.enqueue([.at("/pictures/\(number)")], root: root, host: "here")
            #expect(outcome == EnqueueOutcome(queued: 1))
        }
        let other = try test.another()
        try test.connection.transaction {
            let mine = try test.claim([root], limit: 2)
            #expect(mine.map(\.path.text) == ["/pictures/0", "/pictures/1"])
            #expect(mine.map(\.attempts) == [0, 0])
            #expect(mine[0].stamp == StampedFile.at("").stamp)
            try other.connection.transaction {
                let theirs = try other.claim(roots: [root], limit: 9, maxBytes: .max, host: "there")
                #expect(theirs.map(\.path.text) == (2..<6).map { "/pictures/\($0)" })
                // Device and inode mean nothing on another machine.
                #expect(theirs[0].stamp == FileStamp(size: 1000, mtimeNanoseconds: 1_000_000_007))
                try other.finish(theirs.map(\.id))
            }
        }
        // The one finished, the other committed without it.
        #expect(try test.catalog.queueDepth(roots: [root]) == 2)
    }

    @Test func `a claim is bounded by bytes, but for a single file`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        for (number, size) in [700, 200, 200, 50].enumerated() {
            _ = try test.catalog.enqueue([.at("/pictures/\(number)", size: Int64(size))], root: root, host: "here")
        }
        let other = try test.another()
        try test.connection.transaction {
            #expect(try test.claim([root], limit: 9, bytes: 500).map(\.stamp.size) == [700])
            try other.connection.transaction {
                // What the first had no room for is not locked by it.
                let next = try other.claim(roots: [root], limit: 9, maxBytes: 410, host: "here")
                #expect(next.map(\.stamp.size) == [200, 200])
                #expect(try test.catalog.timeUntilReady(roots: [root]) == .zero)
                #expect(try test.claim([root], limit: 9).map(\.stamp.size) == [700, 50])
            }
        }
    }

    @Test func `a folder with many files keeps no other waiting`() throws {
        let test = try databases.catalog()
        let flood = try test.openRoot("/flood").id
        let live = try test.openRoot("/live").id
        _ = try test.catalog.enqueue((0..<500).map { .at("/flood/\($0)") }, root: flood, host: "here")
        _ = try test.catalog.enqueue((0..<3).map { .at("/live/\($0)") }, root: live, host: "here")
        try test.connection.transaction {
            let claimed = try test.claim([flood, live], limit: 10)
            #expect(claimed.count { $0.root == live } == 3)
            #expect(claimed.count { $0.root == flood } == 7)
        }
        #expect(try test.connection.transaction { try test.claim([live], limit: 10).count } == 3)
    }

    @Test func `a connection that dies gives its files back`() async throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here")
        let victim = try test.another()
        #expect(throws: PostgresError.self) {
            try victim.connection.transaction {
                let claimed = try victim.claim(roots: [root], limit: 9, maxBytes: .max, host: "here")
                #expect(claimed.count == 1)
                try victim.write(.pictures(["a"]), model: test.model)
                try victim.finish(claimed.map(\.id))
                #expect(try test.connection.transaction { try test.claim([root]).isEmpty })
                try test.connection.execute("select pg_terminate_backend(\(victim.connection.serverProcessID))")
                try victim.connection.execute("select")
            }
        }
        var again: [QueuedFile] = []
        try await eventually("the file can be claimed again") {
            again = try test.connection.transaction { try test.claim([root]) }
            return !again.isEmpty
        }
        #expect(again.map(\.attempts) == [0])
        #expect(try test.catalog.counts().images == 0)
    }

    @Test func `eight lanes ingest two thousand files, each once, and identical contents once`() async throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        let files = (0..<2000).map { StampedFile.at("/pictures/\($0)") }
        #expect(try test.catalog.enqueue(files, root: root, host: "here").queued == 2000)
        let target = test.database.target, model = test.model
        let sum = try await withThrowingTaskGroup(of: LaneWork.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await Database(target).run { connection in
                        let catalog = Catalog(connection)
                        var sum = LaneWork()
                        while try catalog.timeUntilReady(roots: [root]) != nil {
                            try connection.transaction {
                                let claimed = try catalog.claim(
                                    roots: [root], limit: 20 + number, maxBytes: .max, host: "here")
                                try sum.ingest(claimed, catalog: catalog, model: model)
                            }
                        }
                        return sum
                    }
                }
            }
            return try await group.reduce(into: LaneWork()) { sum, work in
                sum.done += work.done
                sum.embedded += work.embedded
            }
        }
        // Lanes that saw nothing but files in work have gone; the last of them left none.
        #expect(try test.catalog.queueDepth(roots: [root]) == 0)
        #expect(sum.done.count == 2000)
        #expect(Set(sum.done).count == 2000)
        #expect(sum.embedded == 500)
        let counts = try test.catalog.counts()
        #expect(counts.images == 500)
        #expect(counts.files == 2000)
        #expect(counts.models.map(\.embeddings) == [500])
    }

    @Test func `a file that changes in the queue begins anew, and one that does not stays as it is`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        let file = StampedFile.at("/pictures/a")
        _ = try test.catalog.enqueue([file], root: root, host: "here")
        try test.postpone([root], by: .seconds(60), error: .init(errorClass: "unreadable", message: "denied"))
        #expect(try test.catalog.enqueue([file], root: root, host: "here").queued == 0)
        #expect(try test.catalog.timeUntilReady(roots: [root]) ?? .zero > .seconds(30))
        let changed = StampedFile.at("/pictures/a", size: 1001)
        #expect(try test.catalog.enqueue([file, changed], root: root, host: "here").queued == 1)
        let claimed = try test.connection.transaction { try test.claim([root]) }
        #expect(claimed.map(\.attempts) == [0])
        #expect(claimed.map(\.stamp.size) == [1001])
    }

    @Test func `a file that changes while somebody works on it is told, not waited for`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        let file = StampedFile.at("/pictures/a")
        let changed = StampedFile.at("/pictures/a", mtime: 5)
        _ = try test.catalog.enqueue([file], root: root, host: "here")
        let other = try test.another()
        try test.connection.transaction {
            let claimed = try test.claim([root])
            let outcome = try other.enqueue([changed, .at("/pictures/b")], root: root, host: "here")
            #expect(outcome.inWork == [changed])
            #expect(outcome.queued == 1)
            #expect(try other.enqueue([file], root: root, host: "here") == EnqueueOutcome())
            try test.catalog.finish(claimed.map(\.id))
        }
        #expect(try other.enqueue([changed], root: root, host: "here").queued == 1)
    }

    @Test func `those who listen hear of queued files once a call`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        let listener = try test.database.connect()
        try listener.listen(Catalog.ingestChannel)
        _ = try test.catalog.enqueue([.at("/pictures/a"), .at("/pictures/b")], root: root, host: "here")
        #expect(try listener.waitForNotification(timeout: .seconds(20))?.payload == "\(root)")
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here")
        #expect(try listener.waitForNotification(timeout: .zero) == nil)
    }

    @Test func `an error is an attempt and a failure to be tried again, and waiting for another is neither`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here")
        try test.postpone([root], by: .zero)
        #expect(try test.catalog.failures(limit: 9).isEmpty)
        for _ in 0..<2 {
            try test.postpone([root], by: .zero, error: .init(errorClass: "disk", message: "input/output error"))
        }
        let failure = try #require(try test.catalog.failures(limit: 9).first)
        #expect(failure.attempts == 2)
        #expect(failure.errorClass == "disk")
        #expect(failure.nextRetryAt != nil)
        // What waits for its turn again does not count as known, whatever is recorded of it.
        #expect(try test.catalog.knownFailures(under: Array("/pictures".utf8)).isEmpty)
        try test.postpone([root], by: .seconds(3600))
        #expect(try test.fileState("/pictures/a") == "failed")
        let wait = try #require(try test.catalog.timeUntilReady(roots: [root]))
        #expect(wait > .seconds(3500) && wait <= .seconds(3600))
        #expect(try test.connection.transaction { try test.claim([root]) }.isEmpty)
    }

    @Test func `files that are to be left alone for a while are not claimed`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        #expect(try test.catalog.timeUntilReady(roots: [root]) == nil)
        _ = try test.catalog.enqueue([.at("/pictures/a")], root: root, host: "here", after: .seconds(600))
        #expect(try test.connection.transaction { try test.claim([root]) }.isEmpty)
        #expect(try test.fileState("/pictures/a") == "seen")
    }

    @Test func `people see what became of each file`() throws {
        let test = try databases.catalog()
        let root = try test.openRoot().id
        try test.sight([("in", "/pictures/in"), ("gone", "/pictures/gone"), ("old", "/pictures/bad")], root: root)
        _ = try test.catalog.vanish(paths: [Array("/pictures/gone".utf8)], root: root, host: "here")
        _ = try test.catalog.enqueue([.at("/pictures/new"), .at("/pictures/in", size: 9)], root: root, host: "here")
        var batch = IngestBatch()
        batch.failures = [
            IngestFailure(
                path: Array("/pictures/bad".utf8), root: root, errorClass: "truncated", message: "cut short",
                stamp: FileStamp(size: 3, mtimeNanoseconds: 3))
        ]
        try test.catalog.write(batch, model: test.model)
        let rows = try test.connection.rows("select path_text, root, state from likeness.file_states")
        let states = try Dictionary(
            uniqueKeysWithValues: rows.map { (try $0["path_text", as: String.self], try $0["state", as: String.self]) })
        #expect(
            states == [
                "/pictures/in": "settled", "/pictures/gone": "vanished", "/pictures/new": "settled",
                "/pictures/bad": "quarantined",
            ])
        #expect(try rows.allSatisfy { try $0["root"] == "/pictures" })
    }
}

/// What a lane did with the files that it claimed.
private struct LaneWork: Sendable {
    var done: [String] = []
    var embedded = 0

    /// Every content lies in four files.
    mutating func ingest(_ claimed: [QueuedFile], catalog: Catalog, model: StoredModel) throws {
        func name(_ file: QueuedFile) -> String { "content \((Int(file.path.text.dropFirst(10)) ?? -1) / 4)" }
        let contents = try catalog.claimContents(claimed.map { .named(name($0)) }, model: model.id)
        var batch = IngestBatch()
        var finished: [QueuedFileID] = []
        var added: Set<ContentDigest> = []
        for file in claimed {
            let digest = ContentDigest.named(name(file))
            if contents.busy.contains(digest) {
                try catalog.postpone([Postponement(of: file.id, by: .milliseconds(1))])
                continue
            }
            if contents.mine.contains(digest), added.insert(digest).inserted {
                batch.contents.append(.named(name(file)))
            }
            batch.sightings.append(FileSighting(path: file.path, root: file.root, content: digest, stamp: file.stamp))
            finished.append(file.id)
            done.append(file.path.text)
        }
        embedded += added.count
        try catalog.write(batch, model: model)
        try catalog.finish(finished)
    }
}

extension TestCatalog {
    func claim(_ roots: [RootID], limit: Int = 100, bytes: Int64 = .max) throws -> [QueuedFile] {
        try catalog.claim(roots: roots, limit: limit, maxBytes: bytes, host: "here")
    }

    /// Claims all that is ready and postpones it.
    func postpone(_ roots: [RootID], by delay: Duration, error: Postponement.Reason? = nil) throws {
        try connection.transaction {
            let claimed = try claim(roots)
            #expect(!claimed.isEmpty)
            try catalog.postpone(claimed.map { Postponement(of: $0.id, by: delay, error: error) })
        }
    }

    func fileState(_ path: String) throws -> String? {
        try connection.firstRow("select state from likeness.file_states where path_text = \(path)")?["state"]
    }
}

extension EnqueueOutcome {
    fileprivate init(queued: Int) {
        self.init()
        self.queued = queued
    }
}
