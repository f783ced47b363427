import Benchmarking
import Testing

@Suite struct RobustnessTests {
    @Test func `searches are counted for whole recipes and for each operation and quarter`() {
        let probes = [
            RobustnessProbe(rank: 1, distance: 0.1, operations: [("flip", nil), ("rotate", 0.1)]),
            RobustnessProbe(rank: 4, distance: 0.3, operations: [("rotate", 0.2)]),
            RobustnessProbe(rank: nil, distance: 0.8, operations: [("rotate", 1)]),
        ]
        let rows = RobustnessRow.table(of: probes)
        #expect(rows.map(\.operation) == ["all", "flip", "rotate", "rotate"])
        #expect(rows.map(\.quarter) == [nil, nil, 0, 3])
        #expect(rows.map(\.n) == [3, 1, 2, 1])
        #expect(rows.map(\.first) == [1, 1, 1, 0])
        #expect(rows.map(\.firstFive) == [2, 1, 2, 0])
        #expect(rows[0].medianDistance == 0.3 && abs(rows[2].medianDistance - 0.2) < 1e-6)
    }

    /// Source: R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    @Test(arguments: [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
    ])
    func `the interval of a share is Wilson's`(hits: Int, n: Int, low: Double, high: Double) {
        let interval = wilsonInterval(hits, of: n)
        #expect(abs(interval.lowerBound - low) < 6e-5 && abs(interval.upperBound - high) < 6e-5, "\(interval)")
    }
}
