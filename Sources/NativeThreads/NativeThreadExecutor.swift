import Glibc

/// A serial executor that owns one named thread.
///
/// Blocking C (libpq, oneDNN, faiss) runs on actors that have one of these, so that it neither starves the threads that
/// Swift's tasks share nor moves between threads: OpenMP and OpenBLAS keep a pool of threads for each calling thread.
///
///     actor Network {
///         private let thread = NativeThreadExecutor(name: "network")
///         nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
///     }
///
/// The thread starts with the executor and ends, after the jobs that are queued, when the last reference goes.
public final class NativeThreadExecutor: SerialExecutor {
    private let queue = JobQueue()

    /// Starts the thread.
    ///
    /// - Parameter name: what `top -H` and a debugger show; Linux keeps the first 15 bytes.
    public init(name: String) {
        let start = ThreadStart(name: name, queue: queue)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                start.runJobs()
                return nil
            }, Unmanaged.passRetained(start).toOpaque())
        precondition(status == 0, "the system cannot start one more thread: \(String(cString: strerror(status)))")
        pthread_detach(thread)
    }

    deinit { queue.close() }

    /// Puts a job behind those that wait; Swift's runtime calls this.
    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(NativeJob(job: UnownedJob(job), executor: asUnownedSerialExecutor()))
    }
}

private final class ThreadStart: Sendable {
    private let name: String
    private let queue: JobQueue

    init(name: String, queue: JobQueue) {
        self.name = name
        self.queue = queue
    }

    func runJobs() {
        nameThisThread()
        while let job = queue.next() { job.run() }
    }

    /// Names the thread by way of /proc: glibc declares pthread_setname_np as a GNU extension, which Swift does not see.
    private func nameThisThread() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        _ = name.withCString { write(file, $0, min(strlen($0), 15)) }
    }
}
