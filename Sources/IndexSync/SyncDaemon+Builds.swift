import Catalog
import Faults
import Logging
import Synchronization
import VectorIndexes

/// A generation that is being built, or that waits to be taken over.
final class RunningBuild {
    let model: ModelID
    let job: GenerationJob
    let plan: PlannedBuild
    let record: IndexGenerationRecord
    let control: BuildControl
    let outcome: BuildOutcome
    let task: Task<Void, Never>

    init(
        _ model: ModelID, _ job: GenerationJob, _ plan: PlannedBuild, _ record: IndexGenerationRecord,
        by builder: GenerationBuilder, ringing bell: Bell
    ) {
        self.model = model
        self.job = job
        self.plan = plan
        self.record = record
        let (control, outcome) = (BuildControl(), BuildOutcome())
        self.control = control
        self.outcome = outcome
        task = Task {
            let start = ContinuousClock.now
            let result = await builder.build(job, control)
            outcome.set(result, took: ContinuousClock.now - start)
            bell.ring()
        }
    }

    /// `building hnsw generation 2: 43 %, first generation`
    var words: String {
        let progress = control.progress
        return "building \(job.specification.name) (\(job.specification.type.rawValue)) generation \(job.generation): "
            + "\(progress.phase) \(Int(progress.fraction * 100)) %, \(plan.reason)"
    }
}

/// What came of a build, handed from its thread to that of the daemon.
final class BuildOutcome: Sendable {
    private let value = Mutex<(result: Result<GenerationDraft, IndexError>, time: Duration)?>(nil)

    var result: (result: Result<GenerationDraft, IndexError>, time: Duration)? { value.withLock { $0 } }

    func set(_ result: Result<GenerationDraft, IndexError>, took time: Duration) {
        value.withLock { $0 = (result, time) }
    }
}

extension SyncDaemon {
    /// Begins to build what is due next, unless something is being built already.
    func startBuild(_ model: FollowedModel, _ session: StoreSession) throws {
        guard build == nil, !stopFlag.isSet else { return }
        let names = session.manifest.indexes.map(\.specification.name).filter { name in
            model.buildTroubles[name].map { $0.retryAt <= .now } ?? true
        }
        guard let plan = settings.planning(session.manifest, Set(names)), let job = try session.job(for: plan),
            let record = try session.beginRecord(of: job, plan)
        else { return }
        build = RunningBuild(model.model.id, job, plan, record, by: builder, ringing: bell)
        if model.buildTroubles[plan.specification.name] == nil {
            logger.info("building an index", metadata: metadata(of: job, plan.reason))
        }
    }

    /// Takes over what was built, if it is complete; what failed is recorded, and tried again later.
    func collectBuild(_ model: FollowedModel, _ session: StoreSession) throws {
        guard let build, build.model == model.model.id, let (result, time) = build.outcome.result else { return }
        let name = build.job.specification.name
        var record = build.record
        do {
            let draft = try result.get()
            if build.control.isCancelled { throw IndexError.cancelled(name) }
            guard try session.adopt(draft) else { throw IndexError.cancelled(name) }
            self.build = nil
            if let trouble = model.buildTroubles.removeValue(forKey: name) { tellRecovered(trouble, "index \(name)") }
            logger.info("index built", metadata: metadata(of: build.job, build.plan.reason))
            try session.finishRecord(&record, draft, took: time)
        } catch let error as IndexError {
            // What stands in the way of publishing stands in the way of everything: the draft waits.
            if case .success = result, Self.concernsPublishing(error) { throw error }
            self.build = nil
            if case .cancelled = error {
                record.state = .cancelled
                record.reason += "; nobody wants it any more"
            } else {
                record.state = .failed
                record.reason = error.message
                buildFailed(model, build, error)
            }
            try session.record(record)
        }
    }

    private func buildFailed(_ model: FollowedModel, _ build: RunningBuild, _ error: IndexError) {
        let name = build.job.specification.name
        var trouble = model.buildTroubles[name] ?? Trouble(since: .now)
        trouble.failed(at: .now, settings.buildBackoff, using: &random)
        if trouble.attempts == 1 {
            logger.warning(
                "an index was not built, trying again",
                metadata: metadata(of: build.job, error.message))
        }
        model.buildTroubles[name] = trouble
    }

    private func metadata(of job: GenerationJob, _ reason: String) -> Logger.Metadata {
        [
            "index": "\(job.specification.name)", "type": "\(job.specification.type.rawValue)",
            "generation": "\(job.generation)", "rows": "\(job.store.liveCount)", "reason": "\(reason)",
        ]
    }

    /// Whether an error in taking a draft over is one of the files and the writer, not of the draft.
    private static func concernsPublishing(_ error: IndexError) -> Bool {
        switch error {
        case .file, .fenced, .closed, .locked: true
        default: false
        }
    }
}
