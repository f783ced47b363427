import NativeThreads
import Synchronization

/// The share of a processor that some work beside the steps gets, looked at from the daemon's own thread.
final class ProcessorShare: Sendable {
    /// The time over which it counts.
    private static let interval = Duration.seconds(5)
    /// What a thread of low priority gets beside one of the usual priority.
    private static let fair = 0.1

    private struct Sample {
        let at: ContinuousClock.Instant
        let processorTime: Duration
    }

    private let state = Mutex<(priority: ThreadPriority, since: Sample)?>(nil)

    /// The work begins, on the calling thread.
    func begin(_ priority: ThreadPriority) {
        state.withLock { $0 = (priority, Sample(at: .now, processorTime: priority.processorTime)) }
    }

    /// Raises the work from the lowest priority once others leave it less than low priority gets it, or when it is to end soon
    /// and has to get to where it looks whether it is to. To be called about every second.
    func look(isToEnd: Bool) {
        state.withLock { state in
            guard let (priority, since) = state, priority.isLowest else { return }
            let now = Sample(at: .now, processorTime: priority.processorTime)
            var isStarved = false
            if now.at - since.at >= Self.interval {
                isStarved = (now.processorTime - since.processorTime) / (now.at - since.at) < Self.fair
                state?.since = now
            }
            if isStarved || isToEnd { ThreadPriority.raiseLowest() }
        }
    }
}
