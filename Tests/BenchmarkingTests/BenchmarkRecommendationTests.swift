import Benchmarking
import Testing

/// Which type the benchmark recommends, and in which words.
@Suite struct BenchmarkRecommendationTests {
    private let flat = BenchmarkedResult(
        .flat, millisecondsP50: 5, recallAt10: 1, buildSeconds: 0, bytes: 0, updateCost: "0.1 ms")
    private let hnsw = BenchmarkedResult(
        .hnsw, millisecondsP50: 0.2, recallAt10: 0.995, buildSeconds: 60, bytes: 1 << 24)
    private let ivfflat = BenchmarkedResult(
        .ivfflat, millisecondsP50: 0.5, recallAt10: 0.96, buildSeconds: 9, bytes: 1 << 20)
    private let ivfpq = BenchmarkedResult(
        .ivfpq, millisecondsP50: 0.4, recallAt10: 0.95, buildSeconds: 20, bytes: 1 << 23)
    private let bruteforce = BenchmarkedResult(
        .bruteforce, millisecondsP50: 0.1, recallAt10: 1, buildSeconds: 0, bytes: 0)

    private func recommend(
        _ results: [BenchmarkedResult], rows: Int = 100_000, memory: Int? = nil
    ) -> BenchmarkRecommendation? {
        BenchmarkRecommendation(results, rows: rows, vectorBytes: rows * 8192, memoryBytes: memory)
    }

    @Test func `below ten thousand rows flat wins whatever was measured`() {
        let few = recommend([bruteforce, flat, ivfflat, ivfpq, hnsw], rows: 9_999, memory: 1)
        #expect(few?.index == .flat)
        #expect(
            few?.reason == "9,999 rows are below 10,000: flat is exact, answers in 5.00 ms and has nothing to train; "
                + "a new row costs 0.1 ms")
        #expect(recommend([bruteforce, flat, ivfflat, ivfpq, hnsw], rows: 10_000)?.index == .hnsw)
    }

    @Test func `a flat index below two milliseconds is fast enough`() {
        var fast = flat
        fast.millisecondsP50 = 1.99
        fast.updateCost = nil
        let recommendation = recommend([fast, ivfflat, ivfpq, hnsw])
        #expect(recommendation?.index == .flat)
        #expect(
            recommendation?.reason == "flat answers in 1.99 ms, below 2 ms: it is exact and has nothing to train")
        fast.millisecondsP50 = 2
        #expect(recommend([fast, ivfflat, ivfpq, hnsw])?.index == .hnsw)
    }

    @Test func `a graph wins when its recall is as good as exact`() {
        let recommendation = recommend([flat, ivfflat, ivfpq, hnsw])
        #expect(recommendation?.index == .hnsw)
        #expect(
            recommendation?.reason
                == "hnsw answers in 0.20 ms with recall@10 0.995; flat is exact but takes 5.00 ms")
        var worse = hnsw
        worse.recallAt10 = 0.989
        worse.millisecondsP50 = 0.6
        #expect(recommend([flat, ivfflat, worse])?.index == .ivfflat)
        worse.recallAt10 = 0.99
        #expect(recommend([flat, ivfflat, worse])?.index == .hnsw)
    }

    @Test func `codes win when the vectors are larger than the memory and their recall will do`() {
        let bytes = 100_000 * 8192
        let recommendation = recommend([flat, ivfflat, ivfpq, hnsw], memory: bytes - 1)
        #expect(recommendation?.index == .ivfpq)
        #expect(
            recommendation?.reason
                == "the vectors are 781 MiB, the memory 781 MiB: ivfpq reads 8 MiB of codes instead, with recall@10 0.950"
        )
        #expect(recommend([flat, ivfflat, ivfpq, hnsw], memory: bytes)?.index == .hnsw)
        var worse = ivfpq
        worse.recallAt10 = 0.949
        #expect(recommend([flat, ivfflat, worse, hnsw], memory: 1)?.index == .hnsw)
    }

    @Test func `the fastest with enough recall wins, if it is faster than flat`() {
        #expect(recommend([flat, ivfflat, ivfpq])?.index == .ivfpq)
        #expect(
            recommend([flat, ivfflat])?.reason
                == "ivfflat answers in 0.50 ms with recall@10 0.960, the fastest of those with 0.95 or more; "
                + "flat is exact but takes 5.00 ms")
        var slow = ivfflat
        slow.millisecondsP50 = 5
        #expect(recommend([flat, slow])?.index == .flat)
        var bad = ivfflat
        bad.recallAt10 = 0.949
        #expect(recommend([flat, bad])?.index == .flat)
        #expect(
            recommend([bad])?.reason
                == "ivfflat has the best recall@10, 0.949, though below 0.95; it answers in 0.50 ms")
    }

    @Test func `brute force is never recommended`() {
        #expect(recommend([bruteforce]) == nil)
        #expect(recommend([]) == nil)
        #expect(recommend([bruteforce, flat], rows: 1)?.index == .flat)
    }

    @Test func `each type has merits and faults of its own`() {
        let phrases = BenchmarkedIndex.allCases.flatMap { [$0.merits, $0.faults] }
        #expect(Set(phrases).count == 2 * BenchmarkedIndex.allCases.count)
        #expect(phrases.allSatisfy { !$0.isEmpty && $0.count <= 80 && !$0.hasSuffix(".") })
    }
}
