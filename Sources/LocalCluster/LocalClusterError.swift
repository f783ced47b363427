import Faults
import Glibc
import SystemPackage

/// What can go wrong with the private server.
public enum LocalClusterError: Fault, Equatable {
    /// No server of a version that Likeness supports is installed; `have` lists the ones there are.
    case notInstalled(have: [String], need: Int)
    /// The database was made by another major version than those that are installed.
    case otherVersion(folder: FilePath, madeBy: String, installed: [String])
    /// A folder on the way to the database that the server's user cannot enter.
    case unreachableFolder(FilePath, user: String, home: FilePath)
    /// A folder or file that cannot be made; the reason is the system's.
    case cannotCreate(FilePath, reason: String)
    /// A folder that must be the server's own and is not.
    case untrustedFolder(FilePath, reason: String)
    /// Root cannot run a server, and the user who should does not exist.
    case noServerUser(String)
    /// The system does not start a program.
    case cannotSpawn(program: String, reason: String)
    /// `initdb` gave up; what it said.
    case initializationFailed(folder: FilePath, output: String)
    /// The server ended while it started; what it said.
    case startFailed(folder: FilePath, output: String)
    /// The server runs, but takes no connections yet; it may be repairing itself after a crash.
    case notReady(folder: FilePath, processID: Int32, seconds: Int)
    /// The server does not end.
    case stopFailed(folder: FilePath, processID: Int32, reason: String)

    /// What happened, with the folder.
    public var message: String {
        switch self {
        case .notInstalled(let have, let need):
            have.isEmpty
                ? "PostgreSQL is not installed; \(need) or newer is needed"
                : "PostgreSQL \(have.joined(separator: ", ")) is installed, not \(need) or newer"
        case .otherVersion(let folder, let madeBy, let installed):
            "the private database in \(printableName(folder)) was made by PostgreSQL \(madeBy); "
                + (installed.isEmpty ? "none is installed" : "\(installed.joined(separator: ", ")) is installed")
        case .unreachableFolder(let folder, let user, let home):
            folder == home
                ? "user \(user) cannot enter \(printableName(folder)), where its database is to be"
                : "user \(user) cannot enter \(printableName(folder)), which leads to \(printableName(home))"
        case .cannotCreate(let path, let reason): "cannot write \(printableName(path)): \(reason)"
        case .untrustedFolder(let folder, let reason): "\(printableName(folder)) \(reason)"
        case .noServerUser(let user): "root cannot run a PostgreSQL server, and there is no user \(user) to run it as"
        case .cannotSpawn(let program, let reason): "cannot start \(program): \(reason)"
        case .initializationFailed(let folder, _): "initdb made no database in \(printableName(folder))"
        case .startFailed(let folder, _): "the private PostgreSQL server in \(printableName(folder)) did not start"
        case .notReady(let folder, let processID, let seconds):
            "the private PostgreSQL server in \(printableName(folder)) (process \(processID)) takes no connections "
                + "after \(seconds) seconds"
        case .stopFailed(let folder, let processID, let reason):
            "the private PostgreSQL server in \(printableName(folder)) (process \(processID)) does not stop: \(reason)"
        }
    }

    /// What the program said.
    public var detail: String? {
        switch self {
        case .initializationFailed(_, let output), .startFailed(_, let output): output.isEmpty ? nil : output
        default: nil
        }
    }

    /// The command that mends it.
    public var hint: String? {
        switch self {
        case .notInstalled, .noServerUser:
            "Install it: Scripts/install-packages, or: apt-get install postgresql. Or use a server: --database-url URL"
        case .otherVersion(_, let madeBy, _):
            "Install that version (apt-get install postgresql-\(madeBy)), or choose another home: --home DIR"
        case .unreachableFolder(let folder, _, _):
            "Open it (chmod o+x \(printableName(folder))), or choose another home: --home /var/lib/likeness"
        case .cannotCreate: "Look at its owner and the space left (ls -ld, df -h), or choose another home: --home DIR"
        case .untrustedFolder(let folder, _):
            "Look at it (ls -ld \(printableName(folder))) and remove it if it is not needed."
        case .cannotSpawn: "Install it: apt-get install coreutils util-linux postgresql"
        case .initializationFailed, .startFailed:
            isDiskFull ? "Free space: df -h" : "Look at the newest file beside it, in log: ls -t"
        case .notReady(_, let processID, _): "Wait, and see what it does: ps -f --pid \(processID)"
        case .stopFailed(_, let processID, _): "See what it does: ps -f --pid \(processID)"
        }
    }

    /// Time mends a server that is not ready, and perhaps a full disk.
    public var recovery: Recovery {
        switch self {
        case .notReady: .retryLater
        case .initializationFailed, .startFailed: isDiskFull ? .retryLater : .askOperator
        default: .askOperator
        }
    }

    /// 73 where a folder cannot be written, 69 where there is no server.
    public var exitStatus: ExitStatus {
        switch self {
        case .cannotCreate, .unreachableFolder, .untrustedFolder: .cannotWrite
        case .initializationFailed: isUnwritable ? .cannotWrite : .databaseUnreachable
        case .startFailed: isUnwritable ? .cannotWrite : .databaseUnreachable
        case .stopFailed: .failed
        case .notInstalled, .otherVersion, .noServerUser, .cannotSpawn, .notReady: .databaseUnreachable
        }
    }

    // The programs run with the messages of the C locale, in which these words are fixed.
    private var isDiskFull: Bool { detail.map { $0.contains("No space left on device") } ?? false }
    private var isUnwritable: Bool {
        isDiskFull || (detail.map { $0.contains("Read-only file system") || $0.contains("Disk quota") } ?? false)
    }
}
