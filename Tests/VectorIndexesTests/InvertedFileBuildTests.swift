import Foundation
import Testing
import VectorIndexes

/// The ways to a new generation.
@Suite struct InvertedFileBuildTests {
    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `a building that is cancelled in the middle ends and leaves nothing`(type: IndexType) async throws {
        let rows = try Rows.photographs(4_000)
        let fixture = try InvertedFileFixture(type, ["nlist": 400])
        let writer = try fixture.scratch.writer(2048)
        try writer.append(ids: ids(0..<rows.count), vectors: rows.values)
        try writer.add(fixture.specification)
        try writer.publish()
        let job = GenerationJob(fixture.specification, generation: 1, over: try fixture.scratch.open())
        let control = BuildControl()
        let building = Task {
            try await withCheckedThrowingContinuation { (waiting: CheckedContinuation<GenerationDraft, any Error>) in
                // Building blocks, and tasks have no threads to spare for that.
                Thread.detachNewThread { waiting.resume(with: Result { try job.build(control) }) }
            }
        }
        // A thread of its own: on a busy machine tasks may wait until the building is over.
        Thread.detachNewThread {
            while control.progress.phase == "waiting" { sched_yield() }
            control.cancel()
        }
        await #expect(throws: IndexError.cancelled("lists")) { try await building.value }
        #expect(try fixture.scratch.names().filter { $0.contains("/0000") && $0.hasPrefix("lists") } == [])
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `the same rows give the same files, whatever the threads`(type: IndexType) throws {
        let rows = Rows.families(15, members: 30, dimension: 32, seed: 41)
        let fixture = try InvertedFileFixture(type)
        let writer = try fixture.built(rows)
        let job = GenerationJob(fixture.specification, generation: 2, over: try fixture.scratch.open(), threads: 3)
        #expect(try writer.adopt(try job.build()))
        let names = ["centroids", "lists"]
        for name in names {
            #expect(
                try fixture.scratch.read("lists/00000001." + name).dropFirst(64)
                    == fixture.scratch.read("lists/00000002." + name).dropFirst(64))
        }
    }

