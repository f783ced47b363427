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
                "parent_id", "root_id", "probability", "folded", "origin_id", "origin_distance", "origin_probability",
            ],
            rows: answers.flatMap { answer in answer.results.map { cells($0, of: answer) } })
    }

    private func cells(_ result: QueryResult, of answer: QueryAnswer) -> [String] {
        func number(_ value: Int64?) -> String { value.map(String.init) ?? "" }
        func share(_ value: Double?) -> String { value.map { fixed($0, 4) } ?? "" }
        let origin = origin(of: answer)
        var cells = [answer.query ?? "", number(answer.queryID), "\(result.rank)", "\(result.imageID)"]
        cells += ["\(result.distance)", result.path ?? "", result.contentSHA256, "\(result.width)", "\(result.height)"]
        cells += [number(result.parentID), number(result.rootID), share(result.probability)]
        cells += [number(result.folded.map(Int64.init)), number(origin?.imageID)]
        cells += [origin?.distance.map { "\($0)" } ?? "", share(origin?.probability)]
        return cells
    }

    private func origin(of answer: QueryAnswer) -> QueryOrigin? {
        if case .origin(let origin)? = answer.origin { origin } else { nil }
    }

    private func table(_ answer: QueryAnswer) -> String {
        // Columns that would be empty are left out.
        let isCalibrated = answer.results.contains { $0.probability != nil }
        let isCollapsed = answer.results.contains { $0.folded != nil }
        var columns: [TextTable.Column] = [.right("rank"), .right("distance")]
        if isCalibrated { columns.append(.right("same")) }
        columns += [.right("image"), .right("size")]
        if isCollapsed { columns.append(.right("and")) }
        var table = TextTable(columns + [.left("path")])
        for result in answer.results {
            var cells = ["\(result.rank)", fixed(Double(result.distance), 5)]
            if isCalibrated { cells.append(result.probability.map(percentage) ?? "") }
            cells += ["\(result.imageID)", "\(result.width)×\(result.height)"]
            if isCollapsed { cells.append(result.folded.map { $0 == 0 ? "" : "\(grouped($0)) more" } ?? "") }
            table.append(cells + [result.pathBytes.map { printableName($0) } ?? "(vanished)"])
        }
        let words = QueryWords(answer: answer)
        return words.subject + "\n" + words.facts + "\n" + (words.origin.map { $0 + "\n" } ?? "")
            + (table.text.isEmpty ? "nothing: the index has no picture that may be found\n" : table.text)
    }
}
