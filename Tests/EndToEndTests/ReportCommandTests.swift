import Catalog
import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// `likeness report` and `likeness duplicates judge` as people run them.
@Suite struct ReportCommandTests {
    private let home: HomeWithDatabase
    private let likeness: LikenessBinary

    init() async throws {
        home = try HomeWithDatabase()
        likeness = LikenessBinary(home: home.path)
        let migrated = try await likeness("migrate", "--quiet")
        try #require(migrated.status == 0, "\(migrated.errors)")
    }

    /// Puts pictures `/pictures/<name>` into the catalog; their numbers.
    private func add(_ names: String...) async throws -> [ImageID] {
        let url = try await likeness("db", "url").output.split(separator: "\n").first ?? ""
        let catalog = Catalog(try Connection(ConnectionTarget(url: String(url))))
        let model = try catalog.addModel(
            name: "generated",
            identity: ModelIdentity(
                architecture: "generated", weights: nil, dimension: 4, preprocessing: "none", precision: "fp32"))
        var batch = IngestBatch()
        for name in names {
            let digest = ContentDigest(of: name.utf8)
            batch.contents.append(
                IngestedContent(
                    digest: digest, width: 640, height: 480, bytes: 1000, format: "jpeg", vector: [1, 0, 0, 0]))
            batch.sightings.append(
                FileSighting(
                    path: Array("/pictures/\(name)".utf8), content: digest,
                    stamp: FileStamp(size: 1000, mtimeNanoseconds: 1, device: 1, inode: 1)))
        }
        try catalog.write(batch, model: model)
        return try names.map { name in try #require(try catalog.image(at: Array("/pictures/\(name)".utf8))) }
    }

    @Test func `reports are listed with a line each`() async throws {
        let run = try await likeness("report")
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        for line in [
            "growth_by_day            How many pictures entered the catalog on each day",
            "outliers                 Pictures by the distance to their nearest neighbor",
        ] {
            #expect(run.output.contains("\n" + line), "\(run.output)")
        }
        #expect(run.output.split(separator: "\n").count == 2 + 17)
        let json = try await likeness("report", "--format", "json")
        let entries = try JSONDecoder().decode([[String: String]].self, from: Data(json.output.utf8))
        #expect(entries.count == 17 && entries.allSatisfy { $0["description"]?.hasSuffix(".") == true })
    }

    @Test func `a report is written in four formats`() async throws {
        let images = try await add("a", "<b> & 'c'.jpg", "line\nbreak.jpg")
        func report(_ format: String, _ more: String...) async throws -> String {
            let run = try await likeness.run(["report", "image_overview", "--format", format] + more)
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            return run.output
        }
        let condition = "image_id = \(images[1])"
        let table = try await report("table", "--where", condition).split(separator: "\n")
        #expect(
            table.count == 3 && table[0].hasPrefix("image_id  content_sha256 ") && table[1].hasPrefix("--------  ---"))
        #expect(table[2].hasPrefix("       \(images[1])  "))
        let csv = try await report("csv").split(separator: "\r\n")
        #expect(csv.count == 4 && csv[0].hasPrefix("image_id,content_sha256,path,files,width,height,"))
        #expect(csv.contains { $0.contains(",/pictures/line\\nbreak.jpg,1,640,480,1000,jpeg,1,,,,,") })

        struct Entry: Decodable {
            let image_id: Int64
            let path: String
            let captured_at: String?
            let added_at: String
        }
        let entries = try JSONDecoder().decode([Entry].self, from: Data(try await report("json").utf8))
        #expect(Set(entries.map(\.image_id)) == Set(images.map(\.rawValue)))
        #expect(entries.allSatisfy { $0.added_at.contains("T") && $0.captured_at == nil })
        #expect(try await report("json", "--limit", "0") == "[]\n")

        let page = try await report("html", "--where", condition)
        #expect(page.hasPrefix("<!DOCTYPE html>\n") && page.hasSuffix("<p>1 row</p>\n</body>\n</html>\n"))
        #expect(
            page.contains(
                "<img loading=\"lazy\" alt=\"\" src=\"file:///pictures/%3Cb%3E%20%26%20%27c%27.jpg\">"
                    + "/pictures/&lt;b&gt; &amp; &#39;c&#39;.jpg</td>"), "\(page)")
        #expect(page.contains("<td class=\"n\">\(images[1])</td>"))
    }

    @Test func `a report that is empty, unknown or asked wrongly says so`() async throws {
        let empty = try await likeness("report", "outliers")
        #expect(empty.status == 0 && empty.output.isEmpty && empty.errors == "notice: report outliers has no rows\n")
        let unknown = try await likeness("report", "outlier")
        #expect(unknown.status == 64)
        #expect(
            unknown.errors == """
                error: there is no report "outlier"
                detail: Nearest to it: outliers.
                hint: See which there are: likeness report

                """)
        let wrong = try await likeness("report", "outliers", "--where", "distanc > 1")
        #expect(wrong.status == 64)
        #expect(
            wrong.errors == """
                error: this is no condition on outliers: column "distanc" does not exist
                detail: distanc > 1
                        ^
                hint: Perhaps you meant to reference the column "outliers.distance". See the columns: likeness report outliers \
                --format csv --limit 1

                """)
        let second = try await likeness("report", "outliers", "--where", "1=1); drop table likeness.images; --")
        #expect(
            second.status == 64 && second.errors.contains("a bracket closes that was not opened"), "\(second.errors)")
        let table = try await likeness("report", "outliers", "--where", "exists (select from likeness.images)")
        #expect(table.status == 1)
        #expect(
            table.errors.hasPrefix("error: a condition may only read the views: permission denied for table images\n"))
        let nameless = try await likeness("report", "--where", "true")
        #expect(nameless.status == 64 && nameless.errors.contains("--where and --limit need the name of a report"))
        let negative = try await likeness("report", "outliers", "--limit", "-1")
        #expect(negative.status == 64, "\(negative.errors)")
        let page = try await likeness("status", "--format", "html")
        #expect(page.status == 64)
        #expect(page.errors.contains("--format html is for 'likeness report'; here it is table, json or csv"))
    }

    @Test func `a condition that runs into its time limit is told so`() async throws {
        _ = try await add("a")
        let run = try await likeness(
            "report", "image_overview", "--where", "pg_sleep(3600) is null", "--timeout", "100ms")
        #expect(run.status == 1)
        #expect(
            run.errors == """
                error: the condition on image_overview took longer than 0.100 s
                hint: Give it more time: --timeout 60s; or ask for less: --limit 1000

                """)
    }

    @Test func `a hundred thousand rows come through a pipe`() async throws {
        let insert = try await likeness(
            "db", "psql", "--", "-qc",
            """
            insert into likeness.images (content_sha256, width, height, bytes, format)
            select sha256(n::text::bytea), 1, 1, 1, 'jpeg' from generate_series(1, 100000) n
            """)
        #expect(insert.status == 0, "\(insert.errors)")
        let run = try await likeness.shell("likeness report image_overview --format csv | wc -l")
        #expect(run.status == 0 && run.output == "100001\n", "\(run.errors)")
    }

    @Test func `two pictures are judged by number or path, and the last word counts`() async throws {
        let images = try await add("a", "b")
        let (first, second) = (images.min()!, images.max()!)
        let same = try await likeness("duplicates", "judge", "\(images[0])", "/pictures/b", "--same")
        #expect(same.status == 0, "\(same.errors)")
        #expect(same.output == "pictures \(first) and \(second) are judged to be the same\n")
        let group = try await likeness("report", "duplicate_groups", "--format", "csv")
        #expect(
            group.output.contains("generated,\(first),2,2,2,2,near_duplicate,\"{\(first),\(second)}\""),
            "\(group.output)")
        let different = try await likeness(
            "duplicates", "judge", "/pictures/../pictures/b", "/pictures/a", "--different", "--format", "json")
        #expect(
            different.output == """
                {
                  "first_image_id" : \(first),
                  "second_image_id" : \(second),
                  "verdict" : "different"
                }

                """)
        #expect(try await likeness("report", "duplicate_groups", "--format", "json").output == "[]\n")

        let unknown = try await likeness("duplicates", "judge", "/pictures/a", "/pictures/nowhere", "--same")
        #expect(unknown.status == 1)
        #expect(
            unknown.errors == """
                error: no picture /pictures/nowhere is in the catalog
                hint: See which there are: likeness report image_overview --limit 20

                """)
        let one = try await likeness("duplicates", "judge", "/pictures/a", "\(images[0])", "--same")
        #expect(one.status == 64)
        #expect(
            one.errors == """
                error: picture \(images[0]) is one picture, not two to compare
                detail: Exact copies are one picture with several files.

                """)
        let undecided = try await likeness("duplicates", "judge", "1", "2")
        #expect(undecided.status == 64 && undecided.errors.contains("--same"), "\(undecided.errors)")
    }

    @Test func `help tells what the commands do`() async throws {
        let report = try await likeness("report", "--help")
        #expect(report.status == 0 && report.output.contains("--where <where>") && report.output.contains("html"))
        let judge = try await likeness("duplicates", "judge", "--help")
        #expect(judge.status == 0 && judge.output.contains("--same") && judge.output.contains("--different"))
        let all = try await likeness("--help")
        #expect(all.output.contains("\n  report ") && all.output.contains("\n  duplicates "))
    }
}
