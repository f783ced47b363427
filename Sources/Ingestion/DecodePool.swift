import Embeddings
import Faults
import Glibc
import Imaging
import Synchronization
import SystemPackage

/// Worker processes that decode pictures and prepare them for a model, so that no file can harm the process that ingests.
///
/// A worker that ends costs the file that it had; one that takes too long is ended. Workers start when there is work for
/// them, one after the other, and end with the pool or with its process, in whatever way that ends.
///
/// Memory: most pictures are decoded within ``freeMemory`` a worker. One that needs more is told so by its header, before
/// anything is allocated, and waits until so much of ``DecodeLimits/maxMemoryBytes`` is free that all workers share.
public final class DecodePool: Sendable {
    /// Bytes that each worker may decode with at any time: enough for a JPEG in one pass of any size, and for a progressive
    /// one, a PNG or a WebP of 5 megapixels.
    static let freeMemory = 16 << 20

    /// The most workers that run at a time.
    public let size: Int
    private let limits: DecodeLimits
    private let memory: ByteBudget
    private let workers: [PooledWorker]
    private let state: Mutex<State>

    private struct State {
        /// The one that worked last is the first to work again: no more start than are needed at once.
        var idle: [PooledWorker]
        var line: [CheckedContinuation<PooledWorker, Never>] = []
    }

    /// A pool whose workers are not started yet.
    ///
    /// - Parameters:
    ///   - preparation: what the pictures are decoded for.
    ///   - workers: the most that run at a time; all online cores unless given, at least 1.
    ///   - timeLimit: after which a picture is given up, as the clock on the wall goes.
    ///   - limits: what a picture may cost; the memory is that of all workers together.
    ///   - program: a `likeness` that has the command `decode-worker`; the running one unless given.
    public init(
        preparation: PicturePreparation, workers: Int? = nil, timeLimit: Duration = .seconds(30),
        limits: DecodeLimits = .shared, program: FilePath = "/proc/self/exe"
    ) {
        size = max(1, workers ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        self.limits = limits
        memory = ByteBudget(limits.maxMemoryBytes)
        let settings = DecodeSettings(
            parent: getpid(), preparation: preparation.rawValue, maxPixels: limits.maxPixels,
            maxScans: limits.maxScans, maxFileBytes: limits.maxFileBytes, maxMemoryBytes: limits.maxMemoryBytes)
        let plan = WorkerPlan(
            program: program, settings: settings, preparation: preparation, timeLimit: timeLimit)
        self.workers = (0..<size).map { PooledWorker(number: $0, plan) }
        state = Mutex(State(idle: self.workers.reversed()))
    }

    /// Starts one worker, so that an installation that is broken is told before there is work.
    ///
    /// - Throws: ``IngestionError/workerDoesNotStart(program:reason:words:)``.
    public func start() async throws(IngestionError) {
        let worker = await takeWorker()
        defer { giveBack(worker) }
        try await worker.warmUp()
    }

    /// Has a file decoded; waits for a worker that is free.
    ///
    /// - Parameter take: gets the prepared values, on the worker's thread; they are gone when it returns.
    /// - Returns: what `take` returns.
    /// - Throws: what concerns all files, and `CancellationError`; what concerns this one is a failure.
    func decode<T: Sendable>(
        _ file: SharedMemory, take: @Sendable (PictureFacts, UnsafeBufferPointer<Float>) -> T
    ) async throws -> Decoded<T> {
        let most = limits.maxMemoryBytes
        var share = min(Self.freeMemory, most)
        var outcome = try await decode(file, memoryLimit: share, take)
        while case .failure(let refusal) = outcome.result, refusal.wantsMemory, share < most {
            let needed = refusal.neededMemory ?? most
            share = needed > share ? min(needed, most) : most
            outcome = try await decode(file, sharing: share, take).after(outcome.seconds)
        }
        return outcome
    }

    private func decode<T: Sendable>(
        _ file: SharedMemory, sharing bytes: Int, _ take: @Sendable (PictureFacts, UnsafeBufferPointer<Float>) -> T
    ) async throws -> Decoded<T> {
        await memory.take(bytes)
        defer { memory.giveBack(bytes) }
        return try await decode(file, memoryLimit: bytes, take)
    }

    private func decode<T: Sendable>(
        _ file: SharedMemory, memoryLimit: Int, _ take: @Sendable (PictureFacts, UnsafeBufferPointer<Float>) -> T
    ) async throws -> Decoded<T> {
        let worker = await takeWorker()
        defer { giveBack(worker) }
        try Task.checkCancellation()
        return try await worker.decode(file, memoryLimit: memoryLimit, take: take)
    }

    private func takeWorker() async -> PooledWorker {
        await withCheckedContinuation { turn in
            let worker = state.withLock { state -> PooledWorker? in
                if let worker = state.idle.popLast() { return worker }
                state.line.append(turn)
                return nil
            }
            if let worker { turn.resume(returning: worker) }
        }
    }

    private func giveBack(_ worker: PooledWorker) {
        let turn = state.withLock { state -> CheckedContinuation<PooledWorker, Never>? in
            if !state.line.isEmpty { return state.line.removeFirst() }
            state.idle.append(worker)
            return nil
        }
        turn?.resume(returning: worker)
    }
}

extension DecodeLimits {
    /// The standard limits with 384 MiB of memory, which all workers of a pool share, so that they, the network and the
    /// files that are being read stay within a gigabyte: enough for a progressive JPEG of 130 megapixels.
    public static let shared = DecodeLimits(maxMemoryBytes: 384 << 20)
}
