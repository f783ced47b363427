import Catalog
import Daemons
import Faults
import Logging
import Postgres
import SystemPackage
import VectorIndexes

extension SyncDaemon {
    /// Looks at everything once: a step of every model, and what else is due.
    ///
    /// - Throws: only what ends the daemon.
    func turn() throws {
        notifier.isAlive()
        running?.lookAtShare()
        for model in followed.values { model.neighbors.running?.content.work.lookAtShare() }
        if let trouble = databaseTrouble, ContinuousClock.now < trouble.retryAt { return }
        do {
            let catalog = try connected()
            let isTick = nextDiscovery <= .now
            if isTick { try discover(catalog) }
            for model in followed.values.sorted(by: { $0.model.id < $1.model.id }) where !stopFlag.isSet {
                try follow(model, catalog, isTick: isTick)
            }
            if nextPruning <= .now, !stopFlag.isSet {
                try catalog.pruneChanges()
                nextPruning = .now + settings.pruneInterval
            }
        } catch let ending as Ending {
            throw ending.cause
        } catch {
            return try databaseFailed(error)
        }
        if let trouble = databaseTrouble { tellRecovered(trouble, "the database") }
        databaseTrouble = nil
        tellProgress()
    }

    private func connected() throws -> Catalog {
        if let connection { return Catalog(connection) }
        let fresh = try Connection(target, applicationName: applicationName)
        connection = fresh
        // Whatever was known came over another connection.
        nextDiscovery = .now
        return Catalog(fresh)
    }

    /// Finds the models and indexes that there are now.
    private func discover(_ catalog: Catalog) throws {
        let models = try IndexSync.followed(catalog, folders)
        let indexes = try catalog.indexes()
        for (id, model) in followed where !models.contains(where: { $0.id == id }) {
            if running?.model == id { running?.cancel() }
            release(model)
            followed[id] = nil
        }
        for model in models {
            // The first comparison comes after the first step.
            let known =
                followed[model.id]
                ?? FollowedModel(model, nextVerification: .now, firstLook: .now + settings.healthInterval)
            known.wanted = indexes.filter { $0.model == model.id }
            followed[model.id] = known
        }
        nextDiscovery = .now + settings.pollInterval
    }

    private func follow(_ model: FollowedModel, _ catalog: Catalog, isTick: Bool) throws {
        if let trouble = model.trouble, ContinuousClock.now < trouble.retryAt { return }
        do {
            let isNew = model.session == nil
            let session = try openSession(of: model, catalog)
            if isTick || isNew { try matchIndexes(model, session) }
            try listWaiting(model, session, isTick: isTick)
            let isStale = model.publishedAt + settings.positionInterval <= .now
            let report = try session.step(publishing: isStale ? .always : .changes)
            take(report, of: model)
            model.neighbors.changed(report.changes.map(\.image))
            if !report.isComplete { bell.ring() }
            try collectWork(model, session)
            if report.isComplete, model.nextVerification <= .now { try repair(model, session) }
            if report.isComplete { try startWork(model, session) }
            if report.isComplete { try takeNeighbors(model, session, isTick: isTick) }
            try tellActivity(model, session)
        } catch is SyncError where stopFlag.isSet {
            return
        } catch {
            return try failed(model, error)
        }
        if let trouble = model.trouble { tellRecovered(trouble, model.model.name) }
        model.trouble = nil
        model.mending = Mending()
    }

    private func openSession(of model: FollowedModel, _ catalog: Catalog) throws -> StoreSession {
        if let session = model.session { return session }
        let session = try StoreSession.open(
            catalog: catalog, model: model.model, folder: folders.folder(ofModel: model.model.name),
            mending: model.mending, keepingDrafts: running?.model == model.model.id)
        model.session = session
        session.interruption = { [stopFlag, notifier] in
            if stopFlag.isSet { throw SyncError.stopped }
            notifier.isAlive()
        }
        if session.readsEverything {
            if let reason = session.rebuildReason {
                logger.warning(
                    "writing the index files anew", metadata: ["model": "\(model.model.name)", "reason": "\(reason)"])
            }
            try say("reading every embedding: " + (session.rebuildReason ?? "first time"), model, session)
        }
        for (subject, reason) in session.mending.words {
            logger.warning(
                "making anew what is damaged",
                metadata: ["model": "\(model.model.name)", "subject": "\(subject)", "reason": "\(reason)"])
        }
        if let running, running.model == model.model.id {
            // Of a store that is written anew the slots are others.
            if session.rebuildReason != nil { running.cancel() }
            // The session before has ended its trainings.
            if let record = running.started?.record { try session.record(record) }
        }
        return session
    }

