import Glibc
import Synchronization

/// What other threads ask of the one that watches, and a pipe that wakes it.
final class WatchCommands: Sendable {
    private struct State {
        var isStopped = false
        var isWatching = false
        /// What the file system was asked about and has not answered.
        var question: (path: [UInt8], since: ContinuousClock.Instant)?
        var asked = Asked()
    }

    /// What was asked for since the last look.
    struct Asked {
        var rescans: [[UInt8]] = []
        /// To tell of all roots how they stand.
        var wantsRoots = false
        /// Those who wait until all is told that has happened by now.
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// What to poll for input.
    let descriptor: Int32
    private let writeEnd: Int32

    init() throws(WatchingError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .noInotify(reason: SystemError.last.reason, isLimit: false) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A full pipe wakes as well as a fuller one.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    func rescan(_ folder: [UInt8]) {
        state.withLock { if !$0.asked.rescans.contains(folder) { $0.asked.rescans.append(folder) } }
        wake()
    }

    func tellRoots() {
        state.withLock { $0.asked.wantsRoots = true }
        wake()
    }

    /// Notes that the file system is asked about something, until the next call; nil: about nothing.
    func ask(about path: [UInt8]?) {
        state.withLock { $0.question = path.map { (path: $0, since: ContinuousClock.now) } }
    }

    /// What the file system was asked about and has not answered, and since when.
    var question: (path: [UInt8], since: ContinuousClock.Instant)? { state.withLock { $0.question } }

    /// Waits until the one who watches has told all that has happened by now, or watches no more.
    func catchUp() async {
        await withCheckedContinuation { waiter in
            let waits = state.withLock { state in
                guard state.isWatching, !state.isStopped else { return false }
                state.asked.waiters.append(waiter)
                return true
            }
            if waits { wake() } else { waiter.resume() }
        }
    }

    /// Notes that somebody watches.
    func begin() { state.withLock { $0.isWatching = true } }

    /// Notes that nobody watches any more, and lets all go who wait.
    func end() {
        let waiters = state.withLock { state in
            state.isWatching = false
            defer { state.asked.waiters = [] }
            return state.asked.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// What was asked for since the last call; whoever takes waiters lets them go.
    func take() -> Asked {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.asked = Asked() }
            return state.asked
        }
    }

    private func wake() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }
}