    @Test func `the parameters that were used are said, and those that were asked for are kept`() throws {
        let rows = Rows.families(15, members: 30, dimension: 32, seed: 42)
        let asked = ["nlist": 9, "nprobe": 4, "m": 4, "bits": 5, "rerank": 7]
        let fixture = try InvertedFileFixture(.ivfpq, asked)
        _ = try fixture.built(rows)
        #expect(try fixture.generation().parameters == asked)
        let bare = try InvertedFileFixture(.ivfpq)
        _ = try bare.built(rows)
        let used = try bare.generation().parameters
        #expect(used["nlist"] == 450 / 39 && used["m"] == 8 && used["bits"] == 4 && used["rerank"] == 20)
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq], GenerationJob.Remedy.allCases)
    func `after a remedy every live row is in one list and is found`(
        type: IndexType, remedy: GenerationJob.Remedy
    ) throws {
        // Rows unlike those that the lists were trained with, so that they crowd into a few of them.
        let trained = Rows.families(20, members: 15, dimension: 32, seed: 51)
        let later = Rows.families(3, members: 200, dimension: 32, seed: 990)
        let fixture = try InvertedFileFixture(type, ["nlist": 15, "nprobe": 15])
        let writer = try fixture.built(trained, rowsPerChunk: 170)
        try writer.append(ids: ids(300..<900), vectors: later.values)
        let dead = (0..<900).filter { $0 % 5 == 2 }
        try writer.remove(ids(dead))
        try writer.publish()
        let before = try #require(InvertedFileStatistics(try fixture.open()))
        #expect(before.rowsSinceTraining == 480 && before.liveRows == 720 && before.imbalanceFactor > 2)
        #expect(before.longestList > 3 * 720 / 15)
        let added = try #require(before.addedResidual)
        #expect(try added > #require(before.trainedResidual))

        try fixture.build(writer, remedy)
        #expect(try fixture.slots() == (0..<900).filter { $0 % 5 != 2 }.map { UInt32($0) })
        let index = try fixture.open()
        #expect(index.generation == 2 && index.count == 720)
        let after = try #require(InvertedFileStatistics(index))
        #expect(after.rowsSinceTraining == 0 && after.addedResidual == nil && after.rows == 720)
        if remedy == .split { #expect(after.longestList < before.longestList && after.nlist > 15) }
        if remedy == .recenter { #expect(after.nlist == 15) }
        #expect(try #require(after.trainedResidual) < added)
        for row in stride(from: 0, to: 900, by: 11) where row % 5 != 2 {
            let query = row < 300 ? trained[row] : later[row - 300]
            #expect(
                try index.search(query, k: 1)[0] == [Neighbor(id: VectorID(Int64(row)), distance: 0)])
        }
        // The writer goes on with the new lists.
        try writer.append(ids: ids([5_000]), vectors: later[7])
        try writer.publish()
        #expect(try fixture.open().count == 721)
    }

    @Test func `re-centered lists have the means of their rows`() throws {
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 2])
        let writer = try fixture.built(Rows(dimension: 2, values: [0, 0, 0, 2, 9, 9, 9, 7]))
        try writer.append(ids: ids([10, 11]), vectors: [3, 1, 12, 8])
        try writer.remove(ids([1]))
        try writer.publish()
        try fixture.build(writer, .recenter)
        let base = try fixture.scratch.read("lists/00000002.centroids")
        let centroids = (0..<4).map { Float(bitPattern: number(base, at: 128 + 4 * $0)) }
        let pairs = [Array(centroids.prefix(2)), Array(centroids.suffix(2))].sorted { $0[0] < $1[0] }
        #expect(pairs == [[1.5, 0.5], [10, 8]])
    }

    @Test func `a split keeps the records of lists that it does not touch`() throws {
        // Lists far from one another on a line, nearest ones first; the first gets a crowd that can be told apart.
        let places = (0..<24).map { Float(100 * $0) }
        let rows = Rows(dimension: 1, values: places.flatMap { [$0 - 1, $0 + 1] })
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 24])
        let writer = try fixture.built(rows)
        try writer.append(ids: ids(100..<200), vectors: (0..<100).map { Float($0 % 2) * 20 + Float($0) / 100 })
        try writer.publish()
        let before = try fixture.records()
        try fixture.build(writer, .split)
        let after = try fixture.records()
        #expect(before.count == after.count && before != after)
        // Eight neighbors of each half are looked at again, at most; what lies beyond stays as it was.
        let far = (0..<48).filter { rows.values[$0] > 1_200 }
        #expect(far.allSatisfy { before[$0] == after[$0] })
    }

    @Test(arguments: [GenerationJob.Remedy.recenter, .split])
    func `a remedy for nothing, or for something damaged, trains anew`(remedy: GenerationJob.Remedy) throws {
        let rows = Rows.random(80, dimension: 4, seed: 61)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 5])
        let writer = try fixture.scratch.writer(4)
        try writer.append(ids: ids(0..<80), vectors: rows.values)
        try writer.add(fixture.specification)
        try writer.publish()
        try fixture.build(writer, remedy)
        #expect(try fixture.slots() == Array(0..<80))
        try fixture.scratch.write([1, 2, 3], to: "lists/00000001.lists")
        try fixture.build(writer, remedy)
        #expect(try fixture.slots() == Array(0..<80))
    }

    @Test func `a crowd of equal rows is left in one list`() throws {
        let one = Rows.random(1, dimension: 4, seed: 62)
        let fixture = try InvertedFileFixture(.ivfflat, ["nlist": 4])
        let writer = try fixture.built(Rows.random(20, dimension: 4, seed: 63))
        try writer.append(ids: ids(100..<300), vectors: (0..<200).flatMap { _ in one.values })
        try writer.publish()
        try fixture.build(writer, .split)
        #expect(try fixture.open().count == 220)
        #expect(try fixture.open().search(one.values, k: 300)[0].count == 220)
    }
}
