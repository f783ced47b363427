public import Catalog
public import FoundationEssentials
public import VectorIndexes

/// What was measured at one index, and of which state of it.
public struct MeasuredIndex: Sendable, Equatable {
    /// The generation and its numbers, and the sketches: what is measured of others says nothing of these.
    public let generation: Int
    /// As queries used them.
    public let parameters: [String: Int]?
    /// The sketches that exact searches used; nil without.
    public let sketchGeneration: Int?
    /// nil for types that are exact.
    public var recall: RecallMeasurement?
    /// nil for types without lists.
    public var lists: InvertedFileStatistics?
    /// Share of the rows that survive the sketches; nil for types other than flat, and without sketches.
    public var survivorShare: Double?

    /// Nothing was measured yet of an index.
    public init(of entry: Manifest.Index, in manifest: Manifest) {
        generation = entry.generation
        parameters = entry.built?.parameters
        sketchGeneration = manifest.sketch?.generation
    }

    /// Whether it says something about an index as it is now.
    func concerns(_ entry: Manifest.Index, in manifest: Manifest) -> Bool {
        generation == entry.generation && parameters == entry.built?.parameters
            && (entry.specification.type != .flat || sketchGeneration == manifest.sketch?.generation)
    }
}

/// All that is known of a store when it is decided what is done with it: what follows from it follows from nothing else.
public struct StoreFacts: Sendable {
    /// What is known of one index.
    public struct Index: Sendable {
        /// What the catalog asks for now.
        public var wanted: IndexSpecification
        /// When a person wants it trained again.
        public var policy = IndexPolicy()
        /// Time since a person asked for a new generation; nil unless that was after the present one was begun.
        public var rebuildRequested: Duration?
        /// Whether queries read more lists than the generation was published with, or as many as a person has said.
        public var isNprobeSettled = false
        /// How uneven the lists were when they were first looked at; nil before that.
        public var firstImbalance: Double?
        /// nil when nothing was measured.
        public var measured: MeasuredIndex?
        /// Why its last generation was thrown away; nil when it was not.
        public var damage: String?

        /// Describes an index of which nothing else is known.
        public init(wanted: IndexSpecification) { self.wanted = wanted }
    }

    /// Work that came to nothing and is to wait.
    public struct Setback: Sendable, Equatable {
        /// Time since it failed.
        public var age: Duration
        /// Time from then on until it is tried again.
        public var wait: Duration

        /// Describes a failure.
        public init(age: Duration, wait: Duration) {
            self.age = age
            self.wait = wait
        }
    }

    /// What the store consists of.
    public var manifest: Manifest
    /// The indexes that the catalog wants and the store has, in the order of their names.
    public var indexes: [Index]
    /// The time of the manifest's clock.
    public var now: Date
    /// Live rows when sketches were last found not to pay, if a person has not asked for them since; nil when they were not.
    public var rowsWithoutGain: Int?
    /// What failed a short time ago.
    public var setbacks: [PlannedWork.Subject: Setback] = [:]

    /// Describes a store.
    public init(manifest: Manifest, indexes: [Index], now: Date) {
        self.manifest = manifest
        self.indexes = indexes
        self.now = now
    }
}

extension StoreFacts {
    /// What the planner is told of an index; nil when the store does not have it.
    public func statistics(of index: Index) -> IndexStatistics? {
        guard let entry = entry(of: index) else { return nil }
        let type = entry.specification.type
        let measured = measurement(of: index)
        var statistics = IndexStatistics(
            name: entry.specification.name, type: type, rows: manifest.liveCount, deadRows: manifest.deadCount,
            trainedRows: nil, policy: index.policy, rebuildRequested: index.rebuildRequested)
        if type == .flat {
            statistics.trainedRows = manifest.sketch?.sketchedRows
            statistics.rowsSinceTraining = manifest.sketch.map { max(0, manifest.liveCount - $0.sketchedRows) } ?? 0
            statistics.age = manifest.sketch.map { age(since: $0.builtAt) } ?? .zero
            statistics.sketch = .init(
                survivorShare: measured?.survivorShare, survivorShareAtTraining: manifest.sketch?.survivorShare)
            return statistics
        }
        // A generation of other numbers than those that are wanted is as good as none, but for the answers it gives.
        guard let built = entry.built, differences(of: index, from: entry).isEmpty else { return statistics }
        statistics.trainedRows = built.trainedRows
        statistics.rowsSinceTraining = max(0, built.rows - built.trainedRows)
        statistics.age = age(since: entry.builtAt)
        statistics.recall = measured?.recall.map { .init($0.recall, low: $0.low, high: $0.high) }
        statistics.lists = lists(of: built, index, measured)
        return statistics
    }

    /// What is to become of an index; nil when the store does not have it.
    public func decision(on index: Index) -> RetrainDecision? {
        guard let statistics = statistics(of: index) else { return nil }
        let decision = held(explained(RetrainPlanner().decide(statistics), index), statistics)
        // What stands in the way of a compaction does not stand in the way of everything else.
        guard case .wait = decision, setbacks[.rows] != nil, statistics.deadRows > 0 else { return decision }
        var others = statistics
        others.deadRows = 0
        let next = held(explained(RetrainPlanner().decide(others), index), others)
        if case .keep = next { return decision }
        return next
    }

