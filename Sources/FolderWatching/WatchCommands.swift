import Glibc
import Synchronization

/// What other threads ask of the one that watches, and a pipe that wakes it.
final class WatchCommands: Sendable {
    private struct State {
        var isStopped = false
        var rescans: [[UInt8]] = []
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
        state.withLock { if !$0.rescans.contains(folder) { $0.rescans.append(folder) } }
        wake()
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// What was asked for since the last call.
    func takeRescans() -> [[UInt8]] {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.rescans = [] }
            return state.rescans
        }
    }

    private func wake() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }
}
