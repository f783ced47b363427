import Catalog
import Faults
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

struct FeedTests {
    private let databases = TestDatabases()

    @Test func `inserts, updates and deletes are changes of their pictures`() throws {
        let test = try databases.catalog()
        var reader = try FeedReader(test)
        let images = try test.ingest("a", "b", "c")
        #expect(try reader.step().map(\.image).sorted() == images.sorted())
        try test.connection.execute(
            "update likeness.embeddings set vector = \([UInt8](repeating: 1, count: 16)) where image = \(images[0])")
        try test.connection.execute("delete from likeness.embeddings where image = \(images[1])")
        let changes = try reader.step()
        #expect(changes.map(\.operation) == [.update, .delete])
        #expect(changes.map(\.image) == [images[0], images[1]])
        #expect(try reader.step().isEmpty)
    }

    @Test func `a deleted picture takes its embeddings with it, and the feed says so`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b")
        var reader = try FeedReader(test)
        try test.connection.execute("delete from likeness.images where id = \(images[0])")
        let changes = try reader.step()
        #expect(changes.map(\.image) == [images[0]])
        #expect(changes.map(\.operation) == [.delete])
    }

    @Test func `an update that changes the key is a delete of the old one`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b")
        try test.connection.execute("delete from likeness.embeddings where image = \(images[1])")
        var reader = try FeedReader(test)
        try test.connection.execute("update likeness.embeddings set image = \(images[1])")
        let changes = try reader.step()
        #expect(changes.first { $0.operation == .update }?.image == images[1])
        #expect(changes.first { $0.operation == .delete }?.image == images[0])
        #expect(changes.count == 2)
    }

    @Test func `truncating says of every embedding that it is gone`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c")
        var reader = try FeedReader(test)
        try test.connection.execute("truncate likeness.images cascade")
        let changes = try reader.step()
        #expect(changes.map(\.image).sorted() == images.sorted())
        #expect(changes.allSatisfy { $0.operation == .delete })
    }

    @Test func `hiding a picture takes it out of what an index holds`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b")
        var reader = try FeedReader(test)
        try test.connection.execute("update likeness.images set state = 'hidden' where id = \(images[0])")
        #expect(try reader.step().map(\.image) == [images[0]])
        #expect(try test.catalog.embeddedImages(model: test.model.id) == [images[1]])
        var read: [ImageID] = []
        try test.catalog.embeddings(of: images, model: test.model.id) { image, _ in read.append(image) }
        #expect(read == [images[1]])
        try test.connection.execute("update likeness.images set camera = 'a'")
        #expect(try reader.step().isEmpty)
        try test.connection.execute("update likeness.images set state = 'active'")
        #expect(try reader.step().map(\.image) == [images[0]])
    }

    @Test func `a statement with a thousand rows calls its trigger once`() throws {
        let test = try databases.catalog()
        try test.connection.execute("set track_functions = 'all'")
        try test.catalog.write(.pictures((0..<1000).map { "p\($0)" }), model: test.model)
        try test.connection.execute("select pg_stat_force_next_flush()")
        let row = try test.connection.firstRow(
            "select calls from pg_stat_user_functions where funcname = 'record_inserted_embeddings'")
        #expect(try row?["calls"] == 1)
        let changes = try test.connection.firstRow("select count(*) as n from likeness.embedding_changes")
        #expect(try changes?["n"] == 1000)
    }

    @Test func `a commit is told to those who listen`() throws {
        let test = try databases.catalog()
        let listener = try test.database.connect()
        try listener.listen(Catalog.embeddingsChannel)
        try test.ingest("a")
        let notification = try listener.waitForNotification(timeout: .seconds(20))
        #expect(notification?.payload == "\(test.model.id)")
    }

    @Test func `a late commit is not missed, and those before it come at once and only once`() throws {
        let test = try databases.catalog()
        var reader = try FeedReader(test)
        let late = try test.another()
        var lateImages: [ImageID] = []
        try late.connection.transaction {
            try late.write(.pictures(["late"]), model: test.model)
            lateImages = [try #require(try late.images(of: [.named("late")])[.named("late")])]
            let early = try test.ingest("early 1", "early 2")
            #expect(try reader.step().map(\.image).sorted() == early.sorted())
            #expect(try reader.step().isEmpty)
            let next = try test.ingest("early 3")
            #expect(try reader.step().map(\.image) == next)
        }
        #expect(try reader.step().map(\.image) == lateImages)
        #expect(try reader.step().isEmpty)
    }

    @Test func `a transaction that is open for long delays neither the feed nor makes the position grow`() throws {
        let test = try databases.catalog()
        let idle = try test.database.connect()
        try idle.transaction {
            try idle.execute("select pg_current_xact_id()")
            var reader = try FeedReader(test)
            for number in 0..<100 {
                #expect(try reader.catalog.pendingChanges(model: test.model.id, after: reader.position) == 0)
                try test.ingest("p\(number)")
                #expect(try reader.step().count == 1)
            }
            // Transactions of other tests may stand in it as well.
            #expect(reader.position.description.count < 300)
        }
    }

    @Test func `a step with a limit goes on where it stopped, within a transaction too`() throws {
        let test = try databases.catalog()
        var reader = try FeedReader(test)
        let images = try test.ingest("a", "b", "c", "d", "e") + test.ingest("f", "g")
        var seen: [ImageID] = []
        var sizes: [Int] = []
        while true {
            let step = try test.catalog.changes(model: test.model.id, after: reader.position, limit: 2)
            sizes.append(step.changes.count)
            seen += step.changes.map(\.image)
            reader.position = try #require(FeedPosition(step.position.description))
            #expect(
                try test.catalog.pendingChanges(model: test.model.id, after: reader.position) == 7 - seen.count)
            if step.isComplete { break }
        }
        #expect(sizes == [2, 2, 2, 1])
        #expect(seen.sorted() == images.sorted())
    }

    @Test func `a commit that comes between two parts of a transaction neither hides nor repeats a change`() throws {
        let test = try databases.catalog()
        var reader = try FeedReader(test)
        let late = try test.another()
        var rest: [ImageID] = []
        try late.connection.transaction {
            try late.write(.pictures(["late 1", "late 2"]), model: test.model)
            try test.ingest("a", "b", "c")
            rest = try reader.step(limit: 1).map(\.image)
        }
        for _ in 0..<4 { rest += try reader.step(limit: 1).map(\.image) }
        #expect(Set(rest).count == 5)
        #expect(rest.count == 5)
        #expect(try reader.step(limit: 1).isEmpty)
    }

    @Test func `many writers with rollbacks: no change is missed and none comes twice`() async throws {
        let test = try databases.catalog()
        var reader = try FeedReader(test)
        let target = test.database.target, model = test.model
        let isDone = Atomic(false)
        async let committed = withThrowingTaskGroup(of: Set<ContentDigest>.self) { group in
            defer { isDone.store(true, ordering: .releasing) }
            for writer in 0..<4 {
                group.addTask { try await Database(target).run { try write(100, as: writer, model: model, $0) } }
            }
            return try await group.reduce(into: Set()) { $0.formUnion($1) }
        }
        while !isDone.load(ordering: .acquiring) {
            try reader.readSome()
            await Task.yield()
        }
        let written = try await committed
        while try reader.readSome() {}
        let images = try test.catalog.images(of: Array(written))
        #expect(written.count > 400)
        #expect(images.count == written.count)
        #expect(reader.seen.count == reader.distinct.count)
        #expect(reader.distinct == Set(images.values))
    }

    @Test func `everything that is stored comes with the position from which the feed goes on`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b")
        var read: [ImageID: [UInt8]] = [:]
        let position = try test.catalog.allEmbeddings(model: test.model.id) { image, bytes in
            read[image] = Array(bytes)
        }
        #expect(read.keys.sorted() == images.sorted())
        let vector = try #require(try test.catalog.embedding(of: images[0], model: test.model.id))
        #expect(vector == IngestedContent.named("a").vector)
        #expect(try test.catalog.embedding(ofContent: .named("a"), model: test.model.id) == vector)
        #expect(
            read[images[0]]
                == vector.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } })
        let added = try test.ingest("c")
        let step = try test.catalog.changes(model: test.model.id, after: position, limit: 10)
        #expect(step.changes.map(\.image) == added)
        #expect(step.isComplete)
    }

    @Test func `the lag is the number of changes and the age of the oldest`() throws {
        let test = try databases.catalog()
        let position = try test.catalog.currentPosition()
        #expect(try test.catalog.lag(model: test.model.id, after: position).oldestAt == nil)
        try test.ingest("a", "b")
        let lag = try test.catalog.lag(model: test.model.id, after: position)
        #expect(lag.changes == 2)
        let oldest = try test.connection.firstRow("select min(changed_at) as at from likeness.embedding_changes")
        #expect(try lag.oldestAt == oldest?["at"])
    }

    @Test func `changes are pruned when every store has passed them, and a store left behind is told to rebuild`()
        async throws
    {
        let test = try databases.catalog()
        let start = try test.catalog.currentPosition()
        try test.ingest("a", "b")
        let last = try test.connection.firstRow("select max(transaction) as it from likeness.embedding_changes")
        let transaction: TransactionID = try #require(try last?["it"])
        // Transactions of other tests hold the horizon up until they end.
        var later = try test.catalog.currentPosition()
        while later.horizon <= transaction.rawValue {
            await Task.yield()
            later = try test.catalog.currentPosition()
        }
        func report(_ position: FeedPosition, store: UUID) throws {
            try test.catalog.record(
                IndexStoreReport(store: store, model: test.model.id, host: "h", folder: "/f", position: position))
        }
        let slow = UUID(), fast = UUID()
        try report(later, store: fast)
        try report(start, store: slow)
        #expect(try test.catalog.pruneChanges() == 0)
        // The slow one was last seen a year ago.
        try test.connection.execute(
            "update likeness.index_stores set last_seen = now() - interval '1 year' where store = \(slow)")
        #expect(try test.catalog.pruneChanges(unseenDays: 400) == 0)
        #expect(try test.catalog.pruneChanges() == 2)
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.changes(model: test.model.id, after: start, limit: 1)
        }
        #expect(error?.recovery == .rebuildIndex)
        #expect(try test.catalog.changes(model: test.model.id, after: later, limit: 1).isComplete)
    }

    @Test func `a position of another database is refused`() throws {
        let test = try databases.catalog()
        let other = try databases.catalog()
        let position = try other.catalog.currentPosition()
        let error = #expect(throws: CatalogError.self) {
            try test.catalog.changes(model: test.model.id, after: position, limit: 1)
        }
        #expect(error?.recovery == .rebuildIndex)
    }

    @Test func `changes that came with a dump of another server are not read and are pruned`() throws {
        let test = try databases.catalog()
        let position = try test.catalog.currentPosition()
        try test.connection.execute(
            """
            insert into likeness.embedding_changes (transaction, model, image, operation)
            values ('99999999999', \(test.model.id), 1, 'insert')
            """)
        #expect(try test.catalog.pendingChanges(model: test.model.id, after: position) == 0)
        #expect(try test.catalog.changes(model: test.model.id, after: position, limit: 9).changes.isEmpty)
        #expect(try test.catalog.pruneChanges() == 1)
    }
}

