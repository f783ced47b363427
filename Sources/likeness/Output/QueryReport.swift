import Faults
import Search

/// Answers as people and programs read them.
struct QueryReport {
    let answers: [QueryAnswer]

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(answers))
        case .csv: StandardOutput.write(csv)
        case .table: StandardOutput.write(answers.map(table).joined(separator: "\n"))
        }
    }

    private var csv: String {
        CSV.text(
            header: [
                "query", "query_id", "rank", "image_id", "distance", "path", "content_sha256", "width", "height",
                "parent_id", "root_id",
            ],
            rows: answers.flatMap { answer in
                answer.results.map { result in
                    [
                        answer.query ?? "", answer.queryID.map(String.init) ?? "", "\(result.rank)",
                        "\(result.imageID)", "\(result.distance)", result.path ?? "", result.contentSHA256,
                        "\(result.width)", "\(result.height)", result.parentID.map(String.init) ?? "",
                        result.rootID.map(String.init) ?? "",
                    ]
                }
            })
    }

    private func table(_ answer: QueryAnswer) -> String {
        var table = TextTable([
            .right("rank"), .right("distance"), .right("image"), .right("size"), .left("path"),
        ])
        for result in answer.results {
            table.append([
                "\(result.rank)", fixed(Double(result.distance), 5), "\(result.imageID)",
                "\(result.width)×\(result.height)", result.pathBytes.map { printableName($0) } ?? "(vanished)",
            ])
        }
        return heading(answer) + (table.text.isEmpty ? "nothing: the index is empty\n" : table.text)
    }

    private func heading(_ answer: QueryAnswer) -> String {
        let subject = answer.query.map { printableName($0.utf8) } ?? answer.queryID.map { "image \($0)" } ?? ""
        let times = answer.timings
        return """
            \(subject)
            index \(answer.index) (\(answer.model), generation \(answer.generation)), \(answer.pending) changes pending; \
            decode \(fixed(times.decode, 1)), embed \(fixed(times.embed, 1)), search \(fixed(times.search, 1)), \
            join \(fixed(times.join, 1)), total \(fixed(times.total, 1)) ms

            """
    }
}
