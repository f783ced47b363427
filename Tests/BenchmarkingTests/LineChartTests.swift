import Benchmarking
import Foundation
import Testing

@Suite struct LineChartTests {
    private let chart = LineChart(
        "Cost <of> a query", x: .init("rows", isLogarithmic: true), y: .init("ms"),
        [.init("flat", [(10_000, 0.1), (1_000_000, 0.3)]), .init("hnsw", [(10_000, 0.1), (1_000_000, 0.3)])])

    /// What stands in the chart.
    private var texts: [Substring] {
        chart.svg.matches(of: /<text [^>]*>([^<]*)<\/text>/).map(\.output.1)
    }

    @Test func `what people write in it is escaped`() {
        #expect(texts.contains("Cost &lt;of> a query"))
    }

    @Test func `axes have round numbers that enclose all points`() {
        #expect(texts.filter { ["10 k", "100 k", "1 M"].contains($0) } == ["10 k", "100 k", "1 M"])
        #expect(texts.filter { ["0", "0.1", "0.2", "0.3"].contains($0) } == ["0", "0.1", "0.2", "0.3"])
    }

    @Test func `lines that end at one place have names that do not cover each other`() throws {
        let places = try chart.svg.split(separator: "\n").filter { $0.contains(">flat<") || $0.contains(">hnsw<") }
            .map { line in try #require(line.split(separator: "\"").dropFirst(3).first.flatMap { Double($0) }) }
        #expect(places.count == 2 && abs(places[0] - places[1]) >= 13)
    }
}
