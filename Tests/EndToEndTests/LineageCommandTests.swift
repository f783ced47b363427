import Catalog
import FoundationEssentials
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Lineage, family-aware queries and calibration through the built binary.
@Suite struct LineageCommandTests {
    private let home: HomeWithDatabase
    private let likeness: LikenessBinary
    private let photos: TemporaryFolder

    init() throws {
        home = try HomeWithDatabase()
        likeness = LikenessBinary(home: home.path, environment: ["LIKENESS_MODEL": "structure-2048"])
        photos = try TemporaryFolder()
    }

    private var folder: String { photos.path.string }

    /// Copies a shared photo; a number at its end makes it another picture without another look.
    private func photo(_ shared: String, as name: String, number: UInt8? = nil) throws {
        var bytes = try Data(contentsOf: URL(filePath: try SharedData.path("photos/vehicles/\(shared)").string))
        if let number { bytes += [number] }
        let url = URL(filePath: photos.path.appending(name).string)
        try FileManager.default.createDirectory(
            atPath: FilePath(url.path).removingLastComponent().string, withIntermediateDirectories: true)
        try bytes.write(to: url)
    }

    private func run(_ arguments: String..., expecting status: Int32 = 0) async throws -> LikenessBinary.Run {
        let run = try await likeness.run(arguments)
        #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)")
        return run
    }

    private struct Report: Decodable {
        struct Edge: Decodable {
            let line: Int?
            let child: String
            let parent: String
            let reason: String?
        }
        let dry_run: Bool
        let recorded: Int
        let completed: Int
        let unchanged: Int
        let edges: [Edge]
        let refused: [Edge]
    }

    private func report(_ arguments: String..., expecting status: Int32 = 0) async throws -> Report {
        let run = try await likeness.run(["lineage"] + arguments + ["--format", "json"])
        #expect(run.status == status, "\(run.output)\(run.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
    }

    private func lineage() async throws -> String {
        try await run(
            "db", "psql", "--", "-Atc",
            """
            select c.path, p.path, r.path, a.depth, a.recipe from likeness.augmentations a
            join likeness.image_overview c on c.image_id = a.child
            join likeness.image_overview p on p.image_id = a.parent
            join likeness.image_overview r on r.image_id = a.root order by c.path
            """
        ).output.replacing(folder + "/", with: "")
    }

    @Test func `lineage is inferred from names, and what is ambiguous is told and left out`() async throws {
        for (number, name) in [(1, "a"), (2, "b")] {
            try photo("truck/truck\(number).jpg", as: "\(name).jpg")
            for copy in 1...3 { try photo("truck/truck\(number).jpg", as: "\(name)_\(copy).jpg", number: UInt8(copy)) }
        }
        try photo("truck/truck3.jpg", as: "c.jpg")
        try photo("truck/truck4.jpg", as: "c.jpeg")
        try photo("truck/truck3.jpg", as: "c_1.jpg", number: 1)
        try photo("truck/truck5.jpg", as: "alone_7.jpg")
        // The very bytes of its original: the same picture.
        try photo("truck/truck2.jpg", as: "b_9.jpg")
        // A copy of a copy, in a folder of its own.
        try photo("truck/truck1.jpg", as: "deep/a_1_5.jpg", number: 50)
        _ = try await run("ingest", folder)
        let dry = try await report("infer", "--pattern", "{stem}_{n}.jpg", "--dry-run", expecting: 2)
        #expect(dry.dry_run && dry.recorded == 6 && dry.edges.count == 6 && dry.refused.count == 1)
        #expect(try await lineage() == "")
        let first = try await likeness("lineage", "infer", "--pattern", "{stem}_{n}.jpg")
        #expect(first.status == 2)
        #expect(first.output == "6 recorded, 0 completed, 0 known already, 1 refused\n")
        let ambiguous = "c_1.jpg from \(folder)/c.jpeg: its original may be \(folder)/c.jpeg or \(folder)/c.jpg"
        #expect(first.errors.contains(ambiguous))
        #expect(first.errors.contains("notice: 2 files fit the pattern and have no original"))
        #expect(first.errors.contains("notice: 1 files are exact copies"))
        let again = try await report("infer", "--pattern", "{stem}_{n}.jpg", "--within", folder, expecting: 2)
        #expect(again.recorded == 0 && again.unchanged == 6)
        let deep = try await report(
            "infer", "--pattern", "{stem}_{n}.jpg", "--within", folder + "/deep", "--originals", folder)
        #expect(deep.recorded == 1)
        #expect(try await lineage().contains("deep/a_1_5.jpg|a_1.jpg|a.jpg|2|[]\n"))
        for (pattern, words) in [
            ("{n}.jpg", "has {stem} 0 times, not once"), ("{stem}_{x}.jpg", "has an unknown part at \"{x}.jpg\""),
            ("{stem}*{n}*{n}", "has 5 wildcards, not 4 at most"),
        ] {
            #expect(try await run("lineage", "infer", "--pattern", pattern, expecting: 64).errors.contains(words))
        }
        let none = try await run("lineage", "infer", "--pattern", "x{stem}.png", expecting: 1)
        #expect(none.errors.contains("error: none of 14 files has a name like \"x{stem}.png\""))
    }

