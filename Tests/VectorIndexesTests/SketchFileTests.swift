import SystemPackage
import Testing
import VectorIndexes

/// The files of sketches: appended to, replaced, left behind, and damaged.
@Suite struct SketchFileTests {
    private static let projection = "vectors/projection-00000001"
    private static let files = [
        projection, "vectors/00000001.sketches-00000001", "vectors/00000002.sketches-00000001",
    ]

    @Test func `sketches follow appended and deleted rows, also those of a writer opened anew`() throws {
        let sketched = try smallStore()
        try sketched.writer.append(ids: ids(100..<110), vectors: values(10, seed: 2))
        try sketched.writer.remove(ids([1]))
        try sketched.writer.publish()
        sketched.writer.close()
        let writer = try sketched.scratch.writer(16, rowsPerChunk: 20)
        try writer.append(ids: ids(200..<250), vectors: values(50, seed: 3))
        try writer.publish()
        let store = try sketched.store()
        #expect(try store.verify() == [])
        #expect(try expectEveryRowFinds(itself: store) == 30 + 10 - 1 + 50)
        #expect(store.manifest.chunks.allSatisfy { $0.sketch != nil })
    }

    @Test func `rows that are not published leave no trace in sketches`() throws {
        let sketched = try smallStore()
        let before = try sketched.scratch.read(Self.files[2])
        try sketched.writer.append(ids: ids(100..<130), vectors: values(30, seed: 2))
        try sketched.writer.discard()
        try sketched.writer.append(ids: ids(100..<105), vectors: values(5, seed: 3))
        try sketched.writer.publish()
        #expect(try sketched.store().verify() == [])
        #expect(try expectEveryRowFinds(itself: sketched.store()) == 35)

        try sketched.writer.append(ids: ids(300..<330), vectors: values(30, seed: 4))
        sketched.writer.close()
        #expect(try sketched.store().verify() == [], "readers see what was published")
        let writer = try sketched.scratch.writer(16, rowsPerChunk: 20)
        try writer.append(ids: ids(400..<402), vectors: values(2, seed: 5))
        try writer.publish()
        #expect(try sketched.store().verify() == [])
        #expect(try expectEveryRowFinds(itself: sketched.store()) == 37)
        #expect(try sketched.scratch.read(Self.files[2]).count == before.count + 7 * 4)
    }

    @Test func `a draft takes in what was appended and deleted since, and the old files go`() throws {
        let sketched = try smallStore()
        let draft = try sketched.draft(.components(6))
        try sketched.writer.append(ids: ids(100..<130), vectors: values(30, seed: 2))
        try sketched.writer.remove(ids([1, 2]))
        try sketched.writer.publish()
        try sketched.writer.append(ids: ids(130..<140), vectors: values(10, seed: 3))
        #expect(try sketched.writer.adopt(draft))
        #expect(!(try sketched.writer.adopt(draft)), "once is enough")
        try sketched.writer.append(ids: ids(140..<150), vectors: values(10, seed: 4))
        #expect(try sketched.store().manifest.sketch?.components == 4, "readers keep what was published")
        try sketched.writer.publish()
        let store = try sketched.store()
        #expect(store.manifest.sketch?.components == 6 && store.manifest.sketch?.generation == 2)
        #expect(try store.verify() == [])
        #expect(try expectEveryRowFinds(itself: store) == 78)
        #expect(try sketchFiles(sketched).allSatisfy { $0.hasSuffix("-00000002") })
        #expect(try sketchFiles(sketched).count == 5)
    }

    @Test func `a draft that was discarded can be taken over later`() throws {
        let sketched = try smallStore()
        let draft = try sketched.draft(.components(6))
        try sketched.writer.append(ids: ids(100..<130), vectors: values(30, seed: 2))
        #expect(try sketched.writer.adopt(draft))
        try sketched.writer.discard()
        #expect(sketched.writer.manifest.sketch?.generation == 1)
        try sketched.writer.append(ids: ids(100..<115), vectors: values(15, seed: 3))
        #expect(try sketched.writer.adopt(draft))
        try sketched.writer.publish()
        #expect(try sketched.store().verify() == [])
        #expect(try expectEveryRowFinds(itself: sketched.store()) == 45)
    }

    @Test func `a draft that nobody took over is kept while it may be wanted, then removed`() throws {
        let sketched = try smallStore()
        let kept = try sketched.draft(.components(5))
        sketched.writer.close()
        let scratch = sketched.scratch
        let writer = try StoreWriter.open(
            scratch.store, identity: scratch.identity(16), fence: 1, rowsPerChunk: 20, keepingDrafts: true)
        #expect(try sketchFiles(sketched).count == 6)
        #expect(try writer.nextSketchGeneration() == 3)
        let job = SketchJob(over: try sketched.store(), generation: 3, .components(7))
        #expect(try writer.adopt(try #require(try job.build())))
        try writer.publish()
        #expect(!(try writer.adopt(kept)), "newer sketches stay")
        writer.close()
        _ = try scratch.writer(16, rowsPerChunk: 20)
        #expect(try sketchFiles(sketched).allSatisfy { $0.hasSuffix("-00000003") })
    }

    @Test func `a store made anew has no sketches and takes over none of the old rows'`() throws {
        let sketched = try smallStore()
        let draft = try sketched.draft(.components(5))
        sketched.writer.close()
        let scratch = sketched.scratch
        let rebuild = try StoreWriter.rebuild(scratch.store, identity: scratch.identity(16), fence: 1, rowsPerChunk: 20)
        try rebuild.append(ids: ids(0..<3), vectors: values(3, seed: 9))
        try rebuild.publish()
        #expect(try sketchFiles(sketched) == [])
        #expect(!(try rebuild.adopt(draft)))
        #expect(try scratch.open().manifest.sketch == nil)
        #expect(try scratch.open().verify() == [])
    }

