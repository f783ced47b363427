import Catalog
import Faults
import VectorIndexes

/// Decides what becomes of an index from statistics alone: no clock, no file, no database, so that every decision can be
/// made again from its record.
///
/// What makes others needless comes first: compaction writes every index anew; a person's word and growth mean a full
/// training, which mends what re-centering and splitting would. Of those that remain the cheapest that fits is taken.
/// Work that comes to nothing is not tried again at once, unless a person asks.
public struct RetrainPlanner: Sendable {
    /// Share of dead rows above which a store is compacted.
    public static let deadShare = 0.2
    /// Squared distance of new rows to their centroids, against that of the training rows, above which those move.
    public static let residualRatio = 1.5
    /// How much less even than after training lists, or a sketch's survivors, may become.
    public static let worsening = 2.0
    /// Rows, against those of the training, above which everything is trained anew.
    public static let growth = 4
    /// Share of new rows, against those of the training, below which they say nothing about how well it fits.
    public static let tellingShare = 0.01
    /// Share of new rows below which training anew gives what there is.
    public static let differingShare = 0.1
    /// Survivors of a sketch that are few whatever they were after training.
    public static let fewSurvivors = 0.01
    /// Rows from which a sketch is worth its training.
    public static let rowsForSketch = 1_000

    /// Time after work that came to nothing before it is tried again.
    public let retryInterval: Duration

    /// A planner; the interval is an hour unless it is said otherwise.
    public init(retryInterval: Duration = .seconds(3600)) { self.retryInterval = retryInterval }

    /// What is to be done now. The same statistics give the same decision.
    public func decide(_ statistics: IndexStatistics) -> RetrainDecision {
        let wish = wish(statistics)
        switch wish {
        case .keep, .raiseNprobe, .wait: return wish
        case .build, .trainSketch, .compact:
            guard let setback = statistics.setback else { return wish }
            return holdingBack(wish, setback, rebuildRequested: statistics.rebuildRequested)
        }
    }

    /// A decision, or that it has to wait because the last try came to nothing a short time ago and nobody has asked since.
    public func holdingBack(
        _ decision: RetrainDecision, _ setback: IndexStatistics.Setback, rebuildRequested: Duration?
    ) -> RetrainDecision {
        guard setback.age < retryInterval else { return decision }
        if let asked = rebuildRequested, asked < setback.age { return decision }
        return .wait(
            reason: "the last try \(setback.outcome) \(spell(setback.age)) ago, the next is due "
                + "\(spell(retryInterval)) after it: \(decision.reason)")
    }

    /// What would be done if nothing had gone wrong.
    private func wish(_ statistics: IndexStatistics) -> RetrainDecision {
        let onDisk = statistics.rows + statistics.deadRows
        if Double(statistics.deadRows) > Self.deadShare * Double(onDisk) {
            return .compact(
                reason: "\(grouped(statistics.deadRows)) of \(grouped(onDisk)) rows are dead, "
                    + "above \(percent(Self.deadShare))")
        }
        guard statistics.rows > 0 else { return .keep(reason: "there are 0 rows, \(statistics.deadRows) dead") }
        return switch statistics.type {
        case .flat: sketch(statistics)
        case .hnsw: graph(statistics)
        case .ivfflat, .ivfpq: lists(statistics)
        }
    }

    // MARK: Types

    private func sketch(_ statistics: IndexStatistics) -> RetrainDecision {
        guard let trained = statistics.trainedRows else {
            return statistics.rows >= Self.rowsForSketch || statistics.rebuildRequested != nil
                ? .trainSketch(
                    reason: "\(grouped(statistics.rows)) rows have no sketch, which pays from "
                        + "\(grouped(Self.rowsForSketch)) on")
                : .keep(
                    reason: "\(grouped(statistics.rows)) rows need no sketch, which pays from "
                        + "\(grouped(Self.rowsForSketch)) on")
        }
        if let reason = requested(statistics, trained) ?? grown(statistics, trained) ?? aged(statistics, trained) {
            return .trainSketch(reason: reason)
        }
        if let now = statistics.sketch?.survivorShare, let then = statistics.sketch?.survivorShareAtTraining,
            now > max(Self.worsening * then, Self.fewSurvivors), isTelling(statistics, trained)
        {
            return .trainSketch(
                reason: "\(percent(now)) of the rows survive the sketch, \(percent(then)) did when it was trained: "
                    + "more than \(factor(Self.worsening)) times as many")
        }
        return keep(statistics, trained)
    }

    private func graph(_ statistics: IndexStatistics) -> RetrainDecision {
        guard let trained = statistics.trainedRows else { return first(statistics) }
        // A graph needs no training: rows are linked as they come, and growth does not make it worse.
        if let reason = requested(statistics, trained) ?? aged(statistics, trained) {
            return .build(.full, reason: reason)
        }
        if let low = lowRecall(statistics) { return .keep(reason: low + "; " + Self.tune(statistics)) }
        return keep(statistics, trained)
    }