    /// What is to be done next; nil when nothing is.
    ///
    /// Compaction makes every index anew; sketches are trained in seconds and make every exact answer fast; an index without
    /// a generation gains most from one.
    ///
    /// - Parameter done: what is not to be done again.
    public func nextWork(except done: Set<PlannedWork.Subject> = []) -> PlannedWork? {
        indexes.compactMap { index in
            decision(on: index).flatMap { work(for: $0, index) }.map { (index: index, work: $0) }
        }
        .filter { !done.contains($0.work.subject) }
        .min { rank($0) < rank($1) }?.work
    }

    /// The work that a decision asks for; nil when it asks for none.
    public func work(for decision: RetrainDecision, _ index: Index) -> PlannedWork? {
        switch decision {
        case .keep, .raiseNprobe, .wait: nil
        case .build(let remedy, let reason): .build(PlannedBuild(index.wanted, remedy: remedy, reason: reason))
        case .trainSketch(let reason): .trainSketches(reason: reason)
        case .compact(let reason): .compact(reason: reason)
        }
    }

    private func rank(_ planned: (index: Index, work: PlannedWork)) -> Int {
        switch planned.work {
        case .compact: 0
        case .trainSketches: 1
        case .build: entry(of: planned.index)?.built == nil ? 2 : 3
        }
    }

    /// What was measured of the index as it is now.
    func measurement(of index: Index) -> MeasuredIndex? {
        guard let entry = entry(of: index) else { return nil }
        return index.measured.flatMap { $0.concerns(entry, in: manifest) ? $0 : nil }
    }

    private func entry(of index: Index) -> Manifest.Index? {
        manifest.indexes.first {
            $0.specification.name == index.wanted.name && $0.specification.type == index.wanted.type
        }
    }

    private func age(since moment: Date) -> Duration { .seconds(max(0, now.timeIntervalSince(moment))) }

    private func lists(
        of built: Manifest.Generation, _ index: Index, _ measured: MeasuredIndex?
    ) -> IndexStatistics.Lists? {
        guard let nlist = built.parameters["nlist"] else { return nil }
        let imbalance = measured?.lists?.imbalanceFactor ?? index.firstImbalance ?? 1
        let residuals = measured?.lists.flatMap { lists in
            lists.addedResidual.flatMap { added in lists.trainedResidual.map { added / $0 } }
        }
        return IndexStatistics.Lists(
            nlist: nlist, nprobe: built.parameters["nprobe"] ?? 1,
            wantedNlist: index.wanted.parameters["nlist"] == nil
                ? IndexParameters.defaultLists(rows: manifest.liveCount) : nlist,
            imbalance: imbalance, imbalanceAtTraining: index.firstImbalance ?? imbalance,
            residualRatio: residuals.flatMap { $0.isFinite ? $0 : nil }, wasNprobeRaised: index.isNprobeSettled)
    }

    /// Numbers that shape the index and are wanted to be others than those that it was built with, by name.
    private func differences(of index: Index, from entry: Manifest.Index) -> [String] {
        let searched = Set(IndexParameters.searchNames(of: entry.specification.type))
        return IndexParameters.names(of: entry.specification.type).filter { !searched.contains($0) }.map(\.rawValue)
            .filter { index.wanted.parameters[$0] != entry.specification.parameters[$0] }
    }

    /// The reason that the planner cannot know.
    private func explained(_ decision: RetrainDecision, _ index: Index) -> RetrainDecision {
        switch decision {
        case .build(.full, _):
            guard let entry = entry(of: index) else { return decision }
            if entry.built == nil { return index.damage.map { .build(.full, reason: $0) } ?? decision }
            let differences = differences(of: index, from: entry)
            if differences.isEmpty { return decision }
            let words = differences.map { name in
                "\(name) \(index.wanted.parameters[name].map(String.init) ?? "as it fits the rows")"
            }
            return .build(.full, reason: "asked for since it was built: " + words.joined(separator: ", "))
        case .trainSketch: return gainless(index).map { .keep(reason: $0) } ?? decision
        default: return decision
        }
    }

    /// Why no sketches are trained although there are rows enough.
    private func gainless(_ index: Index) -> String? {
        if manifest.identity.dimension < SketchLimits.dimension {
            return "rows of \(manifest.identity.dimension) dimensions are no larger than their sketches"
        }
        if manifest.liveCount < SketchLimits.rows { return "with \(manifest.liveCount) rows sketches gain nothing" }
        guard let rows = rowsWithoutGain, manifest.liveCount < 2 * rows else { return nil }
        return "sketches of \(rows) rows gained nothing; they are tried again with \(2 * rows) rows"
    }

    /// Lets what failed wait for its time.
    private func held(_ decision: RetrainDecision, _ statistics: IndexStatistics) -> RetrainDecision {
        let subject: PlannedWork.Subject? =
            switch decision {
            case .keep, .raiseNprobe, .wait: nil
            case .build: .index(statistics.name)
            case .trainSketch: .sketches
            case .compact: .rows
            }
        guard let subject, let setback = setbacks[subject] else { return decision }
        return RetrainPlanner(retryInterval: setback.wait).holdingBack(
            decision, .init("failed", age: setback.age), rebuildRequested: statistics.rebuildRequested)
    }
}