    @Test(arguments: files) func `every flipped byte is refused or reported by name, and changes no answer`(
        name: String
    ) throws {
        let sketched = try smallStore()
        let whole = try sketched.scratch.read(name)
        let query = values(1, seed: 8)
        let expected = try sketched.index().search(query, k: 3)
        var found = 0
        for position in whole.indices {
            var bytes = whole
            bytes[position] ^= 1 << (position % 8)
            try sketched.scratch.write(bytes, to: name)
            let refused = try fileRefused {
                let answer = try sketched.index().search(query, k: 3)
                #expect(answer == expected)
                return nil
            }
            let reported = try fileRefused { try sketched.store().verify().first?.file }
            #expect(refused == reported)
            if refused == sketched.scratch.file(name) { found += 1 }
        }
        // What the first 20 rows might have beside their codes, but do not have yet, is nobody's.
        let meaningless = name == Self.files[2] ? 10 * 16 : 0
        #expect(found == whole.count - meaningless)
        try sketched.scratch.write(whole, to: name)
        #expect(try sketched.store().verify() == [])
    }

    @Test(arguments: files) func `a missing end and a missing file are found and named, and so by a writer`(
        name: String
    ) throws {
        let sketched = try smallStore()
        sketched.writer.close()
        let whole = try sketched.scratch.read(name)
        let file = sketched.scratch.file(name)
        for length in [0, 1, 63, 64, 65, whole.count - 1] {
            try sketched.scratch.write(Array(whole.prefix(length)), to: name)
            let error = #expect(throws: IndexError.self) { try sketched.store() }
            guard case .damaged(file, _) = try #require(error) else { throw try #require(error) }
        }
        try sketched.scratch.remove(name)
        #expect(throws: IndexError.damaged(file, what: "is missing")) { try sketched.store() }
        #expect(throws: IndexError.damaged(file, what: "is missing")) { try sketched.scratch.writer(16) }
    }

    @Test func `rows are not sketched with a damaged projection`() throws {
        let sketched = try smallStore()
        sketched.writer.close()
        var bytes = try sketched.scratch.read(Self.projection)
        bytes[bytes.count - 2] ^= 1
        try sketched.scratch.write(bytes, to: Self.projection)
        let writer = try sketched.scratch.writer(16, rowsPerChunk: 20)
        let error = #expect(throws: IndexError.self) {
            try writer.append(ids: ids([77]), vectors: values(1, seed: 2))
        }
        guard case .damaged(sketched.scratch.file(Self.projection), _) = try #require(error) else {
            throw try #require(error)
        }
        #expect(!writer.hasChanges && !writer.contains(VectorID(77)))
    }

    @Test func `sketches that find no room change nothing, and can be written once there is room`() throws {
        let sketched = try smallStore()
        let name = "vectors/00000003.sketches-00000001"
        try sketched.scratch.link(name, to: "/dev/full")
        let more = values(25, seed: 2)
        #expect(throws: IndexError.file(.write, sketched.scratch.file(name), .noSpace)) {
            try sketched.writer.append(ids: ids(100..<125), vectors: more)
        }
        #expect(sketched.writer.liveCount == 30)
        try sketched.scratch.remove(name)
        try sketched.writer.append(ids: ids(100..<125), vectors: more)
        try sketched.writer.publish()
        #expect(try sketched.store().verify() == [])
        #expect(try expectEveryRowFinds(itself: sketched.store()) == 55)
    }

    @Test func `a job that was cancelled leaves nothing`() throws {
        let sketched = try smallStore()
        let before = try sketched.scratch.names()
        let control = BuildControl()
        control.cancel()
        let job = SketchJob(over: try sketched.store(), generation: 2, .components(5))
        #expect(throws: IndexError.cancelled("sketches")) { try job.build(control) }
        let given = SketchJob.Directions.given(
            center: [Float](repeating: 0, count: 16), basis: [Float](repeating: 0.25, count: 16))
        let later = SketchJob(over: try sketched.store(), generation: 2, given)
        #expect(throws: IndexError.cancelled("sketches")) { try later.build(control) }
        #expect(try sketched.scratch.names() == before)
    }

    /// 30 rows in two chunks, sketches of generation 1 with 4 directions.
    private func smallStore() throws -> SketchedScratch {
        try SketchedScratch(Rows(dimension: 16, values: values(30, seed: 1)), .components(4), rowsPerChunk: 20)
    }

    private func values(_ rows: Int, seed: UInt64) -> [Float] {
        Rows.random(rows, dimension: 16, seed: seed).values
    }

    private func sketchFiles(_ sketched: SketchedScratch) throws -> [String] {
        try sketched.scratch.names().filter { $0.contains("sketches") || $0.contains("projection") }
    }

    /// The file that is refused as damaged, or that `body` names; nil when there is none.
    private func fileRefused(_ body: () throws -> FilePath?) throws -> FilePath? {
        do {
            return try body()
        } catch let error as IndexError {
            guard case .damaged(let file, _) = error else { throw error }
            return file
        }
    }

    /// Asks each live row, and says how many there are.
    private func expectEveryRowFinds(itself store: VectorStore) throws -> Int {
        let index = try store.index(named: "default")
        for id in store.liveIDs() {
            let vector = try #require(store.vector(of: id))
            #expect(try index.search(vector, k: 2)[0].first == Neighbor(id: id, distance: 0))
        }
        return store.liveCount
    }
}
