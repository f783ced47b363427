import Faults
import Foundation
import SystemPackage
import Testing
import VectorIndexes

/// Files that faiss reads back, held against what the indexes themselves answer.
@Suite struct ExportTests {
    private static let rows = Rows.families(40, members: 25, dimension: 48, seed: 5)
    private static let queries = Rows.families(40, members: 2, dimension: 48, seed: 5).values

    /// Ids as no array of rows has them.
    private static func id(_ row: Int) -> Int64 { row.isMultiple(of: 3) ? Int64(row) + (1 << 40) : Int64(7 * row + 2) }

    /// A store with an index of the type; rows were deleted and replaced after it was built when `isChanged`.
    private func store(
        _ type: IndexType, _ parameters: [String: Int] = [:], isChanged: Bool
    ) throws -> InvertedFileFixture {
        let fixture = try InvertedFileFixture(type, parameters)
        let rows = Self.rows
        let writer = try fixture.scratch.writer(rows.dimension, rowsPerChunk: 300)
        try writer.append(ids: (0..<rows.count).map { VectorID(Self.id($0)) }, vectors: rows.values)
        try writer.add(fixture.specification)
        try writer.publish()
        if type != .flat { try fixture.build(writer) }
        if isChanged {
            try writer.remove(stride(from: 0, to: rows.count, by: 9).map { VectorID(Self.id($0)) })
            let replaced = stride(from: 1, to: rows.count, by: 50).map { $0 }
            try writer.append(
                ids: replaced.map { VectorID(Self.id($0)) },
                vectors: replaced.flatMap { row in rows[row].map { -$0 } })
            try writer.publish()
        }
        return fixture
    }

    private func export(_ fixture: InvertedFileFixture) throws -> (exported: ExportedIndex, file: ReadFaissFile) {
        let path = fixture.scratch.folder.appending("exported.faiss")
        let store = try fixture.scratch.open()
        let exported = try store.export(index: fixture.specification.name, to: path)
        #expect(exported.rows == store.liveCount)
        let size = try FileManager.default.attributesOfItem(atPath: path.string)[.size] as? Int
        #expect(exported.bytes == size)
        let file = try ReadFaissFile(path)
        #expect(file.count == store.liveCount && file.dimension == store.manifest.identity.dimension)
        return (exported, file)
    }

    @Test(arguments: [false, true])
    func `a flat file has the rows that live, under their ids, and answers as the index does`(isChanged: Bool) throws {
        let fixture = try store(.flat, isChanged: isChanged)
        let (exported, file) = try export(fixture)
        #expect(exported.type == .flat && exported.notices == [] && file.className == "IndexFlatL2")
        let ours = try fixture.open().search(Self.queries, k: 10)
        for (found, wanted) in zip(try file.search(Self.queries, k: 10), ours) {
            #expect(sameButForTies(found, wanted))
        }
        let all = try file.search(Rows(dimension: 48, values: Self.queries)[0], k: file.count)
        #expect(try Set(all[0].map(\.id)) == Set(fixture.scratch.open().liveIDs()))
    }

    @Test(arguments: [1, 3, 12], [false, true])
    func `an IVFFlat file has the lists of the index and looks into as many`(nprobe: Int, isChanged: Bool) throws {
        let fixture = try store(.ivfflat, ["nlist": 12, "nprobe": nprobe], isChanged: isChanged)
        let (exported, file) = try export(fixture)
        #expect(exported.type == .ivfflat && exported.notices == [] && file.className == "IndexIVFFlat")
        let ours = try fixture.open().search(Self.queries, k: 10)
        for (found, wanted) in zip(try file.search(Self.queries, k: 10), ours) {
            // faiss goes into no further lists when those hold fewer than k rows.
            #expect(sameButForTies(found, Array(wanted.prefix(found.count))) && found.count >= 5)
        }
    }

    @Test(arguments: [(8, 8), (12, 4), (6, 5)], [false, true])
    func `an IVFPQ file has the codes of the index and re-ranks as many rows`(
        codes: (m: Int, bits: Int), isChanged: Bool
    ) throws {
        let parameters = ["nlist": 10, "nprobe": 4, "m": codes.m, "bits": codes.bits, "rerank": 3]
        let fixture = try store(.ivfpq, parameters, isChanged: isChanged)
        let (exported, file) = try export(fixture)
        #expect(exported.type == .ivfpq && file.className == "IndexRefineFlat(IndexIVFPQ)")
        let ours = try fixture.open().search(Self.queries, k: 10)
        let theirs = try file.search(Self.queries, k: 10)
        let exact = try fixture.scratch.open().exact.search(Self.queries, k: 10)
        #expect(recall(theirs, of: exact) >= recall(ours, of: exact) - 0.02)
        #expect(recall(ours, of: exact) >= recall(theirs, of: exact) - 0.02)
        let same = zip(theirs, ours).count { sameButForTies($0, $1) }
        #expect(same * 100 >= 95 * ours.count, "\(same) of \(ours.count) answers are the same")
    }

