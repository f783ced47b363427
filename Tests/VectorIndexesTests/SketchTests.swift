import Foundation
import TestSupport
import Testing
import VectorIndexes

/// Answers found by sketches held against a scan of all rows: the same ids and the same bits of distances, whatever the
/// sketches were made with.
///
/// LIKENESS_PROPERTY_QUERIES sets how many queries are asked in all; the suite asks 50,000, a release a million.
@Suite struct SketchTests {
    private static let queries =
        ProcessInfo.processInfo.environment["LIKENESS_PROPERTY_QUERIES"].flatMap { Int($0) } ?? 50_000

    @Test(arguments: RowKind.allCases, DirectionKind.allCases)
    func `no answer differs from that of a scan of all rows`(kind: RowKind, directions: DirectionKind) throws {
        let asked = max(1, Self.queries / (RowKind.allCases.count * DirectionKind.allCases.count))
        // Every store is asked some hundreds of queries, so that more queries mean more stores too.
        let stores = (asked + 599) / 600
        for seed in 0..<stores {
            let pair = try StorePair(kind, directions, seed: UInt64(seed))
            try pair.expectEqualAnswers(queries: (asked + stores - 1) / stores)
        }
    }

    @Test func `sketches rule out most rows of families, and less of what they were not made for`() throws {
        let rows = RowKind.clustered.rows(2_000, dimension: 32, seed: 1)
        let scratch = try SketchedScratch(rows, .components(8))
        let queries = (0..<20).flatMap { rows[$0 * 100] }
        let share = try #require(try scratch.store().survivorShare(queries: queries))
        #expect(share < 0.2)
        #expect(try abs(#require(scratch.store().manifest.sketch).survivorShare - share) < 0.2)

        let others = RowKind.random.rows(4_000, dimension: 32, seed: 2)
        try scratch.writer.append(ids: ids(10_000..<14_000), vectors: others.values)
        try scratch.writer.publish()
        let drifted = try #require(try scratch.store().survivorShare(queries: (0..<20).flatMap { others[$0] }))
        #expect(drifted > 2 * share)
    }

    @Test func `rows choose how many directions their sketches have`() throws {
        let families = try SketchedScratch(RowKind.clustered.rows(3_000, dimension: 256, seed: 3), .chosen)
        let sketch = try #require(try families.store().manifest.sketch)
        #expect([32, 64].contains(sketch.components))
        #expect(sketch.trainedRows == 3_000 && sketch.sketchedRows == 3_000 && sketch.survivorShare < 0.1)
    }

    @Test func `rows that differ in all directions alike, or that are few, get no sketches`() throws {
        #expect(try SketchedScratch.draft(RowKind.random.rows(1_200, dimension: 1_024, seed: 4), .chosen) == nil)
        #expect(try SketchedScratch.draft(RowKind.clustered.rows(999, dimension: 64, seed: 4), .chosen) == nil)
        #expect(try SketchedScratch.draft(RowKind.clustered.rows(1_500, dimension: 63, seed: 4), .chosen) == nil)
    }

    @Test func `photographs are found as a scan finds them`() throws {
        let rows = try Rows.photographs(1_500)
        let scratch = try SketchedScratch(rows, .chosen)
        #expect(try scratch.store().manifest.sketch != nil)
        let plain = try StorePair.plain(rows, scratch.rowsPerChunk)
        let queries = (0..<100).flatMap { rows[$0 * 15] }
        let answers = try scratch.index().search(queries, k: 10)
        #expect(StorePair.same(answers, try plain.index().search(queries, k: 10)))
        #expect(answers.enumerated().allSatisfy { $1[0] == Neighbor(id: VectorID(Int64($0 * 15)), distance: 0) })
    }

    @Test func `filters and tombstones shorten no answer`() throws {
        let pair = try StorePair(.clustered, .principal, seed: 5)
        let all = Set(ids(0..<pair.rows.count))
        let some = Set(all.filter { $0.rawValue % 3 == 0 })
        for filter in [IDFilter.among(some), .excluding(some), .among(Set(ids(0..<9))), .among([]), .excluding(all)] {
            for query in 0..<40 {
                let asked = pair.rows[query * 7]
                for k in [1, 10, 60] {
                    let answer = try pair.sketched.index().search(asked, k: k, filter: filter)
                    #expect(StorePair.same(answer, try pair.plain.index().search(asked, k: k, filter: filter)))
                }
            }
        }
    }

