import SystemPackage
import Testing
import VectorIndexes

/// Rows that come after the lists were trained.
@Suite struct InvertedFileGrowthTests {
    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `rows that come in many publications get the records that one publication gives`(type: IndexType) throws {
        let rows = Rows.families(20, members: 40, dimension: 32, seed: 6)
        let (first, second) = (Rows(dimension: 32, values: Array(rows.values.prefix(32 * 300))), 300..<800)
        let many = try InvertedFileFixture(type, ["nlist": 12])
        var writer = try many.built(first, rowsPerChunk: 130)
        var next = second.lowerBound
        var step = 1
        while next < second.upperBound {
            let end = min(next + step, second.upperBound)
            try writer.append(ids: ids(next..<end), vectors: Array(rows.values[32 * next..<32 * end]))
            try writer.publish()
            if step % 3 == 0 {
                writer.close()
                writer = try many.scratch.writer(32, rowsPerChunk: 130)
            }
            (next, step) = (end, step + 7)
        }
        let once = try InvertedFileFixture(type, ["nlist": 12])
        let other = try once.built(first, rowsPerChunk: 130)
        try other.append(ids: ids(second), vectors: Array(rows.values.dropFirst(32 * 300)))
        try other.publish()
        #expect(try many.records() == once.records())
        #expect(try many.slots() == Array(0..<800))
        #expect(try many.open().search(rows.values, k: 3) == once.open().search(rows.values, k: 3))
    }

    @Test func `every row is in the list of its nearest centroid`() throws {
        let rows = Rows.random(300, dimension: 8, seed: 12)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 9])
        let writer = try fixture.built(Rows(dimension: 8, values: Array(rows.values.prefix(8 * 200))))
        try writer.append(ids: ids(200..<300), vectors: Array(rows.values.dropFirst(8 * 200)))
        try writer.publish()
        let base = try fixture.scratch.read("lists/00000001.centroids")
        let centroids = (0..<9 * 8).map { Float(bitPattern: number(base, at: 128 + 4 * $0)) }
        for record in try fixture.records() {
            let vector = rows[Int(number(record, at: 0))]
            let distances = (0..<9).map { list in
                (0..<8).reduce(0.0) { sum, component in
                    let difference = Double(vector[component]) - Double(centroids[8 * list + component])
                    return sum + difference * difference
                }
            }
            let (list, residual) = (Int(number(record, at: 4)), Float(bitPattern: number(record, at: 8)))
            #expect(distances[list] <= (distances.min() ?? 0) + 1e-5)
            #expect(abs(Double(residual) - distances[list]) <= 1e-5)
        }
    }

    @Test(arguments: [(IndexType.ivfflat, 12), (.ivfpq, 16 + 8)])
    func `publishing writes a record a row and nothing else`(type: IndexType, size: Int) throws {
        let fixture = try InvertedFileFixture(type, ["nlist": 4])
        let writer = try fixture.built(Rows.random(200, dimension: 16, seed: 1))
        let before = try fixture.generation()
        let base = try fixture.scratch.read("lists/" + before.base.name)
        let log = try fixture.scratch.read("lists/" + before.log.name)
        try writer.append(ids: ids(200..<210), vectors: Rows.random(10, dimension: 16, seed: 2).values)
        try writer.remove(ids([3]))
        try writer.publish()
        let after = try fixture.generation()
        #expect(after.base == before.base && after.log.bytes == before.log.bytes + 10 * size && after.rows == 210)
        #expect(try fixture.scratch.read("lists/" + before.base.name) == base)
        #expect(Array(try fixture.scratch.read("lists/" + before.log.name).prefix(log.count)) == log)
        try writer.remove(ids([4]))
        try writer.publish()
        #expect(try fixture.generation() == after)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `deleted and replaced rows leave the answers at once`(type: IndexType) throws {
        let rows = Rows.random(120, dimension: 8, seed: 14)
        let fixture = try InvertedFileFixture(type, ["nlist": 6, "nprobe": 6])
        let writer = try fixture.built(rows, rowsPerChunk: 50)
        let before = try fixture.open()
        try writer.remove(ids([17]))
        try writer.append(ids: ids([40]), vectors: rows[17])
        try writer.publish()
        let answer = try fixture.open().search(rows[17], k: 120)[0]
        #expect(answer.first == Neighbor(id: VectorID(40), distance: 0))
        #expect(answer.count == 119 && Set(answer.map(\.id)) == Set(ids((0..<120).filter { $0 != 17 })))
        #expect(try before.search(rows[17], k: 1)[0].map(\.id) == ids([17]), "what was opened stays as it was")
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `a publication that failed after the records were written adds them once`(type: IndexType) throws {
        let rows = Rows.random(90, dimension: 8, seed: 15)
        let fixture = try InvertedFileFixture(type, ["nlist": 3])
        let writer = try fixture.built(Rows(dimension: 8, values: Array(rows.values.prefix(8 * 60))))
        try writer.append(ids: ids(60..<80), vectors: Array(rows.values[8 * 60..<8 * 80]))
        try fixture.scratch.link("manifest.json.tmp", to: "/dev/full")
        for _ in 0..<2 { #expect(throws: IndexError.self) { try writer.publish() } }
        #expect(try fixture.open().count == 60)
        try fixture.scratch.remove("manifest.json.tmp")
        try writer.append(ids: ids(80..<90), vectors: Array(rows.values[8 * 80..<8 * 90]))
        try writer.publish()
        #expect(try fixture.slots() == Array(0..<90))
        #expect(try fixture.open().count == 90)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `records that cannot be written are written by the next publication`(type: IndexType) throws {
        let rows = Rows.random(70, dimension: 8, seed: 16)
        let fixture = try InvertedFileFixture(type, ["nlist": 3])
        let writer = try fixture.built(Rows(dimension: 8, values: Array(rows.values.prefix(8 * 60))))
        let log = "lists/00000001.lists"
        let whole = try fixture.scratch.read(log)
        try writer.append(ids: ids(60..<70), vectors: Array(rows.values.dropFirst(8 * 60)))
        try fixture.scratch.remove(log)
        try fixture.scratch.link(log, to: "/dev/full")
        for _ in 0..<2 { #expect(throws: IndexError.self) { try writer.publish() } }
        try fixture.scratch.remove(log)
        try fixture.scratch.write(whole, to: log)
        try writer.publish()
        #expect(try fixture.slots() == Array(0..<70))
        #expect(try fixture.open().search(rows[65], k: 1)[0].map(\.id) == ids([65]))
    }

    @Test func `what a writer left unpublished behind the records is not part of the index`() throws {
        let rows = Rows.random(80, dimension: 8, seed: 18)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 3])
        let writer = try fixture.built(Rows(dimension: 8, values: Array(rows.values.prefix(8 * 60))))
        try writer.append(ids: ids(60..<70), vectors: Array(rows.values[8 * 60..<8 * 70]))
        try fixture.scratch.link("manifest.json.tmp", to: "/dev/full")
        #expect(throws: IndexError.self) { try writer.publish() }
        try fixture.scratch.remove("manifest.json.tmp")
        writer.close()
        #expect(try fixture.open().count == 60)
        let next = try fixture.scratch.writer(8)
        try next.append(ids: ids(70..<80), vectors: Array(rows.values.dropFirst(8 * 70)))
        try next.publish()
        #expect(try fixture.slots() == Array(0..<70))
        #expect(try fixture.open().search(rows[75], k: 1)[0].map(\.id) == ids([75]))
    }
}