    private func lists(_ statistics: IndexStatistics) -> RetrainDecision {
        guard let trained = statistics.trainedRows, let lists = statistics.lists else { return first(statistics) }
        if let reason = requested(statistics, trained) { return .build(.full, reason: reason) }
        let low = lowRecall(statistics)
        // Costs nothing and holds at once, whatever else is due.
        if let low, !lists.wasNprobeRaised, 2 * lists.nprobe < lists.nlist {
            let more = min(2 * lists.nprobe, (lists.nlist + 1) / 2)
            return .raiseNprobe(
                to: more, reason: "\(low); nprobe goes from \(grouped(lists.nprobe)) to \(grouped(more))")
        }
        if let reason = grown(statistics, trained) ?? outgrown(lists) ?? aged(statistics, trained) {
            return .build(.full, reason: reason)
        }
        if let ratio = lists.residualRatio, ratio > Self.residualRatio, isTelling(statistics, trained) {
            return .build(
                .recenter,
                reason: "new rows are \(factor(ratio)) times as far from their centroids as the training rows, "
                    + "above \(factor(Self.residualRatio))")
        }
        if lists.imbalance > Self.worsening * lists.imbalanceAtTraining, isTelling(statistics, trained) {
            return .build(
                .split,
                reason: "the imbalance of the lists is \(factor(lists.imbalance)), more than "
                    + "\(factor(Self.worsening)) times the \(factor(lists.imbalanceAtTraining)) after training")
        }
        guard let low else { return keep(statistics, trained) }
        guard isDifferent(statistics, trained) else { return .keep(reason: low + "; " + Self.tune(statistics)) }
        return .build(.full, reason: "\(low), and nprobe is \(grouped(lists.nprobe)) of \(grouped(lists.nlist)) lists")
    }

    // MARK: Reasons

    private func first(_ statistics: IndexStatistics) -> RetrainDecision {
        .build(.full, reason: "\(grouped(statistics.rows)) rows, and 0 generations are built")
    }

    private func keep(_ statistics: IndexStatistics, _ trained: Int) -> RetrainDecision {
        .keep(
            reason: "\(grouped(statistics.rowsSinceTraining)) rows came since it was built with \(grouped(trained)), "
                + "and nothing measured asks for more")
    }

    private func requested(_ statistics: IndexStatistics, _ trained: Int) -> String? {
        guard let age = statistics.rebuildRequested else { return nil }
        return "a person asked for it \(spell(age)) ago; \(grouped(trained)) rows were trained with, there are "
            + grouped(statistics.rows)
    }

    private func grown(_ statistics: IndexStatistics, _ trained: Int) -> String? {
        guard statistics.rows > Self.growth * trained else { return nil }
        return "\(grouped(statistics.rows)) rows are more than \(Self.growth) times the \(grouped(trained)) of the "
            + "training"
    }

    /// Re-centering and splitting count as trainings, but leave the lists as many as they were.
    private func outgrown(_ lists: IndexStatistics.Lists) -> String? {
        guard lists.wantedNlist > 2 * lists.nlist else { return nil }
        return "the rows want \(grouped(lists.wantedNlist)) lists, more than 2 times the "
            + "\(grouped(lists.nlist)) there are"
    }

    private func aged(_ statistics: IndexStatistics, _ trained: Int) -> String? {
        guard let limit = statistics.policy.retrainEvery, statistics.age > limit,
            statistics.rowsSinceTraining > 0 || statistics.rows != trained
        else { return nil }
        return "it was trained \(spell(statistics.age)) ago, more than \(spell(limit)), and "
            + "\(grouped(statistics.rowsSinceTraining)) rows came since"
    }

    /// The sampled recall and what it should be, when even the upper end of its interval is below that.
    private func lowRecall(_ statistics: IndexStatistics) -> String? {
        let least = statistics.policy.minRecall ?? IndexPolicy.defaultMinRecall
        guard let recall = statistics.recall, recall.high < least else { return nil }
        return "recall@10 is \(fixed(recall.value, 3)), at most \(fixed(recall.high, 3)), below \(fixed(least, 3))"
    }

    private static func tune(_ statistics: IndexStatistics) -> String {
        let least = statistics.policy.minRecall ?? IndexPolicy.defaultMinRecall
        return "building it anew would give the same: likeness index tune \(statistics.name) --recall \(least)"
    }

    /// Whether enough rows came to say how well the training fits them.
    private func isTelling(_ statistics: IndexStatistics, _ trained: Int) -> Bool {
        Double(statistics.rowsSinceTraining) >= Self.tellingShare * Double(trained)
            && statistics.rowsSinceTraining > 0
    }

    /// Whether training anew would see other rows than the last one did.
    private func isDifferent(_ statistics: IndexStatistics, _ trained: Int) -> Bool {
        Double(statistics.rowsSinceTraining) >= Self.differingShare * Double(trained)
            && statistics.rowsSinceTraining > 0
    }

    private func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }

    private func factor(_ value: Double) -> String { fixed(value, 2) }

    /// `90 minutes`: in the largest unit of which there are two or more.
    private func spell(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        for (unit, size) in [("days", Int64(86_400)), ("hours", 3600), ("minutes", 60)] where seconds >= 2 * size {
            return "\(grouped(Int(seconds / size))) \(unit)"
        }
        return "\(seconds) s"
    }
}