    @Test func `what is found within a distance is what a scan finds up to it`() throws {
        let pair = try StorePair(.clustered, .principal, seed: 6)
        let store = try pair.sketched.store()
        #expect(store.manifest.sketch != nil)
        for query in 0..<60 {
            let asked = pair.rows[query * 5]
            let all = try #require(try pair.plain.index().search(asked, k: 50).first)
            for place in [0, 3, 20, 49] {
                let distance = all[place].distance
                let near = all.filter { $0.distance <= distance }
                #expect(StorePair.same(try store.nearest(asked, k: 50, within: distance), [near]))
                #expect(StorePair.same(try store.nearest(asked, k: 5, within: distance), [Array(near.prefix(5))]))
            }
        }
    }

    @Test func `an answer depends neither on its company nor on the threads`() throws {
        let pair = try StorePair(.clustered, .principal, seed: 6)
        let queries = (0..<30).flatMap { pair.rows[$0 * 11] }
        let together = try pair.sketched.index().search(queries, k: 12, filter: nil, threads: 3)
        for query in 0..<30 {
            let alone = try pair.sketched.index().search(pair.rows[query * 11], k: 12, filter: nil, threads: 1)
            #expect(StorePair.same([together[query]], alone))
        }
    }
}

/// Rows of one sort.
enum RowKind: CaseIterable {
    case random, clustered, duplicated, huge, zeros, line

    func rows(_ count: Int, dimension: Int, seed: UInt64) -> Rows {
        var random = SplitMix(state: seed &* 1_000 &+ 7)
        func values(_ size: Float) -> [Float] {
            (0..<dimension).map { _ in size * Float.random(in: -1...1, using: &random) }
        }
        let centers = (0..<20).map { _ in values(1) }
        var rows = Rows(dimension: dimension, values: [])
        for row in 0..<count {
            switch self {
            case .random: rows.values += values(1)
            case .clustered:
                // Families far apart, whose members differ in few directions.
                let step = Float.random(in: -0.1...0.1, using: &random)
                rows.values += zip(centers[row % 20], centers[row % 7]).map { $0 + step * $1 }
            case .duplicated: rows.values += centers[row % 5]
            case .huge: rows.values += values(row % 10 == 0 ? 3e38 : row % 3 == 0 ? 1e18 : 1e-20)
            case .zeros: rows.values += row % 4 == 0 ? values(1e-30) : [Float](repeating: 0, count: dimension)
            case .line: rows.values += (0..<dimension).map { $0 == 0 ? Float(row % 50) : 1 }
            }
        }
        return rows
    }
}

/// Where the directions of sketches come from.
enum DirectionKind: CaseIterable {
    case principal, ofOtherRows, random, skewed

    func directions(_ dimension: Int, seed: UInt64) throws -> SketchJob.Directions {
        var random = SplitMix(state: seed &+ 99)
        let center = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        switch self {
        case .principal: return .components(8)
        case .ofOtherRows:
            // Two coordinates after the other, turned: orthonormal, and chosen by nobody.
            let turn = Float.random(in: 0...6, using: &random)
            return .given(
                center: center,
                basis: (0..<8).flatMap { row in
                    (0..<dimension).map {
                        $0 == row ? Foundation.cos(turn) : $0 == row + 8 ? Foundation.sin(turn) : Float(0)
                    }
                })
        case .random:
            let values = (0..<6 * dimension).map { _ in Float.random(in: -0.3...0.3, using: &random) }
            return .given(center: center, basis: values)
        case .skewed:
            return .given(center: center, basis: [Float](repeating: 0.5, count: 5 * dimension))
        }
    }
}

/// The same rows in two stores, one of them with sketches.
struct StorePair {
    let rows: Rows
    let sketched: SketchedScratch
    let plain: SketchedScratch
    private let seed: UInt64

