import SystemPackage
import Testing
import VectorIndexes

/// Indexes that are tried over the rows of a store, in another folder, and never published.
@Suite struct TrialIndexTests {
    @Test func `tried indexes and sketches answer, and leave the store as it is`() throws {
        let scratch = try Scratch()
        let rows = Rows.random(1_200, dimension: 64, seed: 3)
        let writer = try scratch.writer(64)
        try writer.add(flat)
        try writer.append(ids: ids(0..<1_200), vectors: rows.values)
        try writer.publish()
        let store = try scratch.open()
        let before = try scratch.names()
        let folder = scratch.folder.appending("trial")
        var trial = store.withTrialIndexes(in: folder)
        if let sketches = try SketchJob(over: trial, generation: 1).build() { trial = try trial.trying(sketches) }
        for type in IndexType.allCases where type != .flat {
            let specification = IndexSpecification(name: type.rawValue, type: type)
            trial = trial.trying(try GenerationJob(specification, generation: 1, over: trial).build())
        }
        for row in stride(from: 0, to: 1_200, by: 97) {
            let expected = Neighbor(id: VectorID(Int64(row)), distance: 0)
            #expect(try trial.exact.search(rows[row], k: 1)[0] == [expected])
            for type in IndexType.allCases where type != .flat {
                #expect(try trial.index(named: type.rawValue).search(rows[row], k: 1)[0] == [expected])
            }
        }
        #expect(try scratch.names() == before)
        #expect(try scratch.open().manifest == store.manifest)
    }
}
