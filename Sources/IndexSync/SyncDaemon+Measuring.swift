import Catalog
import Faults
import Logging
import VectorIndexes

/// When a model's indexes were measured, and what of that the catalog knows.
struct Looks {
    /// Time between two rows of the catalog that say the same.
    static let repetition = Duration.seconds(3600)
    /// Share of the rows that makes a look due at once when it came or went.
    static let tellingChange = 0.05
    /// Measuring takes no more than one part in so many of the time.
    private static let sparing = 20

    /// When the next look is due in any case.
    private var next: ContinuousClock.Instant
    /// When the next look may be, whatever has changed.
    private var earliest: ContinuousClock.Instant
    private var publication: Int?
    private var rows: Int?
    private var recorded: [String: (word: String, entry: Manifest.Index, at: ContinuousClock.Instant)] = [:]

    init(first: ContinuousClock.Instant) {
        next = first
        earliest = .now
    }

    /// Whether the indexes are to be measured now.
    func isDue(_ manifest: Manifest, at now: ContinuousClock.Instant) -> Bool {
        guard now >= earliest else { return false }
        if now >= next { return publication != manifest.publication }
        guard let rows else { return false }
        return Double(abs(manifest.liveCount - rows)) > Self.tellingChange * Double(max(1, rows))
    }

    /// Remembers a look.
    mutating func took(
        _ time: Duration, of manifest: Manifest, publication: Int, at now: ContinuousClock.Instant, interval: Duration
    ) {
        self.publication = publication
        rows = manifest.liveCount
        next = now + max(interval, time * Self.sparing)
        earliest = now + time * Self.sparing
    }

    /// Whether the catalog is to be told of a decision on an index: at once when it is another one or about something else.
    mutating func isNews(_ word: String, on entry: Manifest.Index, at now: ContinuousClock.Instant) -> Bool {
        var state = entry
        // Rows that were added are no news.
        state.built = state.built.map { built in
            var built = built
            built.log = built.base
            return built
        }
        state.built?.covers = 0
        state.built?.rows = 0
        let name = entry.specification.name
        if let last = recorded[name], last.word == word, last.entry == state, now < last.at + Self.repetition {
            return false
        }
        recorded[name] = (word, state, now)
        return true
    }
}

extension SyncDaemon {
    /// Begins to measure the indexes of a model, if that is due.
    func startMeasuring(_ model: FollowedModel, _ session: StoreSession) throws {
        guard model.looks.isDue(session.manifest, at: .now), !session.manifest.indexes.isEmpty,
            let published = try VectorStore.open(session.folder)
        else { return }
        running = RunningWork(
            model.model.id, .measurement(StoreMeasurementJob(store: published)), nil, by: worker, ringing: bell)
    }

    /// Decides from what was measured, and records that.
    func collectMeasurement(
        _ model: FollowedModel, _ session: StoreSession, _ result: Result<BackgroundResult, IndexError>
    ) throws {
        // Of one that was cancelled nothing is known.
        guard case .success(.measurement(let measurement)) = result else { return }
        model.looks.took(
            measurement.time, of: session.manifest, publication: measurement.publication, at: .now,
            interval: settings.healthInterval)
        model.measured = measurement.indexes
        if let failure = measurement.failure {
            if failure.recovery == .rebuildIndex { throw failure }
            logger.warning(
                "the indexes were not measured",
                metadata: ["model": "\(model.model.name)", "reason": "\(failure.message)"])
        }
        let facts = try facts(of: model, session)
        for index in facts.indexes {
            guard let entry = facts.manifest.indexes.first(where: { $0.specification.name == index.wanted.name }),
                let decision = facts.decision(on: index)
            else { continue }
            if model.looks.isNews(decision.word, on: entry, at: .now) {
                try session.record(decision, on: index, entry, facts, wanted: model.wanted)
            }
            if case .raiseNprobe(let nprobe, let reason) = decision,
                try session.setSearchParameters(["nprobe": nprobe], of: entry.specification.name)
            {
                logger.info(
                    "queries read more lists", metadata: ["index": "\(index.wanted.name)", "reason": "\(reason)"])
            }
        }
    }
}

extension StoreSession {
    /// Changes what only queries use; readers see it with the next publication.
    func setSearchParameters(_ parameters: [String: Int], of name: String) throws(IndexError) -> Bool {
        try writer.setSearchParameters(parameters, of: name)
    }

    /// Records what was measured at an index, and what was decided from it.
    func record(
        _ decision: RetrainDecision, on index: StoreFacts.Index, _ entry: Manifest.Index, _ facts: StoreFacts,
        wanted: [StoredIndex]
    ) throws {
        guard let stored = wanted.first(where: { $0.name == index.wanted.name }),
            let statistics = facts.statistics(of: index)
        else { return }
        var health = health(of: stored.id, entry)
        health.rowsSinceTraining = statistics.trainedRows.map { _ in statistics.rowsSinceTraining }
        health.imbalance = facts.measurement(of: index)?.lists?.imbalanceFactor
        health.residualRatio = statistics.lists?.residualRatio
        health.survivorShare = statistics.sketch?.survivorShare
        health.recallAt10 = statistics.recall.map { .init($0.value, low: $0.low, high: $0.high) }
        health.decision = .init(decision.word, reason: decision.reason)
        try record(health)
    }

    /// Appends a row to the series of measurements, unless its index was dropped meanwhile.
    func record(_ health: IndexHealthRecord) throws {
        try unlessDropped { try catalog.record(health) }
    }
}
