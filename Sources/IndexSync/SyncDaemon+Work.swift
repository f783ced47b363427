import Catalog
import Daemons
import Faults
import Logging
import Synchronization
import VectorIndexes

/// Something that is being done beside the steps, or that is done and waits to be taken over.
final class RunningWork {
    let model: ModelID
    let job: BackgroundJob
    /// nil for measuring, of which nothing is published.
    let started: StartedWork?
    let control: BuildControl
    let outcome: WorkOutcome
    let task: Task<Void, Never>
    private let share: ProcessorShare

    init(
        _ model: ModelID, _ job: BackgroundJob, _ started: StartedWork?, by worker: BackgroundWorker,
        ringing bell: Bell
    ) {
        self.model = model
        self.job = job
        self.started = started
        let (control, outcome, share) = (BuildControl(), WorkOutcome(), ProcessorShare())
        self.control = control
        self.outcome = outcome
        self.share = share
        task = Task {
            let start = ContinuousClock.now
            let result = await worker.run(job, control, share)
            outcome.set(result, took: ContinuousClock.now - start)
            bell.ring()
        }
    }

    /// Ends it within 2 seconds.
    func cancel() {
        control.cancel()
        lookAtShare()
    }

    /// Sees to it that it gets on, and ends when it is to, where others keep all processors busy.
    func lookAtShare() {
        if outcome.result == nil { share.look(isToEnd: control.isCancelled) }
    }

    /// `building graph (hnsw) generation 2: adding rows 43 %, first generation`; nil for what nobody waits for.
    var words: String? {
        let progress = control.progress
        let subject: String
        switch job {
        case .generation(let job):
            let type = job.specification.type.rawValue
            subject = "building \(job.specification.name) (\(type)) generation \(job.generation)"
        case .sketches(let job): subject = "training sketches generation \(job.generation)"
        case .compaction: subject = "compacting"
        case .measurement, .neighbors: return nil
        }
        return "\(subject): \(progress.phase) \(Int(progress.fraction * 100)) %, \(started?.work.reason ?? "")"
    }

    /// The index that a generation is built of.
    var indexName: String? {
        if case .generation(let job) = job { job.specification.name } else { nil }
    }
}

/// What came of some work, handed from its thread to that of the daemon.
final class WorkOutcome: Sendable {
    private let value = Mutex<(result: Result<BackgroundResult, IndexError>, time: Duration)?>(nil)

    var result: (result: Result<BackgroundResult, IndexError>, time: Duration)? { value.withLock { $0 } }

    func set(_ result: Result<BackgroundResult, IndexError>, took time: Duration) {
        value.withLock { $0 = (result, time) }
    }
}

extension SyncDaemon {
    /// Begins what is due next, or else to measure, unless something is being done already.
    func startWork(_ model: FollowedModel, _ session: StoreSession) throws {
        guard running == nil, !stopFlag.isSet, !session.readsEverything else { return }
        let facts = try facts(of: model, session)
        guard let work = facts.nextWork() else { return try startMeasuring(model, session) }
        // One core is left to queries and to the steps.
        let threads = max(1, SearchLimits.defaultThreads - 1)
        guard let started = try session.begin(work, threads: threads) else { return }
        running = RunningWork(model.model.id, started.job, started, by: worker, ringing: bell)
        if model.workTroubles[work.subject] == nil {
            logger.info("\(Self.name(of: work, .beginning))", metadata: metadata(of: started, session))
        }
    }

    /// Takes over what was made, if it is complete; what failed is recorded, and tried again later.
    func collectWork(_ model: FollowedModel, _ session: StoreSession) throws {
        guard let work = running, work.model == model.model.id, let (result, time) = work.outcome.result else { return }
        guard let started = work.started else {
            running = nil
            return try collectMeasurement(model, session, result)
        }
        if let unwanted = unwanted(work, model) {
            running = nil
            return try session.recordUnpublished(started, .cancelled, unwanted)
        }
        let made: BackgroundResult
        do {
            made = try result.get()
            if case .sketches(nil, let rows) = made {
                running = nil
                session.gainless = [:]
                return try session.recordGainless(rows: rows, started.work.reason)
            }
            guard try session.take(made) else { throw IndexError.cancelled("\(started.work.subject)") }
        } catch let error as IndexError {
            // What stands in the way of writing stands in the way of everything: the draft waits.
            if case .success = result, Self.concernsWriter(error) { throw error }
            running = nil
            return try workFailed(model, session, started, error)
        }
        // The draft may be of other numbers than those that are wanted by now.
        _ = try session.match(model.wanted)
        try session.publish()
        running = nil
        model.publishedAt = .now
        let subject = started.work.subject
        if case .index(let name) = subject { session.damageReasons[name] = nil }
        if let trouble = model.workTroubles.removeValue(forKey: subject) {
            tellRecovered(trouble, Self.name(of: started.work, .subject))
        }
        logger.info("\(Self.name(of: started.work, .end))", metadata: metadata(of: started, session))
        try session.recordPublished(started, made, took: time)
    }

