import Catalog
import Postgres
import TestSupport
import Testing

/// Pairs, groups and judgments.
struct NearDuplicateTests {
    private let databases = TestDatabases()

    /// The groups of a model as sets of pictures, by the view that people see.
    private func groups(_ test: TestCatalog) throws -> Set<[ImageID]> {
        Set(
            try test.connection.rows("select image_ids from likeness.duplicate_groups").map {
                try $0[0, as: [Int64].self].map { ImageID(rawValue: $0) }
            })
    }

    private func search(_ image: ImageID, _ neighbors: (ImageID, Float)...) -> NeighborSearch {
        NeighborSearch(image: image, neighbors: neighbors.map { SearchHit(image: $0.0, distance: $0.1) })
    }

    private func write(_ test: TestCatalog, threshold: Float = 0.05, _ searches: NeighborSearch...) throws {
        try test.catalog.writeEdges(searches, model: test.model.id, threshold: threshold)
    }

    private func pending(_ test: TestCatalog) throws -> [ImageID] {
        try test.catalog.imagesWithoutEdges(model: test.model.id, limit: 100)
    }

    @Test func `only what is new is searched`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        #expect(try pending(test) == images)
        #expect(try test.catalog.imagesWithoutEdges(model: test.model.id, limit: 2) == Array(images.prefix(2)))
        try write(test, search(images[0], (images[0], 0), (images[1], 0.01)), search(images[1]))
        #expect(try pending(test) == [images[2]])
        let later = try test.ingest("d")
        #expect(try pending(test) == [images[2], later[0]])
        try test.connection.execute("update likeness.images set state = 'hidden' where id = \(images[2])")
        #expect(try pending(test) == later)
    }

    @Test func `a changed vector forgets its pairs and is searched again`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        try write(
            test, search(images[0], (images[1], 0.01), (images[2], 0.02)), search(images[1]), search(images[2]))
        #expect(try groups(test) == [images])
        try test.connection.execute("update likeness.embeddings set vector = vector where image = \(images[0])")
        // The two others had it as their nearest neighbor.
        #expect(try pending(test) == images)
        #expect(try test.count("select count(*) from likeness.near_duplicate_edges") == 0)
        try test.catalog.refreshDuplicateGroups(model: test.model.id)
        #expect(try groups(test) == [])
    }

    @Test func `writing the same again changes nothing`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b").sorted()
        for _ in 0..<2 { try write(test, search(images[0], (images[1], 0.01)), search(images[1], (images[0], 0.01))) }
        #expect(try test.count("select count(*) from likeness.near_duplicate_edges") == 1)
        #expect(try test.count("select count(*) from likeness.nearest_neighbors") == 2)
        #expect(try groups(test) == [images])
    }

    @Test func `pairs beyond the threshold are neighbors and no near-duplicates`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        try write(
            test, search(images[0], (images[1], 0.05), (images[2], 0.0501)), search(images[2], (images[0], 0.0501)))
        #expect(try test.count("select count(*) from likeness.near_duplicates") == 1)
        let outlier = try #require(try test.connection.firstRow("select * from likeness.outliers limit 1"))
        #expect(try outlier["image_id"] == images[2])
        #expect(try outlier["nearest_image_id"] == images[0])
    }

    @Test func `a later arrival that is nearer becomes the nearest neighbor`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        try write(test, search(images[0], (images[1], 0.5)), search(images[1], (images[0], 0.5)))
        try write(test, search(images[2], (images[0], 0.3), (images[1], 0.9)))
        let nearest: [ImageID] = try test.connection.rows(
            "select nearest from likeness.nearest_neighbors order by image"
        )
        .map { try $0[0] }
        #expect(nearest == [images[2], images[0], images[0]])
    }

    @Test func `pictures that are gone meanwhile are passed over`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        try test.connection.execute("delete from likeness.images where id = \(images[1])")
        try write(test, search(images[0], (images[1], 0.01), (images[2], 0.02)), search(images[1], (images[0], 0.01)))
        #expect(try groups(test) == [[images[0], images[2]]])
        #expect(try pending(test) == [images[2]])
    }

    @Test func `a group that a deleted picture held together falls apart`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c", "d", "e").sorted()
        try write(
            test, search(images[0], (images[1], 0.01)), search(images[2], (images[0], 0.01), (images[3], 0.01)),
            search(images[3], (images[4], 0.01)))
        #expect(try groups(test) == [images])
        try test.connection.execute("delete from likeness.images where id = \(images[2])")
        try test.catalog.refreshDuplicateGroups(model: test.model.id)
        #expect(try groups(test) == [[images[0], images[1]], [images[3], images[4]]])
        // The numbers of groups are those of pictures in them.
        let numbers: [ImageID] = try test.connection.rows(
            "select group_number from likeness.duplicate_groups order by group_number"
        ).map { try $0[0] }
        #expect(numbers == [images[0], images[3]])
    }

    @Test func `whatever order pairs come in, the groups are those of all pairs`() throws {
        let test = try databases.catalog()
        let names = (0..<40).map { "picture \($0)" }
        try test.catalog.write(.pictures(names), model: test.model)
        let known = try test.catalog.images(of: names.map { .named($0) })
        let images = names.compactMap { known[.named($0)] }.sorted()
        var random = SplitMix(state: 7)
        for round in 0..<30 {
            var searches: [NeighborSearch] = []
            for image in images.shuffled(using: &random).prefix(1) {
                searches.append(
                    search(
                        image,
                        (images.randomElement(using: &random) ?? image, Float.random(in: 0...0.08, using: &random))))
            }
            try test.catalog.writeEdges(searches, model: test.model.id, threshold: 0.05)
            let pair = [images.randomElement(using: &random), images.randomElement(using: &random)].compactMap { $0 }
            if round % 5 == 0, pair[0] != pair[1] {
                try test.catalog.judge(pair[0], pair[1], round % 2 == 0 ? .different : .same, by: "me")
            }
            if round % 7 == 0 {
                try test.connection.execute("delete from likeness.near_duplicate_edges where second_image = \(pair[0])")
                try test.catalog.refreshDuplicateGroups(model: test.model.id)
            }
            #expect(try groups(test) == components(test), "round \(round)")
        }
        #expect(try groups(test).count > 3)
    }

    /// Connected components by the database, from pairs and judgments alone.
    private func components(_ test: TestCatalog) throws -> Set<[ImageID]> {
        Set(
            try test.connection.rows(
                """
                with recursive links as (
                    select e.first_image as a, e.second_image as b from likeness.near_duplicate_edges e
                    where e.distance <= 0.05::real and not exists (
                        select from likeness.duplicate_judgments j
                        where j.first_image = e.first_image and j.second_image = e.second_image)
                    union select first_image, second_image from likeness.duplicate_judgments where verdict = 'same'
                ), ways as (select a, b from links union select b, a from links), reached as (
                    select a as start, a as image from ways union select r.start, w.b from reached r join ways w on w.a = r.image
                )
                select distinct array_agg(image order by image) from reached group by start
                """
            ).map { try $0[0, as: [Int64].self].map { ImageID(rawValue: $0) } })
    }

    @Test func `what a person judged stays, whatever is found`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        try write(test, search(images[0], (images[1], 0.01), (images[2], 1.5)))
        try test.catalog.judge(images[1], images[0], .different, by: "ann")
        #expect(try groups(test) == [])
        #expect(try test.count("select count(*) from likeness.near_duplicates") == 0)
        try write(test, search(images[1], (images[0], 0.001)))
        #expect(try groups(test) == [])
        try test.catalog.judge(images[0], images[2], .same, by: "ann")
        #expect(try groups(test) == [[images[0], images[2]]])
        let pair = try #require(try test.connection.firstRow("select * from likeness.near_duplicates"))
        #expect(try pair["verdict"] == "same")
        #expect(try pair["distance", as: Float?.self] == nil)
        try test.catalog.judge(images[0], images[2], .different, by: "ben")
        try test.catalog.judge(images[0], images[1], .same, by: "ben")
        #expect(try groups(test) == [[images[0], images[1]]])
        #expect(try test.count("select count(*) from likeness.duplicate_judgments where judged_by = 'ben'") == 2)
        #expect(throws: CatalogError.samePicture(images[0])) {
            try test.catalog.judge(images[0], images[0], .same, by: "ann")
        }
        #expect(throws: CatalogError.noSuchPicture("999")) {
            try test.catalog.judge(images[0], ImageID(rawValue: 999), .same, by: "ann")
        }
    }

    @Test func `another threshold makes other groups, a greater one searches everything again`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        #expect(try test.catalog.duplicateThreshold(model: test.model.id) == 0.05)
        try write(test, search(images[0], (images[1], 0.01), (images[2], 0.04)), search(images[1]), search(images[2]))
        #expect(try groups(test) == [images])
        try test.catalog.setDuplicateThreshold(0.02, model: test.model.id, by: .person)
        #expect(try groups(test) == [[images[0], images[1]]])
        #expect(try test.count("select count(*) from likeness.near_duplicates") == 1)
        #expect(try pending(test) == [])
        try test.catalog.setDuplicateThreshold(0.1, model: test.model.id, by: .calibration)
        #expect(try groups(test) == [images])
        #expect(try pending(test) == images)
        // A search by the old threshold has not found all pairs.
        try write(test, threshold: 0.05, search(images[0]))
        #expect(try pending(test) == images)
        try write(test, threshold: 0.1, search(images[0]))
        #expect(try pending(test) == Array(images.dropFirst()))
    }

    @Test func `a search from before a change writes nothing of what changed`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c").sorted()
        let position = try test.catalog.currentPosition()
        try test.connection.execute("update likeness.embeddings set vector = vector where image = \(images[0])")
        let searches = [
            search(images[0], (images[1], 0.01), (images[2], 0.01)), search(images[1], (images[0], 0.01)),
            search(images[2], (images[1], 0.02), (images[0], 0.01)),
        ]
        try test.catalog.writeEdges(searches, model: test.model.id, threshold: 0.05, since: position)
        #expect(try groups(test) == [[images[1], images[2]]])
        #expect(try pending(test) == [images[0]])
        try test.catalog.writeEdges(
            searches, model: test.model.id, threshold: 0.05, since: try test.catalog.currentPosition())
        #expect(try groups(test) == [images])
        #expect(try pending(test) == [])
    }

    @Test func `a change that is not committed yet is waited for, and nothing of it is written`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b").sorted()
        let position = try test.catalog.currentPosition()
        let other = try test.another()
        try other.connection.transaction {
            try other.connection.execute("update likeness.embeddings set vector = vector where image = \(images[0])")
            #expect {
                try test.catalog.transaction(waitingForLocks: .milliseconds(50)) {
                    try test.catalog.writeEdges(
                        [search(images[1], (images[0], 0.01))], model: test.model.id, threshold: 0.05, since: position)
                }
            } throws: { ($0 as? PostgresError)?.sqlState == "55P03" }
        }
        #expect(try pending(test) == images)
        #expect(try test.count("select count(*) from likeness.near_duplicate_edges") == 0)
    }

    @Test func `a picture that is shown again is searched again, and one that is hidden is nobody's nearest`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b").sorted()
        try write(test, search(images[0], (images[1], 0.01)), search(images[1], (images[0], 0.01)))
        try test.connection.execute("update likeness.images set state = 'hidden' where id = \(images[0])")
        #expect(try pending(test) == [images[1]])
        #expect(try test.count("select count(*) from likeness.nearest_neighbors where nearest = \(images[0])") == 0)
        try write(test, search(images[1]))
        try test.connection.execute("update likeness.images set state = 'active' where id = \(images[0])")
        #expect(try pending(test) == [images[0]])
        #expect(try test.catalog.countImagesWithoutEdges(model: test.model.id) == 1)
        #expect(try test.catalog.imagesWithoutEdges(model: test.model.id, after: images[0], limit: 10) == [])
    }
}
