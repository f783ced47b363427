import Dispatch
import Synchronization

/// The jobs that wait for one thread, in order.
final class JobQueue: Sendable {
    private struct State {
        var jobs: [NativeJob] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func append(_ job: NativeJob) {
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    /// No job follows: the thread ends after those that are queued.
    func close() {
        state.withLock { $0.isClosed = true }
        available.signal()
    }

    /// Waits for a job; nil when the queue is closed and empty.
    func next() -> NativeJob? {
        available.wait()
        return state.withLock { state in
            state.jobs.isEmpty ? nil : state.jobs.removeFirst()
        }
    }
}

/// A job of Swift's concurrency and the executor it belongs to.
struct NativeJob: Sendable {
    let job: UnownedJob
    let executor: UnownedSerialExecutor

    func run() { job.runSynchronously(on: executor) }
}
