import Foundation
import Postgres
import SystemPackage
import TestSupport
import Testing

/// `likeness evaluate` as people run it.
@Suite struct EvaluateTests {
    @Test func `every type of index is asked, told of, recorded and plotted`() async throws {
        let watched = try WatchedFolder()
        let output = try TemporaryFolder(isReachableByAll: true)
        for number in 0..<6 { try watched.add("\(number).jpg") }
        let early = try await watched.likeness("evaluate")
        #expect(early.status == 1 && early.errors.contains("no augmented copy has an embedding"), "\(early.errors)")
        let plot = output.path.appending("plot.svg").string
        let commands = [
            ["ingest", watched.folder.path.string],
            [
                "augment", "--count", "12", "--where", "path not like '%/5.jpg'", "--output",
                output.path.appending("copies").string,
            ],
            ["index", "create", "exact", "--type", "flat"], ["index", "create", "graph", "--type", "hnsw"],
            ["sync", "--once"],
        ]
        for command in commands {
            let run = try await watched.likeness.run(command)
            try #require(run.status == 0, "\(command): \(run.errors)")
        }
        let run = try await watched.likeness("evaluate", "-k", "6", "--format", "json", "--plot", plot)
        #expect(run.status == 0, "\(run.errors)")
        let answer = try #require(
            try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let results = try #require(answer["results"] as? [[String: Any]])
        #expect(results.compactMap { $0["index"] as? String } == ["bruteforce", "flat", "hnsw"])
        #expect(answer["copies"] as? Int == 60)
        #expect(answer["originals"] as? Int == 5 && answer["candidates"] as? Int == 6)
        for result in results {
            let all = try #require((result["operations"] as? [[String: Any]])?.first)
            #expect(all["operation"] as? String == "all" && all["n"] as? Int == 60)
        }
        let table = try await watched.likeness("evaluate", "--index", "graph")
        #expect(table.output.contains("\nhnsw") && !table.output.contains("flat"), "\(table.output)\(table.errors)")
        #expect(table.output.contains("of which of 6 originals is each a copy?"))
        let none = try await watched.likeness("evaluate", "--index", "nobody")
        #expect(none.status != 0 && none.errors.contains("nobody"), "\(none.errors)")
        // Other copies are no rivals: of six answers that there can be, each copy's own original is one.
        #expect(
            try watched.count(
                "select count(*) from likeness.augmentation_outcomes where rank is null and index_type = 'flat'") == 0)
        // Exact search is exact, however it is done.
        let (plain, flat) = (results[0]["operations"] as? NSArray, results[1]["operations"] as? NSArray)
        #expect(plain == flat && plain != nil)
        #expect(
            try watched.count(
                """
                select count(*) from likeness.augmentation_outcomes where operation = 'all' and index_type = 'flat'
                """) == 60)
        let rows = try watched.count("select count(*) from likeness.augmentation_robustness where operation = 'rotate'")
        #expect(rows > 0)
        let drawing = try String(contentsOfFile: plot, encoding: .utf8)
        #expect(drawing.hasPrefix("<svg") && drawing.contains(">rotate</text>") && drawing.contains(">hnsw</text>"))
    }
}
