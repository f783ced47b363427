import Catalog
import Daemons
import Glibc
import IndexSync
import Postgres
import TestSupport
import Testing
import VectorIndexes

/// Near-duplicates that the daemon keeps up to date. Directions of neighboring numbers are 0.01 apart, of the next but one
/// 0.04, of those behind 0.09; the threshold is 0.05.
@Suite struct NeighborTests {
    private let test: SyncCatalog

    init() throws { test = try SyncCatalog() }

    @Test func `arrivals get their pairs, their nearest neighbors and their groups`() async throws {
        try await test.following { log in
            let first = try [0, 1, 30].map { try test.catalog.insert(direction($0), model: test.model.id) }
            try await eventually("searched", explanation: { "\(log.lines)" }) { try test.waitingSearches() == 0 }
            #expect(try test.paired() == [Pair(first[0], first[1])])
            #expect(try test.groups() == [[first[0], first[1]]])
            #expect(try test.nearestNeighbors()[first[2]]?.image == first[1])
            let later = try [2, 31].map { try test.catalog.insert(direction($0), model: test.model.id) }
            try await eventually("joined") {
                try test.groups() == [[first[0], first[1], later[0]], [first[2], later[1]]]
            }
            #expect(try test.nearestNeighbors()[first[2]]?.image == later[1])
        }
    }

    @Test func `what a deleted picture joined falls apart, and who lost the nearest neighbor gets another`()
        async throws
    {
        try await test.following { _ in
            let images = try [0, 2, 4].map { try test.catalog.insert(direction($0), model: test.model.id) }
            try await eventually("joined") { try test.groups() == [images] }
            try test.catalog.delete(images[1])
            try await eventually("fallen apart") { try test.groups().isEmpty && test.waitingSearches() == 0 }
            #expect(try test.paired().isEmpty)
            #expect(try test.nearestNeighbors()[images[0]]?.image == images[2])
            #expect(try test.nearestNeighbors()[images[2]]?.image == images[0])
        }
    }

    @Test func `a picture with another embedding leaves its pairs and gets others`() async throws {
        try await test.following { _ in
            let images = try [0, 1, 30].map { try test.catalog.insert(direction($0), model: test.model.id) }
            try await eventually("paired") { try test.groups() == [[images[0], images[1]]] }
            try test.catalog.replace(images[1], with: direction(31))
            try await eventually("paired anew") {
                try test.groups() == [[images[1], images[2]]] && test.waitingSearches() == 0
            }
            #expect(try test.paired() == [Pair(images[1], images[2])])
        }
    }

    @Test func `a raised threshold is searched by, and what a person judged stays`() async throws {
        try await test.following { _ in
            let images = try [0, 1, 4].map { try test.catalog.insert(direction($0), model: test.model.id) }
            try await eventually("paired") { try test.groups() == [[images[0], images[1]]] }
            try test.catalog.judge(images[0], images[1], .different, by: "ann")
            #expect(try test.groups().isEmpty)
            try test.catalog.setDuplicateThreshold(0.1, model: test.model.id, by: .calibration)
            try await eventually("searched again") { try test.waitingSearches() == 0 }
            #expect(try test.paired() == [Pair(images[0], images[1]), Pair(images[1], images[2])])
            #expect(try test.groups() == [[images[1], images[2]]])
        }
    }

    @Test func `hidden pictures wait until they are shown`() async throws {
        let images = try [0, 1].map { try test.catalog.insert(direction($0), model: test.model.id) }
        try test.setState("hidden", of: images[0])
        try await test.following { _ in
            try await eventually("the other is searched") { try test.waitingSearches() == 1 }
            #expect(try test.catalog.countImagesWithoutEdges(model: test.model.id) == 0)
            #expect(try test.paired().isEmpty)
            try test.setState("active", of: images[0])
            try await eventually("paired") { try test.groups() == [images] }
            try test.setState("hidden", of: images[0])
            let between = try test.catalog.insert(direction(2), model: test.model.id)
            try await eventually("followed") { try test.groups() == [[images[1], between]] }
            #expect(try test.nearestNeighbors()[images[1]]?.image == between)
            try test.setState("active", of: images[0])
            try await eventually("all are paired") { try test.paired().contains(Pair(images[0], between)) }
            #expect(try test.groups() == [images + [between]])
        }
    }

    @Test func `embeddings that no index can hold are nobody's neighbors and stand in nobody's way`() async throws {
        try test.insert((0..<300).map { _ in [.nan, 0, 0, 0] })
        let images = try [0, 1].map { try test.catalog.insert(direction($0), model: test.model.id) }
        try await test.following { log in
            try await eventually("paired", explanation: { "\(log.lines)" }) { try test.groups() == [images] }
            try await eventually("nobody waits") { try test.waitingSearches() == 0 }
        }
    }