    @Test func `lineage is imported from CSV and JSON lines, whole or not at all`() async throws {
        for name in ["a", "b", "c", "d", "x/same", "y/same"] {
            try photo("bike/bike1.jpg", as: name + ".jpg", number: UInt8(name.utf8.reduce(0) { $0 &+ Int($1) } & 0xFF))
        }
        _ = try await run("ingest", folder)
        let file = home.path.appending("lineage").string
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }
        let overview = try await run(
            "db", "psql", "--", "-Atc",
            "select content_sha256, image_id from likeness.image_overview where path like '%/d.jpg'"
        ).output.split(separator: "\n")[0].split(separator: "|")
        let (digest, number) = (overview[0], overview[1])

        try write(
            """
            child,parent,operation,parameters,note
            \(folder)/b.jpg,\(folder)/a.jpg,rotate,"{""degrees"": 4}",fine
            c.jpg,\(digest),,"[{""operation"":""blur""},{""operation"":""flip""}]",by its end and its digest
            nobody.jpg,a.jpg,,,
            same.jpg,a.jpg,,,
            #99999,./a.jpg,flip,,
            a.jpg,a.jpg,,,
            #\(number),b.jpg,flip,7,
            d.jpg
            b.jpg,c.jpg,,,

            """)
        let refused = try await report("import", file, expecting: 1)
        #expect(refused.recorded == 0 && refused.refused.map(\.line) == [4, 5, 6, 7, 8, 9, 10])
        let reasons = refused.refused.map { $0.reason ?? "" }
        for (reason, words) in zip(
            reasons,
            [
                "the catalog has no picture nobody.jpg that could be a child",
                "child same.jpg may be \(folder)/x/same.jpg or \(folder)/y/same.jpg",
                "the catalog has no picture #99999", "child and parent are the same picture",
                "the parameters of \"flip\" are no JSON object", "this has 1 fields, the header 5",
                "not from image",
            ])
        {
            #expect(reason.contains(words), "\(reason) does not say \(words)")
        }
        #expect(try await lineage() == "")
        let told = try await likeness("lineage", "import", file)
        #expect(told.errors.contains("lineage: line 4: nobody.jpg from a.jpg: the catalog has no picture nobody.jpg"))
        let end = "error: 7 of 9 rows of \(file) cannot be recorded\ndetail: Nothing was imported.\n"
        #expect(told.errors.contains(end))

