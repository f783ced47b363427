import Catalog
import Postgres
import TestSupport
import Testing

struct LineageTests {
    private let databases = TestDatabases()

    /// Child, parent, root and depth of all lineage, by child.
    private func lineage(_ test: TestCatalog) throws -> [[ImageID]] {
        try test.connection.rows(
            "select child, parent, root, depth::bigint as depth from likeness.augmentations order by child"
        ).map { row in [try row[0], try row[1], try row[2], try row[3]] }
    }

    private func refusals(_ body: () throws -> Void) -> [LineageRefusal.Reason] {
        let error = #expect(throws: LineageRefused.self) { try body() }
        return error?.refusals.map(\.reason) ?? []
    }

    /// The rows as a recursion from each picture to its top gives them.
    private func expected(_ parents: [ImageID: ImageID]) -> [[ImageID]] {
        parents.keys.sorted().map { child in
            var (root, depth): (ImageID, Int64) = (child, 0)
            while let parent = parents[root] { (root, depth) = (parent, depth + 1) }
            return [child, parents[child]!, root, ImageID(rawValue: depth)]
        }
    }

    @Test func `copies of copies know their original and their depth`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d")
        let outcome = try test.catalog.recordLineage([
            LineageEdge(child: i[2], parent: i[1]), LineageEdge(child: i[3], parent: i[2]),
            LineageEdge(
                child: i[1], parent: i[0], recipe: JSON(#"[{"operation": "flip"}]"#), seed: -1, ordinal: 0),
        ])
        #expect(outcome.recorded == 3)
        #expect(try lineage(test) == expected([i[1]: i[0], i[2]: i[1], i[3]: i[2]]))
        let row = try #require(
            try test.connection.firstRow("select * from likeness.augmentations where child = \(i[1])"))
        #expect(try row["seed"] == Int64(-1))
        #expect(try row["ordinal"] == Int32(0))
        #expect(try row["recipe", as: JSON.self].text == #"[{"operation": "flip"}]"#)
        let other = try #require(
            try test.connection.firstRow("select seed, ordinal from likeness.augmentations where child = \(i[2])"))
        #expect(other.isNull(0) && other.isNull(1))
    }

    @Test func `a family is its original and all below it, with distances where there are embeddings`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d", "alone")
        try test.catalog.recordLineage([
            LineageEdge(child: i[1], parent: i[0], recipe: JSON(#"[{"operation": "flip"}]"#), ordinal: 7),
            LineageEdge(child: i[3], parent: i[0], ordinal: 2), LineageEdge(child: i[2], parent: i[1]),
        ])
        try test.connection.execute("delete from likeness.embeddings where image = \(i[3])")
        let vectors = try i[...2].map { try #require(try test.catalog.embedding(of: $0, model: test.model.id)) }
        func distance(_ place: Int) -> Double {
            zip(vectors[0], vectors[place]).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        }
        for image in i[...3] {
            let family = try test.catalog.family(of: image, model: test.model.id)
            #expect(family.map(\.image) == [i[0], i[3], i[1], i[2]])
            #expect(family.map(\.depth) == [0, 1, 1, 2] && family.map(\.parent) == [nil, i[0], i[0], i[1]])
            #expect(family.map(\.ordinal) == [nil, 2, 7, nil] && family[0].recipe == nil)
            #expect(
                family[2].recipe?.text == #"[{"operation": "flip"}]"# && family[2].paths == [Array("/pictures/b".utf8)])
            #expect(family[0].distance == 0 && family[1].distance == nil)
            #expect(abs(Double(family[3].distance ?? -1) - distance(2)) < 1e-6)
        }
        #expect(try test.catalog.family(of: i[0], model: nil).allSatisfy { $0.distance == nil })
        #expect(try test.catalog.family(of: i[4], model: nil).map(\.image) == [i[4]])
        #expect(try test.catalog.family(of: ImageID(rawValue: 999_999), model: nil).isEmpty)
    }

    @Test func `an original below a folder is found, and copies there are none`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b")
        #expect(try test.catalog.originalFile(under: Array("/pictures".utf8)) != nil)
        #expect(try test.catalog.originalFile(under: Array("/".utf8)) != nil)
        #expect(try test.catalog.originalFile(under: Array("/picture".utf8)) == nil)
        try test.catalog.recordLineage([LineageEdge(child: i[1], parent: i[0])])
        try test.connection.execute("update likeness.image_files set vanished_at = now() where image = \(i[0])")
        #expect(try test.catalog.originalFile(under: Array("/pictures".utf8)) == nil)
    }

    @Test func `a family that gets a parent moves below it with everything in it`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d", "e")
        try test.catalog.recordLineage([
            LineageEdge(child: i[2], parent: i[1]), LineageEdge(child: i[3], parent: i[2]),
            LineageEdge(child: i[4], parent: i[1]),
        ])
        try test.catalog.recordLineage([LineageEdge(child: i[1], parent: i[0])])
        #expect(try lineage(test) == expected([i[1]: i[0], i[2]: i[1], i[3]: i[2], i[4]: i[1]]))
    }

    @Test func `the same lineage again changes nothing, and what was unknown is filled in`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b")
        var edge = LineageEdge(child: i[1], parent: i[0])
        #expect(try test.catalog.recordLineage([edge, edge]).recorded == 1)
        edge.recipe = JSON(#"[{"operation":"rotate","degrees":4.0}]"#)
        edge.ordinal = 3
        #expect(try test.catalog.lineageOutcome(of: [edge]).completed == 1)
        #expect(try test.catalog.recordLineage([edge]).completed == 1)
        // Other spaces and another order of keys are no other recipe.
        edge.recipe = JSON(#"[ {"degrees": 4.0, "operation": "rotate"} ]"#)
        #expect(try test.catalog.recordLineage([edge]).unchanged == 1)
        let row = try test.connection.firstRow("select recipe->0->>'operation', ordinal from likeness.augmentations")
        #expect(try row?[0] == "rotate")
        #expect(try row?[1] == Int32(3))
    }

    @Test func `what contradicts is refused by row with both values, and nothing is recorded`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d", "e", "f")
        let nobody = ImageID(rawValue: 99)
        try test.catalog.recordLineage([
            LineageEdge(child: i[1], parent: i[0], recipe: JSON(#"[{"operation": "flip"}]"#))
        ])
        let before = try lineage(test)
        let given = [
            LineageEdge(child: i[2], parent: i[0]), LineageEdge(child: nobody, parent: i[0]),
            LineageEdge(child: i[2], parent: nobody), LineageEdge(child: i[2], parent: i[2]),
            LineageEdge(child: i[1], parent: i[2]), LineageEdge(child: i[2], parent: i[1]),
            LineageEdge(child: i[1], parent: i[0], recipe: JSON(#"[{"operation": "blur"}]"#)),
            LineageEdge(child: i[3], parent: i[4]), LineageEdge(child: i[4], parent: i[5]),
            LineageEdge(child: i[5], parent: i[3]), LineageEdge(child: i[3], parent: i[0], recipe: JSON("{}")),
        ]
        let reasons = refusals { try test.catalog.recordLineage(given) }
        #expect(
            reasons == [
                .noChild(nobody), .noParent(nobody), .isItsOwnParent(i[2]),
                .hasAnotherParent("image \(i[1])", recorded: i[0], given: i[2]),
                .hasAnotherParent("image \(i[2])", recorded: i[0], given: i[1]),
                .wasMadeOtherwise(
                    i[1], parent: i[0], recorded: #"[{"operation": "flip"}]"#, given: #"[{"operation": "blur"}]"#),
                .isCycle([i[3], i[4], i[5], i[3]]), .isCycle([i[4], i[5], i[3], i[4]]),
                .isCycle([i[5], i[3], i[4], i[5]]), .recipeIsNoArray("{}"),
            ])
        #expect(try lineage(test) == before)
        let partial = try test.catalog.recordLineage(given, isPartial: true)
        #expect(partial.recorded == 1 && partial.refusals.count == 10)
        #expect(try lineage(test) == expected([i[1]: i[0], i[2]: i[0]]))
        // A circle that goes through what is recorded.
        #expect(
            refusals { try test.catalog.recordLineage([LineageEdge(child: i[0], parent: i[2])]) }
                == [.isCycle([i[0], i[2], i[0]])])
    }

    @Test func `a refusal says what is recorded and what was given`() {
        let refused = LineageRefused(
            refusals: [
                LineageRefusal(
                    place: 4,
                    reason: .hasAnotherParent(
                        "image 7", recorded: ImageID(rawValue: 1), given: ImageID(rawValue: 2)))
            ], given: 9)
        #expect(refused.message == "edge 5: image 7 was made from image 1, not from image 2")
        let cycle = LineageRefusal(place: 0, reason: .isCycle([3, 2, 3].map { ImageID(rawValue: $0) }))
        #expect(cycle.message == "image 3 would descend from itself: 3 from 2 from 3")
    }

    @Test func `an announced picture gets its lineage in the transaction that adds it`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b")
        try test.catalog.recordLineage([LineageEdge(child: i[1], parent: i[0])])
        let announcement = LineageAnnouncement(
            child: .named("c"), parent: i[1], recipe: JSON(#"[{"operation": "flip"}]"#), seed: 7, ordinal: 2)
        #expect(try test.catalog.announceLineage([announcement, announcement]).pending == 1)
        #expect(try test.catalog.announceLineage([announcement]).unchanged == 1)
        let c = try test.ingest("c", "unrelated")[0]
        #expect(try lineage(test) == expected([i[1]: i[0], c: i[1]]))
        let row = try test.connection.firstRow("select seed from likeness.augmentations where child = \(c)")
        #expect(try row?["seed"] == Int64(7))
        #expect(try test.count("select count(*) from likeness.pending_lineage") == 0)
        #expect(try test.catalog.announceLineage([announcement]).unchanged == 1)
    }

    @Test func `an ingest that was rolled back leaves the announcement`() throws {
        let test = try databases.catalog()
        let a = try test.ingest("a")[0]
        try test.catalog.announceLineage([
            LineageAnnouncement(child: .named("b"), parent: a, recipe: JSON("[]"))
        ])
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try test.connection.transaction {
                try test.catalog.write(.pictures(["b"]), model: test.model)
                throw Stop()
            }
        }
        #expect(try test.count("select count(*) from likeness.pending_lineage") == 1)
        let b = try test.ingest("b")[0]
        #expect(try lineage(test) == expected([b: a]))
    }

    @Test func `an announcement of another parent is refused, of a known picture recorded`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c")
        func announce(_ child: String, _ parent: ImageID) throws -> LineageOutcome {
            try test.catalog.announceLineage([
                LineageAnnouncement(child: .named(child), parent: parent, recipe: JSON("[]"))
            ])
        }
        #expect(try announce("c", i[0]).recorded == 1)
        #expect(refusals { _ = try announce("c", i[1]) }.count == 1)
        #expect(refusals { _ = try announce("a", i[0]) } == [.isItsOwnParent(i[0])])
        #expect(refusals { _ = try announce("a", i[2]) } == [.isCycle([i[0], i[2], i[0]])])
        #expect(try announce("new", i[0]).pending == 1)
        #expect(refusals { _ = try announce("new", i[1]) }.count == 1)
        #expect(
            refusals { _ = try announce("newer", ImageID(rawValue: 99)) } == [.noParent(ImageID(rawValue: 99))])
        #expect(try lineage(test) == expected([i[2]: i[0]]))
    }

    @Test func `who announces and who adds a picture at the same time do not miss each other`() async throws {
        let test = try databases.catalog()
        let parent = try test.ingest("parent")[0]
        let names = (0..<40).map { "child \($0)" }
        let model = test.model
        let (adding, announcing) = (Database(test.database.target), Database(test.database.target))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for name in names {
                    try await adding.run { _ = try Catalog($0).write(.pictures([name]), model: model) }
                }
            }
            group.addTask {
                for name in names {
                    try await announcing.run { connection in
                        _ = try Catalog(connection).announceLineage([
                            LineageAnnouncement(child: .named(name), parent: parent, recipe: JSON("[]"))
                        ])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try test.count("select count(*) from likeness.augmentations where root = \(parent)") == names.count)
        #expect(try test.count("select count(*) from likeness.pending_lineage") == 0)
    }

    @Test func `what was made from a deleted picture begins a family of its own`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d", "e")
        try test.catalog.recordLineage([
            LineageEdge(child: i[1], parent: i[0]), LineageEdge(child: i[2], parent: i[1]),
            LineageEdge(child: i[3], parent: i[2]), LineageEdge(child: i[4], parent: i[3]),
        ])
        try test.connection.execute("delete from likeness.images where id = \(i[1])")
        #expect(try lineage(test) == expected([i[3]: i[2], i[4]: i[3]]))
        try test.connection.execute("delete from likeness.images where id = \(i[2])")
        #expect(try lineage(test) == expected([i[4]: i[3]]))
        try test.connection.execute("delete from likeness.augmentations")
        #expect(try lineage(test).isEmpty)
    }

    @Test func `root and depth agree with a recursion after any number of random changes`() throws {
        let test = try databases.catalog()
        var random = SplitMix(state: 5)
        var images: [ImageID] = []
        for name in (0..<40).map({ "picture \($0)" }) { images += try test.ingest(name) }
        var parents: [ImageID: ImageID] = [:]
        for _ in 0..<60 {
            let edges = (0..<5).map { _ in
                LineageEdge(
                    child: images.randomElement(using: &random)!, parent: images.randomElement(using: &random)!)
            }
            let outcome = try test.catalog.recordLineage(edges, isPartial: true)
            let refused = Set(outcome.refusals.map(\.place))
            for (place, edge) in edges.enumerated() where !refused.contains(place) {
                parents[edge.child] = edge.parent
            }
            if let gone = images.randomElement(using: &random), images.count > 15 {
                images.removeAll { $0 == gone }
                parents = parents.filter { $0.key != gone && $0.value != gone }
                try test.connection.execute("delete from likeness.images where id = \(gone)")
            }
            try #require(try lineage(test) == expected(parents))
        }
        #expect(parents.count > 5)
    }

    @Test func `a chain of ten thousand copies is recorded at once`() throws {
        let test = try databases.catalog()
        let names = (0...10_000).map { "link \($0)" }
        var batch = IngestBatch()
        batch.contents = names.map { name in
            var content = IngestedContent.named(name)
            content.vector = nil
            return content
        }
        try test.catalog.write(batch, model: test.model)
        let known = try test.catalog.images(of: names.map { .named($0) })
        let images = names.compactMap { known[.named($0)] }
        let edges = zip(images.dropFirst(), images).map { LineageEdge(child: $0, parent: $1) }
        #expect(try test.catalog.recordLineage(edges.shuffled()).recorded == 10_000)
        let row = try test.connection.firstRow(
            "select max(depth), count(distinct root) from likeness.augmentations")
        #expect(try row?[0] == Int32(10_000))
        #expect(try row?[1] == 1)
    }
}
