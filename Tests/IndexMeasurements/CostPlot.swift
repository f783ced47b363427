import Benchmarking
import Foundation

/// The tables that `scale` prints, as a picture.
enum CostPlot {
    /// - Parameter markdown: a text with these tables in it, of one run or of several.
    static func svg(of markdown: String) -> String? {
        let queries = rows(of: markdown, under: "| rows | type | ms a query |")
        let growth = rows(of: markdown, under: "| rows | loaded rows/s |")
        let types = queries.map { $0[1] }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let lines = types.map { type in
            LineChart.Line(type, queries.filter { $0[1] == type }.compactMap { point($0[0], $0[2]) })
        }
        let added = growth.compactMap { point($0[0], $0[2]) }
        guard !lines.isEmpty, !added.isEmpty else { return nil }
        let rows = LineChart.Axis("rows", isLogarithmic: true)
        return LineChart.svg([
            LineChart("One query, 10 neighbors", x: rows, y: .init("milliseconds", isLogarithmic: true), lines),
            LineChart(
                "One added row, in all four types", x: rows, y: .init("milliseconds", isLogarithmic: true),
                [.init("add", added)]),
        ])
    }

    private static func rows(of markdown: String, under header: String) -> [[String]] {
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0.hasPrefix(header) }) else { return [] }
        return lines[(first + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private static func point(_ x: String, _ y: String) -> (x: Double, y: Double)? {
        guard let x = Double(x.replacing(",", with: "")), let y = Double(y.replacing(",", with: "")) else { return nil }
        return (x, y)
    }
}
