import Catalog
import IndexSync
import Testing
import VectorIndexes

/// What becomes of an index, from statistics alone.
@Suite struct RetrainPlannerTests {
    private let planner = RetrainPlanner()

    private func decide(_ statistics: IndexStatistics) -> String { planner.decide(statistics).word }

    // MARK: Nothing to do, or nothing built yet

    @Test(arguments: IndexType.allCases) func `an index that is as it was trained is kept`(type: IndexType) {
        let decision = planner.decide(.trained(type))
        #expect(decision.word == "keep")
        #expect(
            decision.reason == "0 rows came since it was built with 100,000, and nothing measured asks for more")
    }

    @Test(arguments: [IndexType.hnsw, .ivfflat, .ivfpq])
    func `an index without a generation is built from the rows there are`(type: IndexType) {
        let statistics = IndexStatistics(name: "x", type: type, rows: 12, trainedRows: nil)
        #expect(planner.decide(statistics) == .build(.full, reason: "12 rows, and 0 generations are built"))
    }

    @Test(arguments: IndexType.allCases) func `an index without rows is left alone`(type: IndexType) {
        var statistics = IndexStatistics(name: "x", type: type, rows: 0, trainedRows: nil)
        #expect(decide(statistics) == "keep")
        statistics.rebuildRequested = .seconds(1)
        #expect(decide(statistics) == "keep")
    }

    // MARK: Dead rows

    @Test(arguments: IndexType.allCases) func `a store is compacted above a fifth of dead rows`(type: IndexType) {
        var statistics = IndexStatistics.trained(type, rows: 80)
        statistics.deadRows = 20
        #expect(decide(statistics) == "keep")
        statistics.deadRows = 21
        #expect(planner.decide(statistics) == .compact(reason: "21 of 101 rows are dead, above 20.0 %"))
    }

    @Test func `compaction comes before everything else, for it builds the rest anew`() {
        var statistics = IndexStatistics.trained(.ivfflat, rows: 100)
        statistics.deadRows = 100
        statistics.rebuildRequested = .seconds(1)
        statistics.recall = .init(0.5, low: 0.4, high: 0.6)
        #expect(decide(statistics) == "compact")
        statistics.rows = 0
        #expect(decide(statistics) == "compact")
    }

    // MARK: A person's word and policy

    @Test(arguments: IndexType.allCases) func `what a person asks for is done`(type: IndexType) {
        var statistics = IndexStatistics.trained(type)
        statistics.rebuildRequested = .seconds(180)
        #expect(decide(statistics) == (type == .flat ? "train_sketch" : "retrain"))
        #expect(planner.decide(statistics).reason.hasPrefix("a person asked for it 3 minutes ago; 100,000 rows"))
    }

    @Test(arguments: IndexType.allCases)
    func `age counts once it is above the policy's, and only when there are other rows`(type: IndexType) {
        var statistics = IndexStatistics.trained(type)
        statistics.policy.retrainEvery = .seconds(7 * 86_400)
        statistics.age = .seconds(7 * 86_400 + 1)
        #expect(decide(statistics) == "keep")
        statistics.rowsSinceTraining = 1
        #expect(decide(statistics) == (type == .flat ? "train_sketch" : "retrain"))
        #expect(
            planner.decide(statistics).reason == "it was trained 7 days ago, more than 7 days, and 1 rows came since")
        statistics.age = .seconds(7 * 86_400)
        #expect(decide(statistics) == "keep")
        statistics.age = .seconds(700 * 86_400)
        statistics.policy.retrainEvery = nil
        #expect(decide(statistics) == "keep")
    }

    // MARK: Growth

    @Test(arguments: [IndexType.flat, .ivfflat, .ivfpq])
    func `more than four times the rows of the training mean a full one`(type: IndexType) {
        var statistics = IndexStatistics.trained(type, rows: 40_000)
        statistics.trainedRows = 10_000
        statistics.rowsSinceTraining = 30_000
        #expect(decide(statistics) == "keep")
        statistics.rows = 40_001
        #expect(decide(statistics) == (type == .flat ? "train_sketch" : "retrain"))
        #expect(planner.decide(statistics).reason == "40,001 rows are more than 4 times the 10,000 of the training")
    }

    @Test func `a graph does not mind growth`() {
        var statistics = IndexStatistics.trained(.hnsw, rows: 1_000_000)
        statistics.trainedRows = 10
        statistics.rowsSinceTraining = 999_990
        #expect(decide(statistics) == "keep")
    }

    @Test func `lists that are too few for the rows are trained anew although they were re-centered`() {
        var statistics = IndexStatistics.trained(.ivfflat)
        statistics.lists?.wantedNlist = 200
        #expect(decide(statistics) == "keep")
        statistics.lists?.wantedNlist = 201
        #expect(decide(statistics) == "retrain")
        #expect(planner.decide(statistics).reason == "the rows want 201 lists, more than 2 times the 100 there are")
    }

    // MARK: Recall

    @Test func `nprobe is raised when even the upper end of the recall's interval is too low`() {
        var statistics = IndexStatistics.trained(.ivfflat)
        statistics.recall = .init(0.93, low: 0.91, high: 0.95)
        #expect(decide(statistics) == "keep")
        statistics.recall = .init(0.93, low: 0.91, high: 0.949)
        #expect(
            planner.decide(statistics)
                == .raiseNprobe(
                    to: 16, reason: "recall@10 is 0.930, at most 0.949, below 0.950; nprobe goes from 8 to 16"))
        statistics.policy.minRecall = 0.9
        #expect(decide(statistics) == "keep")
    }

    @Test(arguments: [(8, 100, 16), (40, 100, 50), (49, 100, 50), (1, 3, 2), (3, 7, 4)])
    func `nprobe doubles, but to no more than half of the lists`(nprobe: Int, nlist: Int, more: Int) {
        var statistics = IndexStatistics.lowRecall
        statistics.lists = .init(nlist: nlist, nprobe: nprobe)
        guard case .raiseNprobe(let to, _) = planner.decide(statistics) else {
            Issue.record("nprobe \(nprobe) of \(nlist) is not raised")
            return
        }
        #expect(to == more)
    }

    @Test(arguments: [(50, 100, false), (2, 4, false), (1, 1, false), (8, 100, true)])
    func `nprobe is not raised at half of the lists, nor twice at one generation`(
        nprobe: Int, nlist: Int, raised: Bool
    ) {
        var statistics = IndexStatistics.lowRecall
        statistics.lists = .init(nlist: nlist, nprobe: nprobe, wasNprobeRaised: raised)
        #expect(decide(statistics) == "keep")
        #expect(
            planner.decide(statistics).reason.hasSuffix(
                "building it anew would give the same: likeness index tune default --recall 0.95"))
        statistics.rowsSinceTraining = 10_000
        #expect(decide(statistics) == "retrain")
        statistics.rowsSinceTraining = 9_999
        #expect(decide(statistics) == "keep")
    }

    @Test func `raising nprobe comes before any training but the one a person asks for`() {
        var statistics = IndexStatistics.lowRecall
        statistics.trainedRows = 100
        statistics.rowsSinceTraining = 99_900
        statistics.lists?.residualRatio = 3
        #expect(decide(statistics) == "raise_nprobe")
        statistics.lists?.wasNprobeRaised = true
        #expect(decide(statistics) == "retrain")
        statistics.lists?.wasNprobeRaised = false
        statistics.rebuildRequested = .seconds(1)
        #expect(decide(statistics) == "retrain")
    }

    @Test func `a graph whose recall is too low is to be tuned, for building it anew would give the same`() {
        var statistics = IndexStatistics.trained(.hnsw)
        statistics.recall = .init(0.8, low: 0.7, high: 0.9)
        #expect(
            planner.decide(statistics)
                == .keep(
                    reason: "recall@10 is 0.800, at most 0.900, below 0.950; building it anew would give the same: "
                        + "likeness index tune default --recall 0.95"))
    }

    // MARK: Drift

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `centroids move when new rows are too far from them`(type: IndexType) {
        var statistics = IndexStatistics.trained(type)
        statistics.rowsSinceTraining = 1_000
        statistics.lists?.residualRatio = 1.5
        #expect(decide(statistics) == "keep")
        statistics.lists?.residualRatio = 1.51
        #expect(
            planner.decide(statistics)
                == .build(
                    .recenter,
                    reason: "new rows are 1.51 times as far from their centroids as the training rows, above 1.50"))
        statistics.rowsSinceTraining = 999
        #expect(decide(statistics) == "keep")
    }

    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `lists are split when they are twice as uneven as after training`(type: IndexType) {
        var statistics = IndexStatistics.trained(type)
        statistics.rowsSinceTraining = 1_000
        statistics.lists?.imbalanceAtTraining = 1.25
        statistics.lists?.imbalance = 2.5
        #expect(decide(statistics) == "keep")
        statistics.lists?.imbalance = 2.51
        #expect(
            planner.decide(statistics)
                == .build(
                    .split,
                    reason: "the imbalance of the lists is 2.51, more than 2.00 times the 1.25 after training"))
        statistics.rowsSinceTraining = 999
        #expect(decide(statistics) == "keep")
    }

    @Test func `the cheaper remedy comes first, and a full training makes both needless`() {
        var statistics = IndexStatistics.trained(.ivfflat)
        statistics.rowsSinceTraining = 20_000
        statistics.lists?.residualRatio = 2
        statistics.lists?.imbalance = 9
        #expect(decide(statistics) == "recenter")
        statistics.lists?.residualRatio = 1
        #expect(decide(statistics) == "split")
        statistics.trainedRows = 24_999
        #expect(decide(statistics) == "retrain")
    }

    // MARK: Sketches

    @Test func `a sketch is trained once it pays`() {
        var statistics = IndexStatistics(name: "x", type: .flat, rows: 999, trainedRows: nil)
        #expect(planner.decide(statistics) == .keep(reason: "999 rows need no sketch, which pays from 1,000 on"))
        statistics.rebuildRequested = .seconds(1)
        #expect(decide(statistics) == "train_sketch")
        statistics.rebuildRequested = nil
        statistics.rows = 1_000
        #expect(
            planner.decide(statistics) == .trainSketch(reason: "1,000 rows have no sketch, which pays from 1,000 on"))
    }

    @Test func `a sketch is trained anew when it lets through twice as many rows as it did, and those are many`() {
        var statistics = IndexStatistics.trained(.flat)
        statistics.rowsSinceTraining = 1_000
        statistics.sketch = .init(survivorShare: 0.36, survivorShareAtTraining: 0.36)
        #expect(decide(statistics) == "keep")
        statistics.sketch = .init(survivorShare: 0.121, survivorShareAtTraining: 0.06)
        #expect(
            planner.decide(statistics)
                == .trainSketch(
                    reason: "12.1 % of the rows survive the sketch, 6.0 % did when it was trained: "
                        + "more than 2.00 times as many"))
        statistics.sketch = .init(survivorShare: 0.12, survivorShareAtTraining: 0.06)
        #expect(decide(statistics) == "keep")
        statistics.sketch = .init(survivorShare: 0.01, survivorShareAtTraining: 0.001)
        #expect(decide(statistics) == "keep")
        statistics.sketch = .init(survivorShare: 0.011, survivorShareAtTraining: 0.001)
        #expect(decide(statistics) == "train_sketch")
        statistics.rowsSinceTraining = 999
        #expect(decide(statistics) == "keep")
    }

    // MARK: Work that came to nothing

    @Test(arguments: ["failed", "was cancelled"])
    func `work that came to nothing waits for its time`(outcome: String) {
        var statistics = IndexStatistics(name: "x", type: .hnsw, rows: 12, trainedRows: nil)
        statistics.setback = .init(outcome, age: .seconds(3599))
        #expect(
            planner.decide(statistics)
                == .wait(
                    reason: "the last try \(outcome) 59 minutes ago, the next is due 60 minutes after it: "
                        + "12 rows, and 0 generations are built"))
        statistics.setback?.age = .seconds(3600)
        #expect(decide(statistics) == "retrain")
    }

    @Test func `a person who asks after it came to nothing does not wait`() {
        var statistics = IndexStatistics.trained(.ivfflat)
        statistics.setback = .init("failed", age: .seconds(60))
        statistics.rebuildRequested = .seconds(60)
        #expect(decide(statistics) == "wait")
        statistics.rebuildRequested = .seconds(59)
        #expect(decide(statistics) == "retrain")
    }

    @Test func `compaction that came to nothing waits as well, raising nprobe does not`() {
        var statistics = IndexStatistics.lowRecall
        statistics.setback = .init("failed", age: .zero)
        #expect(decide(statistics) == "raise_nprobe")
        statistics.deadRows = statistics.rows
        #expect(decide(statistics) == "wait")
    }

    @Test func `the interval can be another one`() {
        var statistics = IndexStatistics(name: "x", type: .hnsw, rows: 12, trainedRows: nil)
        statistics.setback = .init("failed", age: .seconds(5))
        #expect(RetrainPlanner(retryInterval: .seconds(5)).decide(statistics).word == "retrain")
        #expect(RetrainPlanner(retryInterval: .seconds(6)).decide(statistics).word == "wait")
    }

    // MARK: All of them

    @Test(arguments: IndexType.allCases)
    func `doing what was decided leads to rest, and every reason has two numbers`(type: IndexType) {
        for start in IndexStatistics.grid(type) {
            var statistics = start
            var way: [String] = []
            for _ in 0..<8 {
                let decision = planner.decide(statistics)
                way.append(decision.word)
                let numbers = decision.reason.split { !$0.isNumber && $0 != "," && $0 != "." }.filter {
                    $0.contains(where: \.isNumber)
                }
                #expect(numbers.count >= 2, "\(decision.reason)")
                if ["keep", "wait"].contains(decision.word) { break }
                statistics.carryOut(decision)
            }
            #expect(way.last == "keep" || way.last == "wait", "\(way) from \(start)")
            let work = way.filter { $0 != "raise_nprobe" }
            #expect(Set(work).count == work.count, "\(way) does the same work twice from \(start)")
        }
    }
}

