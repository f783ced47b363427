import Embeddings
import Faults
import Glibc
import NativeThreads
import SystemPackage

/// One place of a pool: a worker process, started when there is work, and anew when it has ended.
actor PooledWorker {
    /// The process is started on this thread, and dies with it.
    private let thread: NativeThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let plan: WorkerPlan
    private var process: WorkerProcess?

    init(number: Int, _ plan: WorkerPlan) {
        thread = NativeThreadExecutor(name: "decoder-\(number)")
        self.plan = plan
    }

    /// Has a file decoded and gives what `take` makes of the prepared values while they last.
    ///
    /// - Throws: what concerns all files; what concerns this one is an answer.
    func decode<T: Sendable>(
        _ file: SharedMemory, memoryLimit: Int, take: @Sendable (PictureFacts, UnsafeBufferPointer<Float>) -> T
    ) throws(IngestionError) -> Decoded<T> {
        let memory = try file.readOnlyDescriptor()
        defer { close(memory) }
        let request = DecodeRequest(fileSize: file.size, memoryLimit: memoryLimit)
        for _ in 0..<plan.startAttempts {
            // A worker that ended while it had nothing to do is none of this file's doing.
            if process?.send(request, memory) != true {
                try start()
                guard process?.send(request, memory) == true else { continue }
            }
            let start = ContinuousClock.now
            guard let event = process?.next(within: plan.timeLimit) else { continue }
            if case .endedBefore = event {
                process = nil
                continue
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return Decoded(result: try result(of: event, take), seconds: seconds)
        }
        throw doesNotStart("it hangs up")
    }

    private func result<T>(
        of event: WorkerProcess.Event, _ take: (PictureFacts, UnsafeBufferPointer<Float>) -> T
    ) throws(IngestionError) -> Result<T, RefusedPicture> {
        switch event {
        case .answer(.prepared(let facts)):
            guard let values = process?.values else { throw doesNotStart("it is gone") }
            return .success(take(facts, values))
        case .answer(.refused(let refusal)): return .failure(refusal)
        case .answer(.ready): throw doesNotStart("it answers something else")
        case .endedBefore: throw doesNotStart("it hangs up")
        case .ended(let ending):
            process = nil
            return .failure(.crashed(ending))
        case .tookTooLong:
            process = nil
            return .failure(.timedOut(plan.timeLimit))
        }
    }

    /// Starts the process, if it does not run yet.
    func warmUp() throws(IngestionError) {
        if process == nil { try start() }
    }

    /// Starts a process and waits until it is ready; tries again when it ends before, for a moment's lack of memory passes.
    private func start() throws(IngestionError) {
        process = nil
        var ending = ""
        var words: String?
        for attempt in 0..<plan.startAttempts {
            // Nobody else is kept waiting: the thread is this worker's own.
            if attempt > 0 { usleep(useconds_t(100_000 << attempt)) }
            let started = try WorkerProcess(
                plan.program, plan.settings, inputLength: plan.preparation.inputLength)
            switch started.next(within: plan.startLimit) {
            case .answer(.ready):
                process = started
                return
            case .answer: ending = "it answers something else"
            case .ended(let how): ending = "it " + how
            case .endedBefore: ending = "it hangs up"
            case .tookTooLong: ending = "it is not ready after \(plan.startLimit)"
            }
            words = started.lastWords
        }
        throw .workerDoesNotStart(program: plan.program.string, reason: ending, words: words)
    }

    private func doesNotStart(_ reason: String) -> IngestionError {
        process = nil
        return .workerDoesNotStart(program: plan.program.string, reason: reason, words: nil)
    }
}

/// What a worker made of a file, and the seconds that it had it.
struct Decoded<T: Sendable>: Sendable {
    let result: Result<T, RefusedPicture>
    let seconds: Double

    /// The same after an attempt that took some seconds.
    func after(_ seconds: Double) -> Self { Decoded(result: result, seconds: self.seconds + seconds) }
}

/// What all workers of a pool have in common.
struct WorkerPlan: Sendable {
    let program: FilePath
    let settings: DecodeSettings
    let preparation: PicturePreparation
    /// How long a picture may take.
    let timeLimit: Duration
    /// How long a process may take until it is ready, on a busy machine.
    let startLimit = Duration.seconds(60)
    let startAttempts = 3
}