    init(_ kind: RowKind, _ directions: DirectionKind, seed: UInt64) throws {
        self.seed = seed
        rows = kind.rows(300 + Int(seed % 5) * 40, dimension: [16, 24, 17][Int(seed % 3)], seed: seed)
        sketched = try SketchedScratch(rows, directions.directions(rows.dimension, seed: seed))
        plain = try Self.plain(rows, sketched.rowsPerChunk)
        // Rows that came after the directions, among them copies of others, and rows that went.
        let later = RowKind.allCases[Int(seed % 6)].rows(60, dimension: rows.dimension, seed: seed &+ 1)
        for store in [sketched, plain] {
            try store.writer.append(ids: ids(5_000..<5_060), vectors: later.values)
            try store.writer.append(ids: ids(4_000..<4_030), vectors: Array(rows.values.prefix(30 * rows.dimension)))
            try store.writer.remove(ids(stride(from: 3, to: 300, by: 9)))
            try store.writer.publish()
        }
    }

    static func plain(_ rows: Rows, _ rowsPerChunk: Int) throws -> SketchedScratch {
        try SketchedScratch(rows, nil, rowsPerChunk: rowsPerChunk)
    }

    static func same(_ ours: [[Neighbor]], _ theirs: [[Neighbor]]) -> Bool {
        ours.count == theirs.count
            && zip(ours, theirs).allSatisfy { ours, theirs in
                ours.count == theirs.count
                    && zip(ours, theirs).allSatisfy {
                        $0.id == $1.id && $0.distance.bitPattern == $1.distance.bitPattern
                    }
            }
    }

    /// Asks rows themselves, rows that were shaken, and vectors that have nothing to do with any.
    func expectEqualAnswers(queries: Int) throws {
        var random = SplitMix(state: seed &+ 17)
        let (ours, theirs) = (try sketched.index(), try plain.index())
        let atOnce = 50
        for first in stride(from: 0, to: queries, by: atOnce) {
            var asked: [Float] = []
            for query in first..<min(first + atOnce, queries) {
                let row = rows[Int(random.next() % UInt64(rows.count))]
                switch query % 3 {
                case 0: asked += row
                case 1: asked += row.map { $0 + $0 * Float.random(in: -0.01...0.01, using: &random) / 2 }
                default: asked += row.map { _ in Float.random(in: -1...1, using: &random) }
                }
            }
            asked = asked.map { $0.isFinite ? $0 : 1 }
            let k = [1, 2, 5, 10, 33][first / atOnce % 5]
            #expect(
                Self.same(
                    try ours.search(asked, k: k, filter: nil, threads: 1),
                    try theirs.search(asked, k: k, filter: nil, threads: 1)),
                "seed \(seed), queries from \(first) on, k \(k)")
        }
    }
}

/// A store of a test's own with sketches.
struct SketchedScratch {
    let scratch: Scratch
    let writer: StoreWriter
    let rowsPerChunk: Int

    /// Ids are the rows' numbers. Without directions the store has no sketches.
    init(_ rows: Rows, _ directions: SketchJob.Directions?, rowsPerChunk: Int = 128) throws {
        scratch = try Scratch()
        self.rowsPerChunk = rowsPerChunk
        writer = try scratch.writer(rows.dimension, rowsPerChunk: rowsPerChunk)
        try writer.append(ids: ids(0..<rows.count), vectors: rows.values)
        try writer.add(flat)
        try writer.publish()
        guard let directions else { return }
        try #require(try writer.adopt(try draft(directions)))
        try writer.publish()
    }

    /// What a job of the next generation makes of the published rows.
    func draft(_ directions: SketchJob.Directions) throws -> SketchDraft {
        let job = SketchJob(over: try store(), generation: try writer.nextSketchGeneration(), directions)
        return try #require(try job.build())
    }

    static func draft(_ rows: Rows, _ directions: SketchJob.Directions) throws -> Manifest.Sketch? {
        let plain = try SketchedScratch(rows, nil)
        return try SketchJob(over: try plain.store(), generation: 1, directions).build()?.sketch
    }

    func store() throws -> VectorStore { try scratch.open() }

    func index() throws -> any SearchableIndex { try store().index(named: "default") }
}