    private func matchIndexes(_ model: FollowedModel, _ session: StoreSession) throws {
        let match = try session.match(model.wanted)
        for name in match.added { logger.info("index added", metadata: ["index": "\(name)"]) }
        for name in match.dropped {
            logger.info("index dropped", metadata: ["index": "\(name)"])
            model.workTroubles[.index(name)] = nil
        }
        for name in match.changed { logger.info("index asked otherwise", metadata: ["index": "\(name)"]) }
        cancelUnwanted(model)
        for refused in match.refused where model.toldRefused.insert(refused.name).inserted {
            logger.warning(
                "index refused", metadata: ["index": "\(refused.name)", "reason": "\(refused.reason.message)"])
        }
        model.toldRefused.formIntersection(match.refused.map(\.name))
    }

    private func take(_ report: StepReport, of model: FollowedModel) {
        summary.added += report.added
        summary.removed += report.removed
        if report.hasPublished {
            summary.publications += 1
            hasPublished = true
            model.publishedAt = .now
        }
        if report.isComplete { model.isCaughtUp = true }
        if report.unusable > 0 {
            logger.warning(
                "embeddings with numbers that are not finite were left out",
                metadata: ["model": "\(model.model.name)", "embeddings": "\(report.unusable)"])
        }
    }

    private func repair(_ model: FollowedModel, _ session: StoreSession) throws {
        let differences = try session.repair()
        model.nextVerification = .now + settings.verifyInterval
        let metadata: Logger.Metadata = ["model": "\(model.model.name)", "differences": "\(differences)"]
        if differences > 0 {
            logger.warning("index files differed from the catalog and were mended", metadata: metadata)
        } else {
            logger.debug("index files agree with the catalog", metadata: metadata)
        }
    }
}

/// Something that ends the daemon.
private struct Ending: Error {
    let cause: any Error
}

extension SyncDaemon {
    /// The session is forgotten; what is to be done follows from the fault's recovery.
    private func failed(_ model: FollowedModel, _ error: any Error) throws {
        let store = model.session?.store
        forget(model)
        // Then it is not this model's trouble.
        if connection?.isLost ?? true { throw error }
        var cause = error
        if case .fenced = error as? IndexError {
            let holder = store.flatMap { store in
                connection.flatMap { try? Catalog($0).lockHolder(store, model.model.id) }
            }
            cause = SyncError.takenOver(folder: printableName(folders.folder(ofModel: model.model.name)), by: holder)
        }
        let reaction = Reaction(to: cause, of: applicationName)
        if reaction == .end { throw Ending(cause: cause) }
        var trouble = model.trouble ?? Trouble(since: .now)
        if model.trouble == nil { tell(cause, model.model.name) }
        trouble.failed(at: .now, settings.backoff, using: &random)
        if reaction == .mend, model.mending.add(cause, in: folders.folder(ofModel: model.model.name)) {
            // Nothing has to pass first.
            trouble.retryNow(.now)
        }
        model.trouble = trouble
        bell.ring(after: ContinuousClock.now.duration(to: trouble.retryAt))
    }

    /// The connection and everything that hangs on it are forgotten.
    private func databaseFailed(_ error: any Error) throws {
        for model in followed.values { forget(model) }
        connection = nil
        if Reaction(to: error, of: applicationName) == .end { throw error }
        var trouble = databaseTrouble ?? Trouble(since: .now)
        if databaseTrouble == nil { tell(error, "the database") }
        trouble.failed(at: .now, settings.backoff, using: &random)
        databaseTrouble = trouble
        bell.ring(after: ContinuousClock.now.duration(to: trouble.retryAt))
    }

    private func forget(_ model: FollowedModel) {
        model.session?.close()
        model.session = nil
        model.activity = nil
        model.neighbors.forget()
    }

    /// Ends a session in order.
    func release(_ model: FollowedModel) {
        if let session = model.session { try? say(nil, model, session) }
        forget(model)
    }
}

/// What a daemon does about an error.
enum Reaction: Equatable {
    case retry
    /// What is damaged is made anew.
    case mend
    case end

    /// - Parameter name: how PostgreSQL names this process: a lock that it holds itself is one of a connection that was
    ///   lost, which the server will notice.
    init(to error: any Error, of name: String) {
        guard let fault = error as? any Fault else {
            self = .end
            return
        }
        switch (error as? CatalogError, error as? IndexError) {
        case (.storeLocked(_, let holder), _): self = holder?.hasPrefix(name) ?? true ? .retry : .end
        case (_, .locked): self = .end
        default:
            switch fault.recovery {
            case .retryLater: self = .retry
            case .rebuildIndex: self = .mend
            case .askOperator, .quarantineItem: self = .end
            }
        }
    }
}
