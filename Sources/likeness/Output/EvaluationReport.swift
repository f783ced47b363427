import Benchmarking
import Faults

/// What one index answered.
struct EvaluatedIndex {
    /// `bruteforce`, `flat`, `hnsw`, `ivfflat` or `ivfpq`.
    let index: String
    let familyPrecision: Double
    let rows: [RobustnessRow]
}

/// What `evaluate` prints and plots.
struct EvaluationReport: Encodable {
    let model: String
    let pictures: Int
    /// Copies that were asked with.
    let copies: Int
    /// Originals that have copies.
    let originals: Int
    /// Originals that could be the answer: those and the ones without copies.
    let candidates: Int
    let k: Int
    let results: [EvaluatedIndex]

    private enum Key: String, CodingKey { case model, pictures, copies, originals, candidates, k, results }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(model, forKey: .model)
        try container.encode(pictures, forKey: .pictures)
        try container.encode(copies, forKey: .copies)
        try container.encode(originals, forKey: .originals)
        try container.encode(candidates, forKey: .candidates)
        try container.encode(k, forKey: .k)
        try container.encode(
            results.map { result in
                IndexJSON(
                    index: result.index, familyPrecision: result.familyPrecision,
                    operations: result.rows.map(RowJSON.init))
            }, forKey: .results)
    }

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv:
            let rows = results.flatMap { result in result.rows.map { [result.index] + cells($0) } }
            StandardOutput.write(CSV.text(header: ["index"] + Self.columns, rows: rows))
        case .table: StandardOutput.write(text)
        }
    }

    /// For each index a chart of recall@1 over strength, a line for each operation.
    var plot: String {
        LineChart.svg(
            results.flatMap { result -> [LineChart] in
                let names = Set(result.rows.filter { $0.quarter != nil }.map(\.operation)).sorted()
                return stride(from: 0, to: names.count, by: 6).map { start in
                    LineChart(
                        result.index, x: LineChart.Axis("strength"), y: LineChart.Axis("recall@1 of the original"),
                        names[start..<min(start + 6, names.count)].map { name in
                            LineChart.Line(
                                name,
                                result.rows.filter { $0.operation == name }.compactMap { row in
                                    row.quarter.map { (Double($0) / 4 + 0.125, row.recallAt1) }
                                })
                        })
                }
            })
    }

    private var text: String {
        var text = """
            \(grouped(copies)) copies of \(grouped(originals)) originals among \(grouped(pictures)) pictures (\(model)): of \
            which of \(grouped(candidates)) originals is each a copy?

            """
        var precision = TextTable(
            [.left("index"), .right("family share of the top 5"), .right("recall@1"), .right("recall@5")])
        for result in results {
            guard let all = result.rows.first else { continue }
            precision.append(
                [result.index, fixed(result.familyPrecision, 4), fixed(all.recallAt1, 4), fixed(all.recallAt5, 4)])
        }
        text += "\n" + precision.text
        for result in results {
            var table = TextTable([.left(Self.columns[0])] + Self.columns.dropFirst().map { .right($0) })
            for row in result.rows { table.append(cells(row)) }
            text += "\n\(result.index)\n\n" + table.text
        }
        return text
    }

    private static let columns = [
        "operation", "strength", "n", "recall@1", "recall@1 95 %", "recall@5", "recall@5 95 %", "median distance",
    ]

    private func cells(_ row: RobustnessRow) -> [String] {
        [
            row.operation, row.quarter.map { "\(fixed(Double($0) / 4, 2))–\(fixed(Double($0 + 1) / 4, 2))" } ?? "",
            "\(row.n)", fixed(row.recallAt1, 4), interval(row.recallAt1Interval), fixed(row.recallAt5, 4),
            interval(row.recallAt5Interval), fixed(Double(row.medianDistance), 4),
        ]
    }

    private func interval(_ range: ClosedRange<Double>) -> String {
        "\(fixed(range.lowerBound, 4))–\(fixed(range.upperBound, 4))"
    }
}

private struct IndexJSON: Encodable {
    let index: String
    let familyPrecision: Double
    let operations: [RowJSON]

    enum CodingKeys: String, CodingKey { case index, familyPrecision = "family_precision_at_5", operations }
}

private struct RowJSON: Encodable {
    let row: RobustnessRow

    init(_ row: RobustnessRow) { self.row = row }

    enum CodingKeys: String, CodingKey {
        case operation, strengthFrom = "strength_from", strengthTo = "strength_to", n
        case recallAt1 = "recall_at_1", recallAt1Interval = "recall_at_1_interval"
        case recallAt5 = "recall_at_5", recallAt5Interval = "recall_at_5_interval", medianDistance = "median_distance"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(row.operation, forKey: .operation)
        try container.encode(row.quarter.map { Double($0) / 4 }, forKey: .strengthFrom)
        try container.encode(row.quarter.map { Double($0 + 1) / 4 }, forKey: .strengthTo)
        try container.encode(row.n, forKey: .n)
        try container.encode(row.recallAt1, forKey: .recallAt1)
        try container.encode(
            [row.recallAt1Interval.lowerBound, row.recallAt1Interval.upperBound], forKey: .recallAt1Interval)
        try container.encode(row.recallAt5, forKey: .recallAt5)
        try container.encode(
            [row.recallAt5Interval.lowerBound, row.recallAt5Interval.upperBound], forKey: .recallAt5Interval)
        try container.encode(row.medianDistance, forKey: .medianDistance)
    }
}
