import Daemons
import Dispatch
import Faults
import Logging
import Synchronization

/// The trouble that scout and lanes have with the database, told once at its beginning and once at its end.
final class DatabaseTrouble: Sendable {
    private let backoff: Backoff
    private let logger: Logger
    private let notifier: ServiceNotifier
    private let stopFlag: StopFlag
    private let state = Mutex<Trouble?>(nil)

    init(_ backoff: Backoff, _ logger: Logger, _ notifier: ServiceNotifier, _ stopFlag: StopFlag) {
        self.backoff = backoff
        self.logger = logger
        self.notifier = notifier
        self.stopFlag = stopFlag
    }

    /// Notes an error that may pass.
    ///
    /// - Returns: how long to wait before the next attempt.
    /// - Throws: the error, when waiting helps nothing or the end was asked for.
    func met(_ error: any Error) throws -> Duration {
        guard let fault = error as? any Fault, fault.recovery == .retryLater else { throw error }
        return state.withLock { trouble in
            var random = SystemRandomNumberGenerator()
            var current = trouble ?? Trouble(since: .now)
            // Scout and lanes meet the same trouble at once: that is one attempt.
            if current.retryAt > .now { return current.retryAt - .now }
            current.failed(at: .now, backoff, using: &random)
            if trouble == nil {
                var metadata: Logger.Metadata = ["reason": "\(fault.message)"]
                if let hint = fault.hint { metadata["hint"] = "\(hint)" }
                logger.warning("cannot go on, trying again", metadata: metadata)
                notifier.status("waiting: \(fault.message)")
            }
            trouble = current
            return current.retryAt - .now
        }
    }

    /// Notes that the database did what was asked.
    func isOver() {
        let trouble = state.withLock { trouble in
            defer { trouble = nil }
            return trouble
        }
        guard let trouble else { return }
        let seconds = (ContinuousClock.now - trouble.since) / .seconds(1)
        logger.notice(
            "recovered",
            metadata: ["after": "\((seconds * 10).rounded() / 10) s", "attempts": "\(trouble.attempts)"])
    }
}
