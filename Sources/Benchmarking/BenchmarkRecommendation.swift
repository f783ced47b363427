import Faults

/// Which type of index suits a catalog, and why.
public struct BenchmarkRecommendation: Sendable, Equatable {
    /// Rows below which flat is right whatever was measured.
    public static let rowsWhereFlatIsEnough = 10_000
    /// Time of a flat query in milliseconds at which nobody needs a faster one.
    public static let flatIsFastEnough = 2.0
    /// Recall@10 at which a graph is as good as exact.
    public static let graphRecall = 0.99
    /// Recall@10 below which nothing is recommended but for want of anything better.
    public static let leastRecall = 0.95

    /// The type: never brute force, which is there for the comparison.
    public let index: BenchmarkedIndex
    /// One line with the numbers that decided it.
    public let reason: String

    /// Recommends one of the types that were measured; nil when there is none but brute force.
    ///
    /// - Parameters:
    ///   - rows: rows that were searched.
    ///   - vectorBytes: size of their vectors.
    ///   - memoryBytes: memory of the machine; nil: enough.
    public init?(_ results: [BenchmarkedResult], rows: Int, vectorBytes: Int, memoryBytes: Int? = nil) {
        func result(_ index: BenchmarkedIndex) -> BenchmarkedResult? { results.first { $0.index == index } }
        let flat = result(.flat)
        if let flat, rows < Self.rowsWhereFlatIsEnough {
            self.init(
                flat,
                "\(grouped(rows)) rows are below \(grouped(Self.rowsWhereFlatIsEnough)): flat is exact, answers in "
                    + "\(time(flat)) and has nothing to train")
        } else if let flat, flat.millisecondsP50 < Self.flatIsFastEnough {
            self.init(
                flat,
                "flat answers in \(time(flat)), below \(fixed(Self.flatIsFastEnough, 0)) ms: it is exact and has nothing "
                    + "to train")
        } else if let codes = result(.ivfpq), let memoryBytes, vectorBytes > memoryBytes,
            codes.recallAt10 >= Self.leastRecall
        {
            self.init(
                codes,
                "the vectors are \(mebibytes(vectorBytes)), the memory \(mebibytes(memoryBytes)): ivfpq reads "
                    + "\(mebibytes(codes.bytes)) of codes instead, with recall@10 \(recall(codes))")
        } else if let graph = result(.hnsw), graph.recallAt10 >= Self.graphRecall, Self.is(graph, fasterThan: flat) {
            self.init(
                graph, "hnsw answers in \(time(graph)) with recall@10 \(recall(graph))" + Self.comparison(with: flat))
        } else if let fastest = Self.fastestGood(results), Self.is(fastest, fasterThan: flat) {
            self.init(
                fastest,
                "\(fastest.index.rawValue) answers in \(time(fastest)) with recall@10 \(recall(fastest)), the fastest of "
                    + "those with \(fixed(Self.leastRecall, 2)) or more" + Self.comparison(with: flat))
        } else if let flat {
            self.init(
                flat,
                "flat answers in \(time(flat)) and is exact; nothing faster has recall@10 \(fixed(Self.leastRecall, 2))"
            )
        } else if let best = Self.bestRecall(results) {
            self.init(
                best,
                "\(best.index.rawValue) has the best recall@10, \(recall(best)), though below "
                    + "\(fixed(Self.leastRecall, 2)); it answers in \(time(best))")
        } else {
            return nil
        }
    }

    private init(_ result: BenchmarkedResult, _ reason: String) {
        index = result.index
        self.reason = reason + (result.updateCost.map { "; a new row costs \($0)" } ?? "")
    }

    private static func candidates(_ results: [BenchmarkedResult]) -> [BenchmarkedResult] {
        results.filter { $0.index != .bruteforce && $0.index != .flat }
    }

    private static func fastestGood(_ results: [BenchmarkedResult]) -> BenchmarkedResult? {
        candidates(results).filter { $0.recallAt10 >= leastRecall }.min { $0.millisecondsP50 < $1.millisecondsP50 }
    }

    private static func bestRecall(_ results: [BenchmarkedResult]) -> BenchmarkedResult? {
        candidates(results).max { $0.recallAt10 < $1.recallAt10 }
    }

    private static func `is`(_ result: BenchmarkedResult, fasterThan flat: BenchmarkedResult?) -> Bool {
        flat.map { result.millisecondsP50 < $0.millisecondsP50 } ?? true
    }

    private static func comparison(with flat: BenchmarkedResult?) -> String {
        flat.map { "; flat is exact but takes \(time($0))" } ?? ""
    }
}

private func time(_ result: BenchmarkedResult) -> String { "\(fixed(result.millisecondsP50, 2)) ms" }

private func recall(_ result: BenchmarkedResult) -> String { fixed(result.recallAt10, 3) }

private func mebibytes(_ bytes: Int) -> String { "\(grouped(bytes / 1_048_576)) MiB" }