    /// Ends work on what nobody wants any more.
    func cancelUnwanted(_ model: FollowedModel) {
        guard let work = running, work.model == model.model.id, unwanted(work, model) != nil else { return }
        work.cancel()
    }

    /// Why what is being made is not wanted any more; nil while it is.
    private func unwanted(_ work: RunningWork, _ model: FollowedModel) -> String? {
        guard let name = work.indexName, case .generation(let job) = work.job else {
            return work.control.isCancelled ? "nobody wants it any more" : nil
        }
        guard let wanted = model.wanted.first(where: { $0.name == name }),
            let specification = try? IndexSpecification(wanted), specification.type == job.specification.type,
            !work.control.isCancelled || specification != job.specification
        else { return "nobody wants it any more" }
        let searched = Set(IndexParameters.searchNames(of: specification.type).map(\.rawValue))
        let isSame =
            specification.parameters.filter { !searched.contains($0.key) }
            == job.specification.parameters.filter { !searched.contains($0.key) }
        return isSame ? nil : "other parameters were asked for"
    }

    private func workFailed(
        _ model: FollowedModel, _ session: StoreSession, _ started: StartedWork, _ error: IndexError
    ) throws {
        if case .cancelled = error {
            return try session.recordUnpublished(started, .cancelled, "nobody wants it any more")
        }
        let subject = started.work.subject
        var trouble = model.workTroubles[subject] ?? Trouble(since: .now)
        trouble.failed(at: .now, settings.buildBackoff, using: &random)
        if trouble.attempts == 1 {
            var metadata = metadata(of: started, session)
            metadata["reason"] = "\(error.message)"
            logger.warning("\(Self.name(of: started.work, .failure))", metadata: metadata)
        }
        model.workTroubles[subject] = trouble
        try session.recordUnpublished(started, .failed, error.message)
    }

    /// All that is known of a model's store, with what failed a short time ago.
    func facts(of model: FollowedModel, _ session: StoreSession) throws -> StoreFacts {
        var facts = try session.facts(wanted: model.wanted, measured: model.measured)
        for (subject, trouble) in model.workTroubles where trouble.retryAt > .now {
            facts.setbacks[subject] = .init(
                age: ContinuousClock.now - trouble.failedAt, wait: trouble.retryAt - trouble.failedAt)
        }
        return facts
    }

    private enum Moment { case beginning, end, failure, subject }

    private static func name(of work: PlannedWork, _ moment: Moment) -> String {
        switch (work, moment) {
        case (.build, .beginning): "building an index"
        case (.build, .end): "index built"
        case (.build, .failure): "an index was not built, trying again"
        case (.build(let plan), .subject): "index \(plan.specification.name)"
        case (.trainSketches, .beginning): "training sketches"
        case (.trainSketches, .end): "sketches trained"
        case (.trainSketches, .failure): "sketches were not trained, trying again"
        case (.trainSketches, .subject): "sketches"
        case (.compact, .beginning): "compacting"
        case (.compact, .end): "compacted"
        case (.compact, .failure): "the rows were not compacted, trying again"
        case (.compact, .subject): "compaction"
        }
    }

    private func metadata(of started: StartedWork, _ session: StoreSession) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["model": "\(session.model.name)", "reason": "\(started.work.reason)"]
        metadata["rows"] = "\(session.rows)"
        guard case .generation(let job) = started.job else { return metadata }
        metadata["index"] = "\(job.specification.name)"
        metadata["type"] = "\(job.specification.type.rawValue)"
        metadata["generation"] = "\(job.generation)"
        return metadata
    }

    /// Whether an error in taking a draft over is one of the writer and its disk, not of the draft.
    private static func concernsWriter(_ error: IndexError) -> Bool {
        switch error {
        case .file, .fenced, .closed, .locked: true
        default: false
        }
    }
}
