import Catalog
import Postgres
import TestSupport
import Testing

/// The reports, and what they show.
struct ReportTests {
    private let databases = TestDatabases()

    private func rows(
        _ catalog: Catalog, _ name: String, where predicate: String? = nil, limit: Int? = nil,
        as form: ReportForm = .cells
    ) throws -> [[String?]] {
        var rows: [[String?]] = []
        try catalog.read(catalog.report(named: name), where: predicate, limit: limit, as: form) { rows.append($0) }
        return rows
    }

    @Test func `every view is a report with a sentence about itself and each column`() throws {
        let test = try databases.catalog()
        let reports = try test.catalog.reports()
        #expect(reports.map(\.name) == reports.map(\.name).sorted() && reports.count == 17)
        for report in reports {
            #expect(report.summary.hasSuffix(".") && report.summary.count < 200, "\(report.name): \(report.summary)")
            #expect(report.columns.allSatisfy { !$0.comment.isEmpty })
            // A time without its zone would mean another moment to each client.
            #expect(!report.columns.contains { $0.type == "timestamp without time zone" || $0.type == "date" })
            #expect(!report.columns.contains { $0.type == "bytea" }, "\(report.name)")
        }
    }

    @Test func `every report can be read in every form, with a condition and without`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        for report in try test.catalog.reports() {
            for predicate in [nil, "true"] {
                for form in [ReportForm.cells, .json] {
                    #expect(throws: Never.self, "\(report.name)") {
                        try test.catalog.read(report, where: predicate, as: form) { _ in }
                    }
                }
            }
        }
    }

    @Test func `a report that does not exist is refused with the names nearest to it`() throws {
        let catalog = try databases.catalog().catalog
        #expect(throws: CatalogError.noSuchReport(name: "outlier", nearest: ["outliers"])) {
            try catalog.report(named: "outlier")
        }
        #expect(throws: CatalogError.noSuchReport(name: "xyzzy", nearest: [])) { try catalog.report(named: "xyzzy") }
        let error = #expect(throws: CatalogError.self) { try catalog.report(named: "duplicates") }
        #expect(error?.detail == "Nearest to it: exact_duplicates, near_duplicates.")
    }

    @Test func `rows beyond those that are fetched at once come too, each once`() throws {
        let test = try databases.catalog()
        try test.connection.execute(
            """
            insert into likeness.images (content_sha256, width, height, bytes, format)
            select sha256(n::text::bytea), n, 10, 10, 'jpeg' from generate_series(1, 2500) n
            """)
        let all = try rows(test.catalog, "image_overview")
        #expect(Set(all.map { $0[0] }).count == 2500)
        #expect(try rows(test.catalog, "image_overview", where: "width > 1500").count == 1000)
        #expect(try rows(test.catalog, "image_overview", where: "width > 100", limit: 7).count == 7)
        #expect(try rows(test.catalog, "image_overview", limit: 0).isEmpty)
        let json = try #require(try rows(test.catalog, "image_overview", where: "width = 3", as: .json).first?.first)
        #expect(json?.hasPrefix("{\"image_id\":") == true && json?.contains("\"path\":null") == true)
        #expect(throws: CatalogError.self) { try rows(test.catalog, "growth_by_day", where: "width > 3") }
    }

    @Test func `who stops reading can use the connection on`() throws {
        struct Enough: Error {}
        let test = try databases.catalog()
        try test.ingest("a", "b")
        let report = try test.catalog.report(named: "image_overview")
        #expect(throws: Enough.self) { try test.catalog.read(report) { _ in throw Enough() } }
        #expect(try test.catalog.hasImage(try #require(try test.catalog.images(where: "true").first)))
    }

    @Test func `four relations of pictures are told apart in every report`() throws {
        let test = try databases.catalog()
        let names = ["original", "child", "saved", "saved again", "alike", "alike too", "copied"]
        var batch = IngestBatch.pictures([] as [String])
        for (index, name) in names.enumerated() {
            batch.contents.append(.named(name))
            batch.sightings.append(.named(name, path: "/data/\(index % 2 == 0 ? "train" : "test")/\(name)"))
        }
        batch.sightings.append(.named("copied", path: "/data/test/copied"))
        try test.catalog.write(batch, model: test.model)
        let known = try test.catalog.images(of: names.map { .named($0) })
        let images = names.compactMap { known[.named($0)] }
        // Pictures have their numbers in the order of their digests.
        let saved = images[2...3].sorted()
        try test.connection.execute(
            """
            insert into likeness.augmentations (child, parent, root, recipe)
            values (\(images[1]), \(images[0]), \(images[0]), '[{"operation": "flip"}]')
            """)
        try test.connection.execute(
            "update likeness.images set pixel_sha256 = sha256('pixels') where id in (\(images[2]), \(images[3]))")
        try test.catalog.writeEdges(
            [0, 2, 4].map {
                NeighborSearch(image: images[$0], neighbors: [SearchHit(image: images[$0 + 1], distance: 0.01)])
            }, model: test.model.id, threshold: 0.05)

        let pairs = try test.connection.rows("select relation from likeness.near_duplicates order by first_image_id")
        #expect(try pairs.map { try $0[0, as: String.self] } == ["lineage", "same_pixels", "near_duplicate"])
        let groups = try test.connection.rows("select relation from likeness.duplicate_groups order by group_number")
        #expect(try groups.map { try $0[0, as: String.self] } == ["lineage", "same_pixels", "near_duplicate"])
        let leaks = try test.connection.rows(
            "select * from likeness.leaks where first_folder = '/data/test' and second_folder = '/data/train' order by relation"
        )
        #expect(
            try leaks.map { try $0["relation", as: String.self] }
                == ["exact_copy", "lineage", "near_duplicate", "same_pixels"])
        #expect(
            try leaks.map { [try $0["first_path", as: String.self], try $0["second_path"]] } == [
                ["/data/test/copied", "/data/train/copied"], ["/data/test/child", "/data/train/original"],
                ["/data/test/alike too", "/data/train/alike"], ["/data/test/saved again", "/data/train/saved"],
            ])
        #expect(try test.count("select count(*) from likeness.leaks") == 4)
        let exact = try #require(try test.connection.firstRow("select * from likeness.exact_duplicates"))
        #expect(try exact["image_id"] == images[6])
        #expect(try exact["relation"] == "exact_copy")
        let pixels = try #require(try test.connection.firstRow("select * from likeness.same_pixels"))
        #expect(try pixels["image_ids"] == saved)
        #expect(try Set(pixels["paths", as: [String].self]) == ["/data/train/saved", "/data/test/saved again"])
        let family = try #require(try test.connection.firstRow("select * from likeness.families_by_size"))
        #expect(try family["family_id"] == images[0])
        #expect(try family["pictures"] == 2)
        #expect(try family["depth"] == 1)
    }

    @Test func `growth adds up, days in UTC`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c")
        for (image, time) in zip(images, ["2026-03-01 23:59:59Z", "2026-03-02 00:00:00Z", "2026-03-02 12:00:00Z"]) {
            try test.connection.execute(
                "update likeness.images set added_at = \(time)::text::timestamptz where id = \(image)")
        }
        try test.connection.execute("set timezone to 'Pacific/Auckland'")
        let days = try test.connection.rows("select * from likeness.growth_by_day")
        #expect(try days.map { try $0["pictures", as: Int.self] } == [1, 2])
        #expect(try days.map { try $0["total_pictures", as: Int.self] } == [1, 3])
        #expect(try days.map { try $0["total_bytes", as: Int.self] } == [1000, 3000])
        #expect(try days.first?["day"] == Timestamp(seconds: 1_772_323_200))
    }

    @Test func `failures are counted by class, with the latest of each`() throws {
        let test = try databases.catalog()
        try test.connection.execute(
            """
            insert into likeness.ingest_failures (path, path_text, error_class, message, attempts, last_failed_at, next_retry_at)
            select convert_to('/x/' || n, 'UTF8'), '/x/' || n, case when n < 3 then 'truncated' else 'not_an_image' end,
                'message ' || n, n, '2026-01-01'::timestamptz + n * interval '1 day', case when n = 1 then now() end
            from generate_series(1, 5) n
            """)
        let classes = try rows(test.catalog, "failures_by_class")
        #expect(
            classes.map { [$0[0], $0[1], $0[2], $0[3], $0[6], $0[7]] } == [
                ["not_an_image", "3", "0", "12", "/x/5", "message 5"],
                ["truncated", "2", "1", "3", "/x/2", "message 2"],
            ])
    }

    @Test func `robustness is by operation and quarter of strength, with Wilson's interval`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("a", "b", "c", "d", "e")
        let ranks: [Int?] = [1, 1, 4, 6, nil]
        var outcomes = zip(images, ranks).map { image, rank in
            AugmentationOutcome(
                image: image, operation: "rotate", strength: rank == nil ? 1 : 0.75, rank: rank,
                distance: rank.map { Float($0) / 10 })
        }
        outcomes.append(AugmentationOutcome(image: images[0], operation: "flip", strength: nil, rank: 2, distance: 0.5))
        for _ in 0..<2 { try test.catalog.writeOutcomes(outcomes, model: test.model.id, indexType: .hnsw) }
        let table = try test.connection.rows("select * from likeness.augmentation_robustness")
        #expect(try table.map { try $0["operation", as: String.self] } == ["flip", "rotate"])
        #expect(try table[0]["strength_from", as: Double?.self] == nil)
        #expect(try table[0]["recall_at_5"] == 1.0)
        #expect(try table[1]["strength_from"] == 0.75)
        #expect(try table[1]["strength_to"] == 1.0)
        #expect(try table[1]["n"] == 5)
        #expect(try table[1]["recall_at_1"] == 0.4)
        #expect(try table[1]["recall_at_5"] == 0.6)
        // 2 of 5 by Wilson's formula with z = 1.96.
        #expect(abs(try table[1]["recall_at_1_low", as: Double.self] - 0.1176) < 1e-4)
        #expect(abs(try table[1]["recall_at_1_high", as: Double.self] - 0.7693) < 1e-4)
        #expect(abs(try table[1]["median_distance", as: Double.self] - 0.25) < 1e-6)
    }

    @Test func `the history of an index tells each generation with its reason`() throws {
        let test = try databases.catalog()
        let index = try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.connection.execute(
            """
            insert into likeness.index_generations (index, store, generation, state, reason, rows, recall_at_10)
            values (\(index.id), gen_random_uuid(), 1, 'published', 'the first', 3, 0.98)
            """)
        let row = try #require(try test.connection.firstRow("select * from likeness.index_history"))
        #expect(try row["index"] == "graph")
        #expect(try row["reason"] == "the first")
        #expect(try row["recall_at_10"] == 0.98)
    }
}
