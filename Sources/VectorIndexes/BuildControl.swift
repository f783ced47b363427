import Synchronization

/// How the building of a generation gets on, and the means to end it early; shared by the thread that builds and those who
/// watch.
public final class BuildControl: Sendable {
    private let state = Mutex(State())
    private let cancelled = Atomic(false)

    private struct State {
        var phase = "waiting"
        var fraction = 0.0
    }

    /// Nothing has begun yet.
    public init() {}

    /// Ends the building within 2 seconds; it then throws ``IndexError/cancelled(_:)``.
    public func cancel() { cancelled.store(true, ordering: .releasing) }

    /// Whether ``cancel()`` was called.
    public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// What is being done, in a word or two, and which share of it is done, 0 to 1.
    public var progress: (phase: String, fraction: Double) { state.withLock { ($0.phase, $0.fraction) } }

    /// Says what is being done; builders call it often.
    func report(_ phase: String, _ fraction: Double) {
        state.withLock { $0 = State(phase: phase, fraction: min(1, max(0, fraction))) }
    }

    /// Throws ``IndexError/cancelled(_:)`` once ``cancel()`` was called; builders call it at least twice a second.
    func check(_ index: String) throws(IndexError) {
        if isCancelled { throw .cancelled(index) }
    }
}
