import Catalog
import Faults
import SystemPackage
import VectorIndexes

/// Brings the index files of one model up to the catalog and ends: what is not there yet is built, what changed is applied.
///
/// The same steps as the daemon's; whatever kills it between two of them loses nothing. Blocking, on the thread of the
/// connection.
struct OneRun {
    let catalog: Catalog
    let model: StoredModel
    let folder: FilePath
    let planning: BuildPlanning

    /// Applies everything that can be seen when it begins.
    ///
    /// - Parameter reason: why everything is read anew; nil when changes will do.
    func run(rebuildingBecause reason: String? = nil) throws -> SyncOutcome {
        let start = ContinuousClock.now
        var outcome: SyncOutcome
        do {
            outcome = try follow(rebuildingBecause: reason)
        } catch let error as any Fault where error.recovery == .rebuildIndex && reason == nil {
            outcome = try follow(rebuildingBecause: error.message)
        }
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        return outcome
    }

    private func follow(rebuildingBecause reason: String?) throws -> SyncOutcome {
        let session = try StoreSession.open(
            catalog: catalog, model: model, folder: folder, rebuildingBecause: reason)
        defer { session.close() }
        var outcome = SyncOutcome(model: model.name)
        outcome.rebuiltBecause = session.rebuildReason
        let match = try session.match(try catalog.indexes(model: model.id))
        outcome.built = match.added
        outcome.dropped = match.dropped
        var isComplete = false
        while !isComplete {
            let report = try session.step(publishing: .always)
            outcome.added += report.added
            outcome.removed += report.removed
            isComplete = report.isComplete
        }
        outcome.rows = session.rows
        for name in try build(session) where !outcome.built.contains(name) { outcome.built.append(name) }
        // What can be done is done before what cannot is told.
        if let refused = match.refused.first { throw refused.reason }
        return outcome
    }

    /// Builds what is to be built, in the foreground.
    ///
    /// - Returns: the names of indexes that were built.
    private func build(_ session: StoreSession) throws -> [String] {
        var names = Set(session.manifest.indexes.map(\.specification.name))
        var built: [String] = []
        while let plan = planning(session.manifest, names), let job = try session.job(for: plan) {
            // Once each: a planner that finds fault with what was just built must not keep a person waiting.
            names.remove(plan.specification.name)
            guard var record = try session.beginRecord(of: job, plan) else { continue }
            let start = ContinuousClock.now
            do {
                let draft = try job.build()
                _ = try session.adopt(draft)
                try session.finishRecord(&record, draft, took: ContinuousClock.now - start)
            } catch let error as IndexError {
                record.state = .failed
                record.reason = error.message
                try session.record(record)
                throw error
            }
            built.append(plan.specification.name)
        }
        return built
    }
}
