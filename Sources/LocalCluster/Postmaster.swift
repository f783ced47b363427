import Glibc
import SystemPackage

/// The server process of a data folder, as `postmaster.pid` and /proc tell.
struct Postmaster {
    let processID: pid_t
    /// Whether it takes connections.
    let isReady: Bool

    /// The server that runs in a data folder; nil when none does, whatever a stale `postmaster.pid` says.
    static func running(in data: FilePath) -> Postmaster? {
        guard let text = contentOfFile(data.appending("postmaster.pid")) else { return nil }
        let lines = text.split { $0.isNewline }
        guard let first = lines.first, let processID = pid_t(first), processID > 0, lines.count > 1,
            works(processID, in: data)
        else { return nil }
        return Postmaster(processID: processID, isReady: lines[lines.count - 1].hasPrefix("ready"))
    }

    /// All processes of a data folder: those of a server that was killed may outlive it by a moment.
    static func processes(in data: FilePath) -> [pid_t] {
        namesInFolder("/proc").compactMap { pid_t($0) }.filter { works($0, in: data) }
    }

    /// Whether a process has this data folder as its working directory, as every process of a server has.
    ///
    /// The number alone proves nothing: after a crash it may be another program's, or a dead process's whom nobody buried, and
    /// PostgreSQL would take either for its own server and refuse to start.
    static func works(_ processID: pid_t, in data: FilePath) -> Bool {
        var place = stat()
        var folder = stat()
        return stat("/proc/\(processID)/cwd", &place) == 0 && data.withPlatformString { stat($0, &folder) } == 0
            && place.st_dev == folder.st_dev && place.st_ino == folder.st_ino
    }
}