        try write(
            """
            {"child": "b.jpg", "parent": "a.jpg", "operation": "rotate", "parameters": {"degrees": 4.5}, "seed": 3}
            {"child": "c.jpg", "parent": "b.jpg", "parameters": [{"operation": "blur"}, {"operation": "flip"}]}

            {"child": \(number), "parent": "c.jpg"}
            """)
        let dry = try await report("import", file, "--base", folder, "--dry-run")
        #expect(dry.recorded == 3 && dry.edges.map(\.line) == [1, 2, 4])
        #expect(try await lineage() == "")
        #expect(try await report("import", file, "--base", folder).recorded == 3)
        #expect(
            try await lineage() == """
                b.jpg|a.jpg|a.jpg|1|[{"degrees": 4.5, "operation": "rotate"}]
                c.jpg|b.jpg|a.jpg|2|[{"operation": "blur"}, {"operation": "flip"}]
                d.jpg|c.jpg|a.jpg|3|[]

                """)
        #expect(try await report("import", file, "--base", folder).unchanged == 3)
        try write(#"{"child": "a.jpg", "parent": "d.jpg"}"#)
        let cycle = try await report("import", file, "--base", folder, expecting: 1)
        #expect(cycle.refused.first?.reason?.contains("would descend from itself") == true)

        for (text, words) in [
            ("", "holds no lineage"), ("from,to\na,b\n", "has the columns from, to, not child and parent"),
            ("child,parent\n\"a,b\n", "line 2: a quote is not closed"), ("child,parent\n", "holds no lineage"),
        ] {
            try write(text)
            #expect(try await run("lineage", "import", file, expecting: 1).errors.contains(words))
        }
        try write("{\"child\": \"a.jpg\"}\nnonsense\n")
        let broken = try await report("import", file, expecting: 1)
        #expect(broken.refused.map(\.reason) == ["there is no parent", "this is no JSON object: nonsense"])
        #expect(try await run("lineage", "import", folder + "/nowhere", expecting: 1).errors.contains("no such file"))
    }

    private struct Answer: Decodable {
        struct Result: Decodable {
            let image_id: Int64
            let distance: Float
            let probability: Double?
            let folded: Int?
            let path: String
        }
        struct Origin: Decodable {
            let path: String
            let evidence: String
            let probability: Double?
            let distance: Float?
        }
        let results: [Result]
        let origin: Origin?
    }

    private func query(_ arguments: String...) async throws -> Answer {
        let run = try await likeness.run(["query", "--format", "json"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try JSONDecoder().decode([Answer].self, from: Data(run.output.utf8)).first)
    }

    @Test func `queries know families, origins and what a distance means`() async throws {
        for number in 1...10 {
            try photo("truck/truck\(number).jpg", as: "t\(number).jpg")
            for copy in 1...5 {
                try photo("truck/truck\(number).jpg", as: "t\(number)_\(copy).jpg", number: UInt8(copy))
            }
        }
        _ = try await run("ingest", folder)
        _ = try await run("index", "create", "default", "--type", "flat")
        _ = try await run("sync", "--once")
        let early = try await run("calibrate", expecting: 1)
        #expect(early.errors.contains("not 100 of each\nhint: Tell which pictures are copies: likeness lineage infer"))
        _ = try await run("lineage", "infer", "--pattern", "{stem}_{n}.jpg")
        let picture = folder + "/t3_2.jpg"
        #expect(try await query(picture).results[0].probability == nil)

        let calibrated = try await run("calibrate")
        #expect(calibrated.output.contains("150 pairs of 10 families, 1,620 other pairs; duplicates are nearer than "))

        let plain = try await query(picture, "-k", "6")
        #expect(plain.results.allSatisfy { $0.path.contains("/t3") && $0.probability ?? 0 > 0.9 && $0.folded == nil })
        let collapsed = try await query(picture, "-k", "10", "--collapse", "lineage")
        #expect(collapsed.results.count == 10)
        #expect(collapsed.results.allSatisfy { $0.folded == 5 })
        #expect(Set(collapsed.results.map { $0.path.split(separator: "_")[0].replacing(".jpg", with: "") }).count == 10)
        let others = try await query(picture, "-k", "60", "--exclude-family")
        #expect(others.results.count == 54 && !others.results.contains { $0.path.contains("/t3") })
        #expect(others.results.allSatisfy { $0.probability ?? 1 < 0.5 })
        let originals = try await query(picture, "-k", "60", "--only", "originals", "--exclude-family")
        #expect(originals.results.count == 9 && originals.results.allSatisfy { !$0.path.contains("_") })
        #expect(try await query(picture, "-k", "60", "--only", "augmented").results.count == 50)

        let some = try await query(picture, "-k", "60", "--where", "path like '%/t2%'", "--only", "augmented")
        #expect(some.results.count == 5 && some.results.allSatisfy { $0.path.contains("/t2_") })
        #expect(try await query(picture, "--where", "width > 100000").results.isEmpty)
        let wrong = try await run("query", picture, "--where", "widht > 1", expecting: 64)
        #expect(wrong.errors.hasPrefix("error: ") && wrong.errors.contains("widht"))

        let made = try await query(picture, "--origin")
        #expect(made.origin?.path == folder + "/t3.jpg" && made.origin?.evidence == "lineage")
        // Another copy, which the catalog does not have, and a picture that it has nothing like.
        try photo("truck/truck4.jpg", as: "../\(photos.path.lastComponent?.string ?? "")/new.jpg", number: 77)
        let near = try await query(folder + "/new.jpg", "--origin")
        #expect(near.origin?.path == folder + "/t4.jpg" && near.origin?.evidence == "likeness")
        #expect(near.origin?.distance == 0 && near.origin?.probability ?? 0 > 0.9)
        let stranger = try SharedData.path("photos/vehicles/bike/bike50.jpg").string
        #expect(try await query(stranger, "--origin").origin == nil)
        let words = try await run("query", stranger, "--origin")
        #expect(words.output.contains("\nno original is near enough: the nearest picture is at "))
        #expect(words.output.contains("% the same\n"))
        let known = try await run("query", folder + "/t1.jpg", "--origin", "--collapse", "lineage")
        #expect(known.output.contains(", \(folder)/t1.jpg\n") && known.output.contains("5 more"))
        let csv = try await run("query", picture, "-k", "1", "--origin", "--format", "csv")
        #expect(
            csv.output.hasPrefix(
                "query,query_id,rank,image_id,distance,path,content_sha256,width,height,parent_id,root_id,probability,"
                    + "folded,origin_id,origin_distance,origin_probability\r\n"))
        let unknown = try await run("query", picture, "--only", "some", expecting: 64)
        #expect(unknown.errors.contains("'originals' and 'augmented'"))
    }
}
