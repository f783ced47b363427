import Glibc
import SystemPackage

/// A word of a command line, in bytes: a path need not be UTF-8.
struct CommandWord: ExpressibleByStringInterpolation {
    let cString: [CChar]

    init(stringLiteral value: String) { self.init(value) }
    init(_ text: String) { cString = Array(text.utf8CString) }
    init(_ path: FilePath) {
        cString = path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
    }
}

/// What a program did.
struct Outcome {
    /// What it exited with; 128 + n when signal n ended it.
    let status: Int32
    /// What it wrote to its standard output and error, both.
    let output: String
}

/// A program that runs as some user, in the folder `/`, with a clean environment and none of our open files.
///
/// None of our pipes may stay open in it: a server outlives us, and whoever reads our output waits for the last writer to end.
/// Output goes to a file without a name, which can neither fill a pipe nor be mistaken for something else's.
struct ChildProcess {
    let processID: pid_t
    private let output: ScratchFile

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - account: who it runs as; only root can choose another than itself.
    ///   - input: what it reads from its standard input.
    ///   - isDetached: whether it becomes a session of its own, so that signals of our terminal do not reach it.
    static func start(
        _ command: [CommandWord], as account: ServerAccount, input: String = "", isDetached: Bool = false
    ) throws(LocalClusterError) -> ChildProcess {
        var words: [CommandWord] = ["env", "-i", "-C", "/", "PATH=\(searchPath)", "LC_ALL=C.UTF-8"]
        words += isDetached ? ["setsid"] : []
        if geteuid() == 0, account.userID != 0 {
            words += ["setpriv", "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--init-groups", "--"]
        }
        words += command
        let output = try ScratchFile(content: "")
        let source = try ScratchFile(content: input)
        let processID = try spawn(words, input: source.descriptor, output: output.descriptor)
        return ChildProcess(processID: processID, output: output)
    }

    /// Runs a program to its end.
    static func run(
        _ command: [CommandWord], as account: ServerAccount, input: String = ""
    ) throws(LocalClusterError) -> Outcome {
        let child = try start(command, as: account, input: input)
        while true {
            if let outcome = child.outcome(waiting: true) { return outcome }
        }
    }

    /// What it did, when it has ended.
    func outcome(waiting: Bool = false) -> Outcome? {
        var status: Int32 = 0
        guard waitpid(processID, &status, waiting ? 0 : WNOHANG) == processID else { return nil }
        let signal = status & 0x7F
        return Outcome(status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: outputSoFar)
    }

    /// The end of what it wrote, in one line.
    var outputSoFar: String { endOfFile(output.descriptor) }

    /// Where programs are looked for: where Debian has them, and then where the caller has.
    private static var searchPath: String {
        let standard = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return getenv("PATH").map { standard + ":" + String(cString: $0) } ?? standard
    }

    private static func spawn(_ words: [CommandWord], input: Int32, output: Int32) throws(LocalClusterError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        for descriptor in openDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A signal that we block or ignore would stay so in the program.
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0.cString) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var processID: pid_t = 0
        let status = posix_spawn(&processID, "/usr/bin/env", &actions, &attributes, arguments, &environment)
        guard status == 0 else {
            throw .cannotSpawn(program: "/usr/bin/env", reason: String(cString: strerror(status)))
        }
        return processID
    }

    /// The descriptors that are open now. One that another thread opens before the program starts is missed, unless it closes
    /// on exec, as nearly all do.
    private static func openDescriptors() -> [Int32] { namesInFolder("/proc/self/fd").compactMap { Int32($0) } }
}

/// A file without a name, gone when it is closed.
final class ScratchFile {
    let descriptor: Int32

    /// Makes a file with some content, to be read from its beginning.
    init(content: String) throws(LocalClusterError) {
        var template = Array("/tmp/likeness-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .cannotCreate("/tmp", reason: String(cString: strerror(errno))) }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var text = content
        let written = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
        guard written == content.utf8.count, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .cannotCreate("/tmp", reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }
}