    @Test func `a graph without deleted rows is written as it is`() throws {
        let fixture = try store(.hnsw, ["M": 8, "efConstruction": 40, "efSearch": 32], isChanged: false)
        let (exported, file) = try export(fixture)
        #expect(exported.type == .hnsw && exported.notices == [] && file.className == "IndexHNSWFlat")
        try expectRecall(of: file, asIn: fixture)
    }

    @Test func `a graph with deleted rows is built anew without them, and that is told`() throws {
        let fixture = try store(.hnsw, ["M": 8, "efConstruction": 40, "efSearch": 32], isChanged: true)
        let (exported, file) = try export(fixture)
        let dead = try fixture.scratch.open().deadCount
        #expect(exported.notices == [.builtAnew(dead: dead)])
        #expect(
            exported.notices[0].text(index: "lists")
                == "the graph of index lists leads over \(dead) rows that were deleted: the file has another one, built "
                + "over the rows that there are")
        try expectRecall(of: file, asIn: fixture)
    }

    private func expectRecall(of file: ReadFaissFile, asIn fixture: InvertedFileFixture) throws {
        let exact = try fixture.scratch.open().exact.search(Self.queries, k: 10)
        let ours = recall(try fixture.open().search(Self.queries, k: 10), of: exact)
        let theirs = recall(try file.search(Self.queries, k: 10), of: exact)
        #expect(theirs >= ours - 0.02 && theirs > 0.9, "\(theirs) in the file, \(ours) in the index")
    }

    @Test func `rows that are equal are all found in a graph's file, and hide no other`() throws {
        let fixture = try InvertedFileFixture(.hnsw, ["M": 4, "efSearch": 400])
        let distinct = Rows.random(200, dimension: 12, seed: 3)
        var values: [Float] = []
        // Many more than a list has room for, a few, and none.
        for row in 0..<distinct.count { for _ in 0..<(row == 7 ? 90 : row % 3) + 1 { values += distinct[row] } }
        let rows = Rows(dimension: 12, values: values)
        let writer = try fixture.built(rows)
        // The row of the node goes, an equal one remains.
        try writer.remove([VectorID(1)])
        try writer.publish()
        let (exported, file) = try export(fixture)
        #expect(exported.notices == [])
        let exact = try fixture.scratch.open().exact
        let crowd = try file.search(distinct[7], k: 91)[0]
        #expect(Set(crowd.map(\.id)) == Set(try exact.search(distinct[7], k: 91)[0].map(\.id)))
        #expect(crowd.allSatisfy { $0.distance == 0 })
        for query in 0..<distinct.count {
            let copies = query == 7 ? 91 : query == 1 ? 1 : query % 3 + 1
            #expect(try file.search(distinct[query], k: 100)[0].count { $0.distance == 0 } == copies)
        }
        let wanted = try exact.search(distinct.values, k: 10)
        #expect(recall(try file.search(distinct.values, k: 10), of: wanted) > 0.99)
    }

    @Test(arguments: [IndexType.hnsw, .ivfflat, .ivfpq])
    func `an index that is not built yet is exported as a flat one, and that is told`(type: IndexType) throws {
        let fixture = try InvertedFileFixture(type)
        let writer = try fixture.scratch.writer(3)
        try writer.append(ids: ids([5, 1 << 33]), vectors: [1, 2, 3, 4, 5, 6])
        try writer.add(fixture.specification)
        try writer.publish()
        let path = fixture.scratch.folder.appending("exported.faiss")
        let exported = try fixture.scratch.open().export(index: "lists", to: path)
        #expect(exported.type == .flat && exported.rows == 2 && exported.notices == [.notBuilt(type)])
        #expect(
            exported.notices[0].text(index: "lists")
                == "index lists is not built yet: the file holds a flat index instead of \(type.rawValue); build it: "
                + "likeness sync --once")
        #expect(
            try ReadFaissFile(path).search([4, 5, 6], k: 3) == [
                [Neighbor(id: VectorID(1 << 33), distance: 0), Neighbor(id: VectorID(5), distance: 27)]
            ])
    }

    @Test(arguments: IndexType.allCases)
    func `an index without rows is exported without rows`(type: IndexType) throws {
        let fixture = try InvertedFileFixture(type)
        let writer = try fixture.scratch.writer(8)
        try writer.append(ids: ids(0..<50), vectors: Rows.random(50, dimension: 8, seed: 1).values)
        try writer.add(fixture.specification)
        try writer.publish()
        if type != .flat { try fixture.build(writer) }
        try writer.remove(ids(0..<50))
        try writer.publish()
        let path = fixture.scratch.folder.appending("exported.faiss")
        #expect(try fixture.scratch.open().export(index: "lists", to: path).rows == 0)
        let file = try ReadFaissFile(path)
        #expect(file.count == 0)
        #expect(try file.search([Float](repeating: 0, count: 8), k: 2) == [[]])
    }

    @Test func `a file that is there is left alone unless it may be replaced`() throws {
        let fixture = try store(.flat, isChanged: false)
        let path = fixture.scratch.folder.appending("exported.faiss")
        try Data("mine".utf8).write(to: URL(filePath: path.string))
        let store = try fixture.scratch.open()
        #expect(throws: IndexError.file(.write, path, .fileExists)) { try store.export(index: "lists", to: path) }
        #expect(try Data(contentsOf: URL(filePath: path.string)) == Data("mine".utf8))
        let exported = try store.export(index: "lists", to: path, mayReplace: true)
        #expect(try exported.bytes > 4 && ReadFaissFile(path).count == store.liveCount)
    }

    @Test func `no device and no folder is written over`() throws {
        let fixture = try store(.flat, isChanged: false)
        let store = try fixture.scratch.open()
        #expect(throws: IndexError.file(.write, "/dev/null", .fileExists)) {
            try store.export(index: "lists", to: "/dev/null", mayReplace: true)
        }
        #expect(throws: IndexError.file(.write, fixture.scratch.folder, .isDirectory)) {
            try store.export(index: "lists", to: fixture.scratch.folder, mayReplace: true)
        }
    }

    @Test func `a full disk is told by the name of the file, of which nothing is left`() throws {
        let fixture = try store(.ivfflat, ["nlist": 4], isChanged: false)
        let path = fixture.scratch.folder.appending("exported.faiss")
        let temporary = fixture.scratch.folder.appending("exported.faiss.tmp").string
        try FileManager.default.createSymbolicLink(atPath: temporary, withDestinationPath: "/dev/full")
        let store = try fixture.scratch.open()
        let error = #expect(throws: IndexError.self) { try store.export(index: "lists", to: path) }
        #expect(error == .file(.write, path, .noSpace) && error?.exitStatus == .cannotWrite)
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.scratch.folder.string)
        #expect(left.filter { $0.hasPrefix("exported") } == [])
        let elsewhere = fixture.scratch.folder.appending("no").appending("such.faiss")
        #expect(throws: IndexError.file(.write, elsewhere, .noSuchFileOrDirectory)) {
            try store.export(index: "lists", to: elsewhere)
        }
    }

    @Test func `an export that is cancelled leaves nothing`() throws {
        let fixture = try store(.hnsw, ["M": 4], isChanged: true)
        let path = fixture.scratch.folder.appending("exported.faiss")
        let control = BuildControl()
        control.cancel()
        let store = try fixture.scratch.open()
        #expect(throws: IndexError.cancelled("lists")) { try store.export(index: "lists", to: path, control) }
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.scratch.folder.string)
        #expect(left.filter { $0.hasPrefix("exported") } == [])
    }

    @Test func `an index that there is none of is named`() throws {
        let fixture = try store(.flat, isChanged: false)
        #expect(throws: IndexError.noSuchIndex("other", have: ["lists"])) {
            try fixture.scratch.open().export(index: "other", to: fixture.scratch.folder.appending("x"))
        }
    }

    /// As ``recall(_:of:)``, but for faiss's rounding.
    private func recall(_ answers: [[Neighbor]], of exact: [[Neighbor]]) -> Double {
        var found = 0
        for (answer, best) in zip(answers, exact) {
            let farthest = best.last?.distance ?? 0
            found += answer.count { $0.distance <= farthest + 1e-5 }
        }
        return Double(found) / Double(exact.reduce(0) { $0 + $1.count })
    }

    /// Whether answers have the same ids at the same distances within 1e-5; where distances are as near as that, ids may
    /// have changed places, and the last of them may be others.
    private func sameButForTies(_ found: [Neighbor], _ wanted: [Neighbor]) -> Bool {
        guard found.count == wanted.count else { return false }
        guard let last = wanted.last?.distance else { return true }
        guard zip(found, wanted).allSatisfy({ abs($0.distance - $1.distance) <= 1e-5 }) else { return false }
        let inside = Set(wanted.filter { $0.distance < last - 2e-5 }.map(\.id))
        return inside.isSubset(of: Set(found.map(\.id)))
    }
}
