import Glibc
import LocalCluster
import SystemPackage

/// Ends what a test process left running, whatever way that process ended.
///
/// A small shell of its own session waits for the end of a pipe that only we hold open, which the system closes with us even
/// when we crash.
public enum Watchdog {
    /// The shell did not start.
    public struct CannotStart: Error, CustomStringConvertible {
        /// The system's reason.
        public let description: String
    }

    /// Sees to it that a server does not outlive this process, nor its folder.
    ///
    /// - Parameters:
    ///   - cluster: need not run, now or at the end.
    ///   - folder: removed at the end with everything in it.
    public static func guardServer(of cluster: LocalCluster, removing folder: FilePath) throws {
        let script = """
            cat > /dev/null
            pid=$(head -n 1 "$1/postmaster.pid" 2> /dev/null)
            case "$pid" in
                [1-9]*) kill -QUIT "$pid"; while [ -e "/proc/$pid/cwd/PG_VERSION" ]; do sleep 0.05; done ;;
            esac
            rm -rf -- "$2"
            """
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CannotStart(description: "no pipe: \(String(cString: strerror(errno)))") }
        // Ours must not stay open in the programs that tests start.
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        // Whoever reads the output of the tests waits until nobody holds it open.
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        for descriptor in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        let words = ["setsid", "sh", "-c", script, "likeness-watchdog", cluster.dataFolder.string, folder.string]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var processID: pid_t = 0
        let status = posix_spawn(&processID, "/usr/bin/setsid", &actions, nil, arguments, environ)
        guard status == 0 else { throw CannotStart(description: "setsid: \(String(cString: strerror(status)))") }
    }
}
