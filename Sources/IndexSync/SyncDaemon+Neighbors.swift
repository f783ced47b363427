import Catalog
import Daemons
import Faults
import Logging
import Postgres
import VectorIndexes

extension SyncDaemon {
    /// How long a transaction that writes pairs waits for a lock: what others hold, a person's open transaction for one,
    /// must not keep the daemon from following the catalog.
    private static let patience = Duration.milliseconds(100)

    /// Lists the next pictures whose neighbors are to be searched; before a step.
    func listWaiting(_ model: FollowedModel, _ session: StoreSession, isTick: Bool) throws {
        guard !stopFlag.isSet, model.neighbors.wantsList(isTick: isTick) else { return }
        let images = try session.waitingForNeighbors(after: model.neighbors.listedUpTo)
        try model.neighbors.list(images, isFull: images.count == StoreSession.picturesInSearch) {
            try session.catalog.countImagesWithoutEdges(model: model.model.id)
        }
    }

    /// Goes on with the neighbors after the last step: what was listed is searched, a part of what was found is written,
    /// groups that lost a pair are made again.
    func takeNeighbors(_ model: FollowedModel, _ session: StoreSession, isTick: Bool) throws {
        if stopFlag.isSet || model.neighbors.hasSetback { return }
        var hasWritten = false
        do {
            let hasCollected = try model.neighbors.collect()
            try search(model, session)
            hasWritten = try writePart(model, session)
            if hasCollected || hasWritten { bell.ring() }
            if isTick {
                try session.catalog.transaction(waitingForLocks: Self.patience) {
                    try session.catalog.refreshDuplicateGroups(model: model.model.id)
                }
            }
        } catch {
            return try neighborsFailed(model, error)
        }
        guard let trouble = model.neighbors.trouble, hasWritten || isTick && model.neighbors.isIdle else { return }
        model.neighbors.trouble = nil
        tellRecovered(trouble, "near-duplicates of \(model.model.name)")
    }

    private func search(_ model: FollowedModel, _ session: StoreSession) throws {
        guard model.neighbors.running == nil, !model.neighbors.listed.isEmpty else { return }
        // More threads would not have the low priority of this one.
        let (job, unusable) = try session.neighborSearch(of: model.neighbors.listed, threads: 1)
        let work = RunningWork(model.model.id, .neighbors(job), nil, by: neighborWorker, ringing: bell)
        model.neighbors.began(work, threshold: job.threshold, unusable: unusable)
    }

    private func writePart(_ model: FollowedModel, _ session: StoreSession) throws -> Bool {
        guard let part = model.neighbors.nextPart else { return false }
        let start = ContinuousClock.now
        try session.catalog.transaction(waitingForLocks: Self.patience) {
            try session.write(part.searches, threshold: part.threshold)
        }
        summary.searched += part.searches.count
        model.neighbors.wrote(part.count, in: ContinuousClock.now - start)
        return true
    }

    /// What stands in the way of the neighbors alone is tried again later, while the catalog is followed.
    private func neighborsFailed(_ model: FollowedModel, _ error: any Error) throws {
        model.neighbors.forget()
        if connection?.isLost ?? true { throw error }
        let fault = error as? any Fault
        // Damaged files are everybody's.
        if fault?.recovery == .rebuildIndex { throw error }
        var trouble = model.neighbors.trouble ?? Trouble(since: .now)
        trouble.failed(at: .now, settings.buildBackoff, using: &random)
        if trouble.attempts == 1 {
            logger.warning(
                "near-duplicates were not searched, trying again",
                metadata: ["model": "\(model.model.name)", "reason": "\(fault?.message ?? "\(error)")"])
        }
        model.neighbors.trouble = trouble
    }
}
