import FoundationEssentials
import SystemPackage
import Testing
import VectorIndexes

/// Rows that come, change and go after a graph was built.
@Suite struct HNSWGrowthTests {
    private static let rows = Rows.clustered(2_000, centers: 40, dimension: 16, seed: 11)

    @Test func `rows that are published one after the other are found, by the reader and the next writer's reader`()
        throws
    {
        let scratch = try Scratch()
        var writer = try scratch.graphWriter(Self.rows.prefix(1_000), rowsPerChunk: 300)
        for first in stride(from: 1_000, to: 2_000, by: 50) {
            if first % 250 == 0 {
                writer.close()
                writer = try scratch.writer(16, rowsPerChunk: 300)
            }
            try writer.append(ids: ids(first..<first + 50), vectors: Array(Self.rows.dropFirst(first).prefix(50 * 16)))
            try writer.publish()
            let index = try scratch.indexes().graph
            #expect(index.count == first + 50)
            let last = Neighbor(id: VectorID(Int64(first + 49)), distance: 0)
            #expect(try index.search(Self.rows[first + 49], k: 1)[0] == [last])
        }
        let (graph, exact) = try scratch.indexes()
        let queries = Self.rows.dropFirst(1_500)
        #expect(recall(try graph.search(queries, k: 10), of: try exact.search(queries, k: 10)) >= 0.99)
    }

    @Test func `a graph that is read back before each publication grows as one that stays in memory`() throws {
        let files = try [false, true].map { reopening in
            let scratch = try Scratch()
            let store = UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF")
            let open = { () throws(IndexError) -> StoreWriter in
                try StoreWriter.open(scratch.store, identity: scratch.identity(16), fence: 1, store: store)
            }
            var writer = try open()
            try writer.add(graph)
            try writer.publish()
            try writer.adopt(try scratch.buildGraph())
            try writer.publish()
            for first in stride(from: 0, to: 600, by: 30) {
                if reopening {
                    writer.close()
                    writer = try open()
                }
                // Some of them equal to others.
                let rows = Self.rows.dropFirst(first).prefix(27 * 16) + Self.rows.values.prefix(3 * 16)
                try writer.append(ids: ids(first..<first + 30), vectors: Array(rows))
                try writer.publish()
            }
            let built = try scratch.graphFiles()
            return [try scratch.read("graph/" + built.base.name), try scratch.read("graph/" + built.log.name)]
        }
        #expect(files[0] == files[1])
        #expect(files[0][1].count > 64 + 600 * 12)
    }

    @Test func `replaced and discarded rows leave the graph as it is published`() throws {
        let scratch = try Scratch()
        let writer = try scratch.graphWriter(Self.rows.prefix(1_000))
        try writer.append(ids: ids([3]), vectors: Self.rows[1_500])
        try writer.publish()
        var index = try scratch.indexes().graph
        #expect(index.count == 1_000)
        #expect(try index.search(Self.rows[1_500], k: 1)[0] == [Neighbor(id: VectorID(3), distance: 0)])
        #expect(try index.search(Self.rows[3], k: 1)[0][0].distance > 0)
        try writer.append(ids: ids(1_000..<1_100), vectors: Array(Self.rows.dropFirst(1_000).prefix(100 * 16)))
        try writer.remove(ids([4]))
        try writer.discard()
        try writer.append(ids: ids([2_000]), vectors: Self.rows[1_999])
        try writer.publish()
        index = try scratch.indexes().graph
        #expect(index.count == 1_001)
        #expect(try index.search(Self.rows[1_999], k: 1)[0].map(\.id) == ids([2_000]))
        #expect(try index.search(Self.rows[4], k: 1)[0].map(\.id) == ids([4]))
    }