extension IndexStatistics {
    /// An index that was trained with the rows there are.
    fileprivate static func trained(_ type: IndexType, rows: Int = 100_000) -> IndexStatistics {
        IndexStatistics(
            name: "default", type: type, rows: rows, trainedRows: rows,
            recall: .init(0.97, low: 0.96, high: 0.98),
            lists: type == .ivfflat || type == .ivfpq ? .init(nlist: 100, nprobe: 8) : nil,
            sketch: type == .flat ? .init(survivorShare: 0.001, survivorShareAtTraining: 0.001) : nil)
    }

    fileprivate static var lowRecall: IndexStatistics {
        var statistics = trained(.ivfflat)
        statistics.recall = .init(0.8, low: 0.7, high: 0.9)
        return statistics
    }

    /// Every combination of values on both sides of what the planner looks at.
    fileprivate static func grid(_ type: IndexType) -> [IndexStatistics] {
        var all = [trained(type, rows: 10_000), IndexStatistics(name: "x", type: type, rows: 10_000, trainedRows: nil)]
        func vary(_ changes: [(inout IndexStatistics) -> Void]) {
            all = all.flatMap { statistics in
                [statistics]
                    + changes.map { change in
                        var changed = statistics
                        change(&changed)
                        return changed
                    }
            }
        }
        vary([{ $0.deadRows = 2_500 }, { $0.deadRows = 2_501 }])
        vary([
            { $0.rowsSinceTraining = 1 }, { ($0.rowsSinceTraining, $0.trainedRows) = (5_000, 5_000) },
            { ($0.rowsSinceTraining, $0.trainedRows) = (9_000, 1_000) },
        ])
        vary([{ ($0.age, $0.policy.retrainEvery) = (.seconds(100), .seconds(99)) }])
        vary([{ $0.rebuildRequested = .seconds(10) }])
        vary([{ $0.recall = nil }, { $0.recall = .init(0.5, low: 0.4, high: 0.6) }])
        vary([
            { $0.setback = .init("failed", age: .seconds(5)) }, { $0.setback = .init("failed", age: .seconds(9999)) },
        ])
        if type == .flat { vary([{ $0.sketch?.survivorShare = 0.5 }, { $0.sketch = nil }]) }
        guard type == .ivfflat || type == .ivfpq else { return all }
        vary([{ $0.lists?.residualRatio = 1 }, { $0.lists?.residualRatio = 4 }])
        vary([{ $0.lists?.imbalance = 3 }])
        vary([{ $0.lists?.wantedNlist = 1_000 }])
        vary([{ $0.lists?.nprobe = 90 }, { $0.lists?.wasNprobeRaised = true }])
        return all
    }

    /// What the statistics are once the decision was carried out and helped nothing but what it is sure to.
    fileprivate mutating func carryOut(_ decision: RetrainDecision) {
        switch decision {
        case .keep, .wait: return
        case .raiseNprobe(let to, _):
            lists?.nprobe = to
            lists?.wasNprobeRaised = true
            return
        case .compact: deadRows = 0
        case .build(.full, _): if let wanted = lists?.wantedNlist { lists?.nlist = wanted }
        case .build, .trainSketch: break
        }
        trainedRows = rows
        rowsSinceTraining = 0
        age = .zero
        setback = nil
        rebuildRequested = nil
        if type == .ivfflat || type == .ivfpq {
            let old = lists
            lists = .init(nlist: old?.nlist ?? 100, nprobe: old?.nprobe ?? 8, wantedNlist: old?.wantedNlist)
        }
        if let share = sketch?.survivorShare { sketch?.survivorShareAtTraining = share }
    }
}