    @Test func `what keeps pairs from being written keeps nothing else from being followed, and loses nothing`()
        async throws
    {
        var settings = SyncDaemon.Settings()
        settings.buildBackoff = Backoff(first: .milliseconds(50), limit: .milliseconds(100))
        let images = try [0, 1].map { try test.catalog.insert(direction($0), model: test.model.id) }
        try test.catalog.setDuplicateThreshold(0.05, model: test.model.id, by: .person)
        let other = try test.database.connect()
        try other.execute("begin")
        try other.execute("select from likeness.duplicate_thresholds for update")
        // It ends with searches that are not written.
        try await test.following(settings) { log in
            try await eventually("held up", explanation: { "\(log.lines)" }) {
                log.count("near-duplicates were not searched, trying again") == 1
            }
            let later = try test.catalog.insert(direction(30), model: test.model.id)
            try await eventually("followed") { try test.stored() == images + [later] }
        }
        #expect(try test.waitingSearches() == 3)
        #expect(try test.paired().isEmpty)
        try other.execute("rollback")
        try await test.following { _ in
            try await eventually("searched") { try test.waitingSearches() == 0 }
            #expect(try test.groups() == [images])
        }
    }
}

/// The pairs of a whole catalog, against a computation that compares every picture with every other.
@Suite struct AllNeighborsTests {
    private let test: SyncCatalog
    private let sync: IndexSync

    init() throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        sync = IndexSync(database: Database(test.database.target), folders: test.folders)
    }

    @Test func `pairs and nearest neighbors are those of a brute-force computation`() async throws {
        var rows: [[Float]] = []
        var random = SplitMix(state: 3)
        for original in WideRows.scattered(10) {
            let unit = normalized(original)
            // A family of up to 30 at growing distances, and a crowd of equal rows that is larger than the first search.
            for copy in 0..<30 {
                let spread = 0.002 * Float(copy)
                rows.append(normalized(unit.map { $0 + Float.random(in: -spread...spread, using: &random) }))
            }
        }
        rows += [[Float]](repeating: normalized(WideRows.scattered(1, seed: 9)[0]), count: 60)
        rows += WideRows.scattered(40, seed: 5).map(normalized)
        rows.shuffle(using: &random)
        let images = try test.insert(Array(rows[..<200]))
        let first = try await sync.once()
        #expect(first.map(\.searched) == [200])
        let later = try test.insert(Array(rows[200...]))
        let outcome = try await sync.once()
        #expect(outcome.map(\.searched) == [rows.count - 200])
        #expect(try await sync.once().map(\.searched) == [0])
        try requireSame(images + later, rows, threshold: 0.05, searchedLast: Set(later))
        let report = try await sync.verify()
        #expect(report.differences.isEmpty)
    }

    @Test func `a crowd of equal pictures that is larger than what one search tells is one group`() async throws {
        let crowd = try test.insert([[Float]](repeating: normalized(WideRows.scattered(1)[0]), count: 400))
        _ = try await sync.once()
        #expect(try test.groups() == [crowd])
        #expect(try test.pairs().count < 400 * 257)
        #expect(try test.nearestNeighbors().count == 400)
    }

    @Test func `a daemon that is killed between a search and its writing loses nothing`() async throws {
        try test.insertScattered(3_000)
        try test.catalog.setDuplicateThreshold(0.05, model: test.model.id, by: .person)
        let other = try test.database.connect()
        try other.execute("begin")
        try other.execute("select from likeness.duplicate_thresholds for update")
        let daemon = try RunningLikeness(
            ["sync", "--database-url", test.database.target.url], home: test.home.path, errorsIn: test.home.path)
        try await eventually("searches cannot be written", explanation: { daemon.errors }) {
            daemon.errors.contains("near-duplicates were not searched, trying again")
        }
        daemon.send(SIGKILL)
        try await eventually("it is dead") { daemon.status != nil }
        try other.execute("rollback")
        #expect(try test.waitingSearches() == 3_000)
        #expect(try test.nearestNeighbors().isEmpty)
        _ = try await sync.once()
        #expect(try test.waitingSearches() == 0)
        #expect(try test.nearestNeighbors().count == 3_000)
    }

    /// Holds what is written against every distance; those that rounding could put on either side of the threshold may be.
    ///
    /// - Parameter last: pictures of the last searches, whose nearest neighbors are known whatever their distance. A nearer
    ///   neighbor that comes later is found in any case only within the threshold.
    private func requireSame(
        _ images: [ImageID], _ rows: [[Float]], threshold: Float, searchedLast last: Set<ImageID>
    ) throws {
        let pairs = try test.pairs()
        var nearest = [Float](repeating: .infinity, count: rows.count)
        var expected = 0
        for a in rows.indices {
            for b in rows.indices where b > a {
                let distance = zip(rows[a], rows[b]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                nearest[a] = min(nearest[a], distance)
                nearest[b] = min(nearest[b], distance)
                let stored = pairs[Pair(images[a], images[b])]
                if let stored {
                    #expect(abs(stored - distance) < 1e-5)
                    #expect(distance <= threshold + 1e-5)
                } else {
                    #expect(distance > threshold - 1e-5)
                }
                if distance <= threshold { expected += 1 }
            }
        }
        #expect(expected > 3_000 && abs(pairs.count - expected) < 5)
        let neighbors = try test.nearestNeighbors()
        for (image, distance) in zip(images, nearest) {
            let found = try #require(neighbors[image])
            #expect(found.distance > distance - 1e-5)
            if distance < threshold - 1e-5 || last.contains(image) { #expect(found.distance < distance + 1e-5) }
        }
    }

    private func normalized(_ row: [Float]) -> [Float] {
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { $0 / length }
    }
}