    @Test func `what a crash left behind the published log is cut off`() throws {
        let scratch = try Scratch()
        try scratch.graphWriter(Self.rows.prefix(500)).close()
        let log = "graph/" + (try scratch.graphFiles().log.name)
        try scratch.write(try scratch.read(log) + [UInt8](repeating: 0xFF, count: 999), to: log)
        #expect(try scratch.indexes().graph.search(Self.rows[3], k: 1)[0].map(\.id) == ids([3]))
        let writer = try scratch.writer(16)
        try writer.append(ids: ids([500]), vectors: Self.rows[500])
        try writer.publish()
        #expect(try scratch.indexes().graph.search(Self.rows[500], k: 1)[0].map(\.id) == ids([500]))
        #expect(try scratch.read(log).count == 64 + (try scratch.graphFiles().log.bytes))
    }

    @Test func `a draft takes in what was appended while it was built`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(16, rowsPerChunk: 300)
        try writer.append(ids: ids(0..<800), vectors: Self.rows.prefix(800).values)
        try writer.add(graph)
        try writer.add(flat)
        try writer.publish()
        let draft = try scratch.buildGraph()
        #expect(draft.generation.rows == 800 && draft.generation.trainedRows == 800)
        #expect(draft.generation.parameters == ["M": 32, "efConstruction": 200, "efSearch": 64])
        try writer.append(ids: ids(800..<900), vectors: Array(Self.rows.dropFirst(800).prefix(100 * 16)))
        try writer.remove(ids([0]))
        try writer.publish()
        try writer.append(ids: ids(900..<1_000), vectors: Array(Self.rows.dropFirst(900).prefix(100 * 16)))
        #expect(try writer.adopt(draft))
        try writer.publish()
        let (index, exact) = try scratch.indexes()
        #expect(index.count == 999 && index.generation == 1)
        #expect(try scratch.graphFiles().rows == 1_000)
        let queries = Self.rows.dropFirst(1_000)
        #expect(recall(try index.search(queries, k: 10), of: try exact.search(queries, k: 10)) >= 0.99)
    }

    @Test func `a log that outgrows its graph, or many rows at once, begin new files`() throws {
        let scratch = try Scratch()
        let writer = try scratch.graphWriter(Self.rows.prefix(100))
        let first = try scratch.graphFiles()
        try writer.append(ids: ids(100..<1_500), vectors: Array(Self.rows.dropFirst(100).prefix(1_400 * 16)))
        try writer.publish()
        let second = try scratch.graphFiles()
        #expect(second.base.name != first.base.name && second.log.bytes == 0 && second.rows == 1_500)
        var published = 0
        var longest = 0
        while try scratch.graphFiles().base == second.base {
            try #require(published < 1_000, "the log must have outgrown the graph by now")
            let middle = Self.rows[1_500 + published % 500]
            let vectors = (0..<30).flatMap { copy in middle.map { $0 + Float(published + 7 * copy) * 0.01 } }
            try writer.append(ids: ids(10_000 + published * 30..<10_030 + published * 30), vectors: vectors)
            try writer.publish()
            published += 1
            longest = max(longest, try scratch.graphFiles().log.bytes)
        }
        #expect(longest > 3 << 20 && longest <= 4 << 20)
        let third = try scratch.graphFiles()
        #expect(third.log.bytes == 0)
        let files = try scratch.names().filter { $0.hasPrefix("graph/") }
        #expect(files == ["graph/" + third.base.name, "graph/" + third.log.name].sorted())
        let index = try scratch.indexes().graph
        #expect(index.count == 1_500 + 30 * published)
        #expect(try index.search(Self.rows[77], k: 1)[0].map(\.id) == ids([77]))
    }

    @Test func `building that is cancelled ends with that error and leaves no file`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(16)
        try writer.append(ids: ids(0..<2_000), vectors: Self.rows.values)
        try writer.add(graph)
        try writer.publish()
        let control = BuildControl()
        control.cancel()
        #expect(throws: IndexError.cancelled("graph")) { try scratch.buildGraph(control) }
        #expect(try scratch.names().filter { $0.hasPrefix("graph/") } == [])
        let uncancelled = BuildControl()
        _ = try scratch.buildGraph(uncancelled)
        #expect(uncancelled.progress.phase == "writing" && uncancelled.progress.fraction == 1)
    }
}
