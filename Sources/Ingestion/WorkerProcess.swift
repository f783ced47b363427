import CWorkers
import Embeddings
import FolderWatching
import FoundationEssentials
import Glibc
import SystemPackage

/// A decode worker as its pool has it: a process, a socket to it and the memory that it answers in.
///
/// Killed and waited for with the object. The system kills it too when the thread that started it ends, so that it never
/// outlives its pool's process.
final class WorkerProcess {
    /// What a worker that was waited for has done.
    enum Event {
        case answer(DecodeAnswer)
        /// It has ended: `ended with SIGSEGV`.
        case ended(String)
        /// It has ended before it looked at what it was sent.
        case endedBefore
        case tookTooLong
    }

    /// Its number, valid as long as the object lives.
    let processID: pid_t
    private let socket: Int32
    private let output: MappedMemory
    private let errors: SharedWords
    private var isReaped = false

    /// Starts a process.
    init(_ program: FilePath, _ settings: DecodeSettings, inputLength: Int) throws(IngestionError) {
        let memory = try SharedMemory(size: inputLength * MemoryLayout<Float>.stride)
        let output = try memory.map()
        let errors = try SharedWords()
        var ends: [Int32] = [-1, -1]
        guard cworkers_connect(&ends) == 0 else {
            throw .workerDoesNotStart(program: program.string, reason: SystemError.last.reason, words: nil)
        }
        defer { close(ends[1]) }
        let descriptors = [errors.descriptor, ends[1], memory.descriptor]
        let processID = Self.spawn(program, settings, descriptors)
        guard processID > 0 else {
            let reason = SystemError.last.reason
            close(ends[0])
            throw .workerDoesNotStart(program: program.string, reason: reason, words: nil)
        }
        self.processID = processID
        self.output = output
        self.errors = errors
        socket = ends[0]
    }

    deinit {
        close(socket)
        if !isReaped {
            kill(processID, SIGKILL)
            waitpid(processID, nil, 0)
        }
    }

    /// The last line that it wrote to standard error.
    var lastWords: String? { errors.lastLine }

    /// The prepared picture of the last answer.
    var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(output.bytes.bindMemory(to: Float.self)) }

    /// Hands a file over; false when the process has ended before.
    func send(_ request: DecodeRequest, _ memory: Int32) -> Bool {
        let socket = socket
        return withUnsafeBytes(of: request) { cworkers_send(socket, $0.baseAddress, $0.count, memory) == 0 }
    }

    /// Waits for what it does next.
    ///
    /// Time in which this process itself is stopped, by Ctrl-Z say, counts for no more than a moment.
    func next(within limit: Duration) -> Event {
        let slice = Duration.milliseconds(250)
        var waited = Duration.zero
        while waited < limit {
            var poller = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let wait = min(slice, limit - waited)
            let ready = poll(&poller, 1, Int32((wait / .milliseconds(1)).rounded(.up)))
            if ready > 0 { return receive() }
            // A signal in between makes the wait a little longer, which is no harm.
            if ready == 0 { waited += wait }
        }
        _ = end()
        return .tookTooLong
    }

    private func receive() -> Event {
        let (socket, room) = (socket, 1 << 16)
        var descriptor: Int32 = -1
        var isReset = false
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            let received = cworkers_receive(socket, buffer.baseAddress, room, &descriptor)
            // The system says so when the other end is closed with a message in it that nobody took.
            isReset = received < 0 && errno == ECONNRESET
            count = max(0, received)
        }
        if descriptor >= 0 { close(descriptor) }
        if !bytes.isEmpty, let answer = try? DecodeAnswer.decoder.decode(DecodeAnswer.self, from: Data(bytes)) {
            return .answer(answer)
        }
        let ending = end()
        return isReset ? .endedBefore : .ended(ending)
    }

    /// Kills it, if it has not ended by itself, and says how it ended.
    private func end() -> String {
        // One that is ending keeps the reason that it ends for.
        kill(processID, SIGKILL)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        isReaped = true
        let signal = status & 0x7F
        if signal == 0 { return "ended with status \((status >> 8) & 0xFF)" }
        return "ended with " + (cworkers_signal_name(signal).map { "SIG" + String(cString: $0) } ?? "signal \(signal)")
    }

    private static func spawn(_ program: FilePath, _ settings: DecodeSettings, _ descriptors: [Int32]) -> pid_t {
        let text = (try? JSONEncoder().encode(settings)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var arguments: [UnsafeMutablePointer<CChar>?] = [
            program.withPlatformString { strdup($0) }, strdup(DecodeWorker.command), strdup(text), nil,
        ]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        return program.withPlatformString { cworkers_spawn($0, &arguments, &variables, descriptors) }
    }

    /// The variables of a worker: secrets such as the database's password are none of its business.
    private static var environment: [String] {
        let kept: [String] = [
            "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH",
            // Read by the runtime of AddressSanitizer, which only a program that was built with it has.
            "ASAN_OPTIONS",
        ].compactMap { (name: String) in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        // Libraries that are linked and not used start no threads; large blocks go back to the system; a crash is told by
        // its signal, not by a debugger that takes seconds.
        return kept + [
            "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "OMP_WAIT_POLICY=passive", "MALLOC_ARENA_MAX=1",
            "MALLOC_MMAP_THRESHOLD_=4194304", "MALLOC_TRIM_THRESHOLD_=16777216", "SWIFT_BACKTRACE=enable=no",
        ]
    }
}

/// Standard error of a worker, kept in memory for the day that it does not start.
private struct SharedWords {
    private let memory: SharedMemory
    var descriptor: Int32 { memory.descriptor }

    init() throws(IngestionError) { memory = try SharedMemory(size: 4096) }

    /// The last line with something in it.
    var lastLine: String? {
        guard let mapped = try? memory.map() else { return nil }
        let text = String(decoding: mapped.bytes.prefix { $0 != 0 }, as: UTF8.self)
        return text.split(separator: "\n").last.map(String.init)
    }
}
