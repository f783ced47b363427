import Synchronization

/// Shows how far the searching of near-duplicates has come, on a terminal.
final class NeighborConsole: Sendable {
    private struct State: ~Copyable {
        var bar: ProgressBar
        var start = ContinuousClock.now
    }

    private let state: Mutex<State>

    init(quiet: Bool) { state = Mutex(State(bar: ProgressBar(quiet: quiet))) }

    func show(_ done: Int, of total: Int) {
        state.withLock {
            $0.bar.update(
                done: done, total: total, elapsed: ContinuousClock.now - $0.start, note: "near-duplicates")
        }
    }

    func finish() { state.withLock { $0.bar.clear() } }
}
