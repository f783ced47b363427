import Catalog
import Glibc
import IndexSync
import Postgres
import Synchronization
import TestSupport
import Testing
import VectorIndexes

/// Transactions that commit in another order than they wrote, or not at all, while the index files follow.
@Suite struct LateCommitTests {
    private static let writers = 8
    /// `LIKENESS_LATE_COMMITS=4000` for the measure.
    private static let transactions = getenv("LIKENESS_LATE_COMMITS").flatMap { Int(String(cString: $0)) } ?? 480

    @Test func `of many transactions that commit late not one change is missed, and none is applied twice`()
        async throws
    {
        let test = try SyncCatalog()
        let (target, folder, model) = (test.database.target, test.folder, test.model)
        let hasBegun = Atomic(false)
        let isDone = Atomic(false)
        let follower = Database(target, applicationName: "follower")
        async let applied = follower.run { connection -> [Int64] in
            let catalog = Catalog(connection)
            let session = try StoreSession.open(catalog: catalog, model: model, folder: folder)
            defer { session.close() }
            _ = try session.match(try catalog.indexes(model: model.id))
            // Reads everything, which is nothing yet: all that follows comes as changes.
            guard try session.step().added == 0 else { return [] }
            hasBegun.store(true, ordering: .releasing)
            // Small steps stop within transactions.
            var applied: [Int64] = []
            var isLast = false
            while true {
                let report = try session.step(limit: 7)
                applied += report.changes.map(\.sequence)
                if report.isComplete, isLast { return applied }
                if report.isComplete { isLast = isDone.load(ordering: .acquiring) }
            }
        }
        try await eventually("begun") { hasBegun.load(ordering: .acquiring) }
        let committed = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    try await Database(target, applicationName: "writer \(writer)").run {
                        try write(Self.transactions / Self.writers, model: model.id, $0)
                    }
                }
            }
            defer { isDone.store(true, ordering: .releasing) }
            return try await group.reduce(0, +)
        }
        let sequences = try await applied
        let written: [Int64] = try test.connection.rows(
            "select sequence from likeness.embedding_changes order by sequence"
        ).map { try $0["sequence"] }
        #expect(committed > Self.transactions / 2 && committed < Self.transactions)
        let missed = Set(written).subtracting(sequences)
        #expect(missed.isEmpty)
        #expect(sequences.count == Set(sequences).count, "applied twice")
        #expect(Set(sequences).isSubset(of: written))
        #expect(try test.stored() == test.catalog.embeddedImages(model: model.id))
        let store = try #require(try VectorStore.open(folder))
        for image in try test.stored() {
            #expect(
                try store.vector(of: VectorID(rawValue: image.rawValue))
                    == test.catalog.embedding(of: image, model: model.id))
        }
    }
}

private struct RolledBack: Error {}

/// Transactions of one writer: inserts, replacements and deletes of pictures of its own, with a delay before the end.
///
/// - Returns: how many committed.
private func write(_ transactions: Int, model: ModelID, _ connection: Connection) throws -> Int {
    let catalog = Catalog(connection)
    var own: [ImageID] = []
    var committed = 0
    for number in 0..<transactions {
        var next = own
        do {
            try connection.transaction {
                for _ in 0..<Int.random(in: 1...4) {
                    if let image = next.randomElement(), Bool.random() {
                        if Bool.random() {
                            try catalog.replace(image, with: direction(number))
                        } else {
                            try catalog.delete(image)
                            next.removeAll { $0 == image }
                        }
                    } else {
                        next.append(try catalog.insert(direction(number), model: model))
                    }
                }
                // Another transaction that began later ends before this one.
                try connection.execute("select pg_sleep(\(Double.random(in: 0...0.01)))")
                if Int.random(in: 0..<4) == 0 { throw RolledBack() }
            }
            own = next
            committed += 1
        } catch is RolledBack {}
    }
    return committed
}