/// Reads the feed of a catalog on a connection of its own.
private struct FeedReader {
    let catalog: Catalog
    let model: ModelID
    var position: FeedPosition
    private(set) var seen: [Int64] = []
    private(set) var distinct: Set<ImageID> = []
    private var random = SplitMix(state: 5)

    init(_ test: TestCatalog) throws {
        catalog = try test.another()
        model = test.model.id
        position = try catalog.currentPosition()
    }

    mutating func step(limit: Int = 1000) throws -> [FeedChange] {
        let step = try catalog.changes(model: model, after: position, limit: limit)
        position = step.position
        return step.changes
    }

    /// A step of a random limit; whether it brought anything.
    @discardableResult
    mutating func readSome() throws -> Bool {
        let changes = try step(limit: .random(in: 1...40, using: &random))
        seen += changes.map(\.sequence)
        distinct.formUnion(changes.map(\.image))
        return !changes.isEmpty
    }
}

private struct GivenUp: Error {}

/// Writes pictures in transactions that overlap, of which some are rolled back; those that were committed.
private func write(
    _ transactions: Int, as writer: Int, model: StoredModel, _ connection: Connection
) throws -> Set<ContentDigest> {
    let second = try Connection(connection.target)
    var random = SplitMix(state: UInt64(writer))
    var written: Set<ContentDigest> = []
    /// Runs the transaction, which may give up at its end; what it wrote counts when it did not.
    func attempt(_ connection: Connection, _ number: Int, _ body: () throws -> Void = {}) throws {
        let names = (0..<Int.random(in: 1...5, using: &random)).map { "writer \(writer), \(number): \($0)" }
        let givesUp = Int.random(in: 0..<4, using: &random) == 0
        do {
            try connection.transaction {
                try Catalog(connection).write(.pictures(names), model: model)
                try body()
                if givesUp { throw GivenUp() }
            }
            written.formUnion(names.map { .named($0) })
        } catch is GivenUp {}
    }
    for number in stride(from: 0, to: transactions, by: 2) {
        try attempt(connection, number) { try attempt(second, number + 1) }
    }
    return written
}
