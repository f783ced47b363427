import Glibc
import Synchronization
import SystemPackage

/// A `likeness` that runs beside the test: a daemon, to be signalled and waited for. Killed with the last reference, and
/// when the test process ends in whatever way.
public final class RunningLikeness: Sendable {
    /// Its process.
    public let processID: pid_t
    private let guardID: pid_t
    private let errorsFile: FilePath
    private let ended = Mutex<Int32?>(nil)
    /// Held open as long as the test lives.
    private let pipeEnd: Int32

    /// It did not start.
    public struct CannotStart: Error, CustomStringConvertible {
        /// The system's reason.
        public let description: String
    }

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - folder: where its standard error is kept.
    ///   - launcher: a program that becomes the one that stands behind it, by its path, and its arguments.
    ///   - environment: all variables that it gets beside `PATH`, `HOME`, `LANG` and `LIKENESS_HOME`.
    public init(
        _ arguments: [String], home: FilePath, errorsIn folder: FilePath, launcher: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        var variables = environment
        for name in ["PATH", "HOME", "LANG"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        variables["LIKENESS_HOME"] = home.string
        errorsFile = folder.appending("errors-\(UInt64.random(in: 0 ... .max))")
        let settings = variables.map { "\($0.key)=\($0.value)" }
        processID = try spawn(
            launcher + [LikenessBinary.path.string] + arguments, environment: settings, input: nil, errors: errorsFile)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CannotStart(description: String(cString: strerror(errno))) }
        // Ours must not stay open in other programs that tests start.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        defer { close(ends[0]) }
        // Waits for the end of the pipe, which the system closes even when this process crashes.
        guardID = try spawn(
            ["/bin/sh", "-c", "cat > /dev/null; kill -KILL \(processID)"], environment: settings, input: ends[0],
            errors: nil)
    }

    deinit {
        // First the one who would kill by number: the number may be another's soon.
        kill(guardID, SIGKILL)
        waitpid(guardID, nil, 0)
        close(pipeEnd)
        if ended.withLock({ $0 }) == nil {
            kill(processID, SIGKILL)
            waitpid(processID, nil, 0)
        }
    }

    /// What it has written to standard error so far.
    public var errors: String {
        guard let descriptor = try? FileDescriptor.open(errorsFile, .readOnly) else { return "" }
        defer { try? descriptor.close() }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Sends a signal.
    public func send(_ signal: Int32) { kill(processID, signal) }

    /// Its exit status, or minus the number of the signal that ended it; nil while it runs.
    public var status: Int32? {
        ended.withLock { ended in
            if let ended { return ended }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            ended = status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
            return ended
        }
    }
}

private func spawn(
    _ words: [String], environment: [String], input: Int32?, errors: FilePath?
) throws(RunningLikeness.CannotStart) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    // Whoever reads the output of the tests waits until nobody holds it open.
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(
        &actions, 2, errors?.string ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    for descriptor in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var processID: pid_t = 0
    let status = posix_spawn(&processID, words[0], &actions, nil, &arguments, &variables)
    guard status == 0 else { throw .init(description: "\(words[0]): \(String(cString: strerror(status)))") }
    return processID
}
