import Catalog
import Faults
import SystemPackage
import VectorIndexes

/// Brings the index files of one model up to the catalog and ends: what changed is applied, what is due is built, trained
/// and compacted.
///
/// The same steps as the daemon's; whatever kills it between two of them loses nothing. Blocking, on the thread of the
/// connection.
struct OneRun {
    let catalog: Catalog
    let model: StoredModel
    let folder: FilePath

    /// Applies everything that can be seen when it begins.
    ///
    /// - Parameters:
    ///   - reason: why everything is read anew; nil when changes will do.
    ///   - progress: called as the neighbors of pictures are searched; nil: they are not.
    func run(
        rebuildingBecause reason: String? = nil, searchingNeighbors progress: ((Int, Int) -> Void)? = nil
    ) throws -> SyncOutcome {
        let start = ContinuousClock.now
        var mending = Mending()
        if let reason { mending.add(.store, because: reason) }
        while true {
            do {
                var outcome = try follow(mending, progress)
                outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
                return outcome
            } catch {
                guard mending.add(error, in: folder) else { throw error }
            }
        }
    }

    private func follow(_ mending: Mending, _ progress: ((Int, Int) -> Void)?) throws -> SyncOutcome {
        let start = ContinuousClock.now
        let session = try StoreSession.open(catalog: catalog, model: model, folder: folder, mending: mending)
        defer { session.close() }
        var outcome = SyncOutcome(model: model.name)
        outcome.rebuiltBecause = session.rebuildReason
        let wanted = try catalog.indexes(model: model.id)
        let match = try session.match(wanted)
        outcome.built = match.added
        outcome.dropped = match.dropped
        try stepToEnd(session, .always, &outcome)
        outcome.rowsSeconds = (ContinuousClock.now - start) / .seconds(1)
        try work(session, wanted, &outcome)
        if let progress { try searchNeighbors(session, progress, &outcome) }
        outcome.rows = session.rows
        // What can be done is done before what cannot is told.
        if let refused = match.refused.first { throw refused.reason }
        return outcome
    }

    private func stepToEnd(_ session: StoreSession, _ publishing: Publishing, _ outcome: inout SyncOutcome) throws {
        var isComplete = false
        while !isComplete {
            let report = try session.step(publishing: publishing)
            outcome.added += report.added
            outcome.removed += report.removed
            isComplete = report.isComplete
        }
    }

    /// Searches the neighbors of as many pictures as wait for that when it begins.
    private func searchNeighbors(
        _ session: StoreSession, _ progress: (Int, Int) -> Void, _ outcome: inout SyncOutcome
    ) throws {
        let total = try catalog.countImagesWithoutEdges(model: model.id)
        var done = 0
        var last: ImageID?
        while done < total {
            let images = try session.waitingForNeighbors(after: last)
            if images.isEmpty { break }
            last = images.last
            done += images.count
            try stepToEnd(session, .changes, &outcome)
            let (job, unusable) = try session.neighborSearch(of: images, threads: SearchLimits.defaultThreads)
            let found = try job.run(BuildControl())
            try session.write(found + unusable, threshold: job.threshold)
            outcome.searched += found.count
            progress(min(done, total), total)
        }
        try catalog.refreshDuplicateGroups(model: model.id)
    }

    /// Does what is due, in the foreground.
    private func work(_ session: StoreSession, _ wanted: [StoredIndex], _ outcome: inout SyncOutcome) throws {
        // Once each: a planner that finds fault with what was just built must not keep a person waiting.
        var done: Set<PlannedWork.Subject> = []
        while let work = try session.facts(wanted: wanted).nextWork(except: done) {
            done.insert(work.subject)
            guard let started = try session.begin(work, threads: SearchLimits.defaultThreads) else { continue }
            let start = ContinuousClock.now
            do {
                let made = try started.job.run(BuildControl()) { job, control throws(IndexError) in
                    try job.build(control)
                }
                if case .sketches(nil, let rows) = made {
                    try session.recordGainless(rows: rows, work.reason)
                    continue
                }
                guard try session.take(made) else { continue }
                try session.publish()
                try session.recordPublished(started, made, took: ContinuousClock.now - start)
            } catch let error as IndexError {
                try session.recordUnpublished(started, .failed, error.message)
                throw error
            }
            switch work {
            case .build(let plan):
                if !outcome.built.contains(plan.specification.name) { outcome.built.append(plan.specification.name) }
            case .trainSketches: outcome.isSketched = true
            case .compact: outcome.isCompacted = true
            }
        }
    }
}
