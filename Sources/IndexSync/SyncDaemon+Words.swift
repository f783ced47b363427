import Catalog
import Daemons
import Faults
import Logging

extension SyncDaemon {
    /// The one line at the beginning of trouble.
    func tell(_ error: any Error, _ subject: String) {
        let fault = error as? any Fault
        var metadata: Logger.Metadata = ["subject": "\(subject)", "reason": "\(fault?.message ?? "\(error)")"]
        if let hint = fault?.hint { metadata["hint"] = "\(hint)" }
        logger.warning("cannot go on, trying again", metadata: metadata)
        notifier.status("waiting: \(fault?.message ?? "\(error)")")
    }

    /// The one line at its end.
    func tellRecovered(_ trouble: Trouble, _ subject: String) {
        let seconds = (ContinuousClock.now - trouble.since) / .seconds(1)
        logger.notice(
            "recovered",
            metadata: [
                "subject": "\(subject)", "after": "\((seconds * 10).rounded() / 10) s",
                "attempts": "\(trouble.attempts)",
            ])
        notifier.status("following the catalog")
    }

    /// Readiness, once, and a summary now and then.
    func tellProgress() {
        if !isReady, followed.values.allSatisfy(\.isCaughtUp) {
            isReady = true
            notifier.ready()
            notifier.status("following the catalog")
            let rows = followed.values.reduce(0) { $0 + ($1.session?.rows ?? 0) }
            logger.info(
                "caught up with the catalog",
                metadata: ["models": "\(followed.count)", "rows": "\(rows)", "added": "\(summary.added)"])
        }
        guard summary.since + settings.summaryInterval <= .now else { return }
        if summary.added + summary.removed > 0 {
            logger.info(
                "applied changes",
                metadata: [
                    "added": "\(summary.added)", "removed": "\(summary.removed)",
                    "publications": "\(summary.publications)",
                ])
        }
        if summary.searched > 0 {
            logger.info("searched near-duplicates", metadata: ["pictures": "\(summary.searched)"])
        }
        summary = Summary()
    }

    /// Says in the catalog and to the service manager what is being done, if that has changed.
    func tellActivity(_ model: FollowedModel, _ session: StoreSession) throws {
        let built = running.flatMap { $0.model == model.model.id ? $0.words : nil }
        try say(built ?? model.neighbors.words, model, session)
    }

    /// - Parameter activity: nil: it only follows.
    func say(_ activity: String?, _ model: FollowedModel, _ session: StoreSession) throws {
        guard activity != model.activity else { return }
        try session.setActivity(activity)
        model.activity = activity
        notifier.status(activity.map { "\(model.model.name): \($0)" } ?? "following the catalog")
    }
}
