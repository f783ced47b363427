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
        return heading(answer) + (answer.origin.map(sentence) ?? "")
            + (table.text.isEmpty ? "nothing: the index has no picture that may be found\n" : table.text)
    }

    /// What is known of the origin, in a line.
    private func sentence(_ finding: OriginFinding) -> String {
        switch finding {
        case .nothingNear(let nearest?, let probability):
            return "no original is near enough: the nearest picture is at \(fixed(Double(nearest), 5))"
                + (probability.map { ", \(percentage($0)) the same" } ?? "") + "\n"
        case .nothingNear(nil, _): return "no original is near enough: there is no picture to compare with\n"
        case .origin(let origin):
            let name = "image \(origin.imageID), " + (origin.pathBytes.map { printableName($0) } ?? "(vanished)")
            let distance = origin.distance.map { ", at \(fixed(Double($0), 5))" } ?? ""
            let made = origin.recipe.flatMap(operations)
            switch origin.evidence {
            case .content: return "this is \(name)\n"
            case .lineage: return "this was made from \(name)\(made.map { " by \($0)" } ?? "")\(distance)\n"
            case .likeness:
                let certainty = origin.probability.map { ", \(percentage($0)) the same" } ?? ""
                let copy =
                    origin.nearestID == origin.imageID
                    ? ""
                    : "; most like its copy, image \(origin.nearestID)\(made.map { ", made by \($0)" } ?? ""), "
                        + "at \(fixed(Double(origin.nearestDistance), 5))"
                return "this is \(name), or an augmented copy of it\(distance)\(certainty)\(copy)\n"
            }
        }
    }

    /// Names of operations, in order: `rotate + flip`; nil when none has one.
    private func operations(_ recipe: JSONValue) -> String? {
        guard case .array(let steps) = recipe else { return nil }
        let names = steps.compactMap { step -> String? in
            guard case .object(let members) = step, case .string(let name)? = members["operation"] else { return nil }
            return printableName(name.utf8)
        }
        return names.isEmpty ? nil : names.joined(separator: " + ")
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
