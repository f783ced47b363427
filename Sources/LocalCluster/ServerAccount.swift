import Glibc
import SystemPackage

/// The system user that the server runs as.
struct ServerAccount: Equatable {
    /// As /etc/passwd has it; nil for a user id without an entry.
    let name: String?
    let userID: uid_t
    let groupID: gid_t

    /// Who runs the server of a folder: whoever asks; for root, which no PostgreSQL server runs as, the folder's owner, and
    /// `postgres` where there is none yet.
    static func serving(_ folder: FilePath) throws(LocalClusterError) -> ServerAccount {
        if geteuid() != 0 {
            return account(userID: geteuid()) ?? ServerAccount(name: nil, userID: geteuid(), groupID: getegid())
        }
        if let owner = fileStatus(folder)?.st_uid, owner != 0, let account = account(userID: owner) { return account }
        guard let postgres = account(name: "postgres") else { throw .noServerUser("postgres") }
        return postgres
    }

    /// What to call it in a message.
    var printableName: String { name ?? "\(userID)" }

    private static func account(userID: uid_t) -> ServerAccount? {
        lookUp { entry, buffer, size, result in getpwuid_r(userID, entry, buffer, size, result) }
    }

    private static func account(name: String) -> ServerAccount? {
        lookUp { entry, buffer, size, result in getpwnam_r(name, entry, buffer, size, result) }
    }

    private static func lookUp(
        _ ask: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> ServerAccount? {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, ask(&entry, start, buffer.count, &result) == 0, result != nil else {
                return nil
            }
            return ServerAccount(name: String(cString: entry.pw_name), userID: entry.pw_uid, groupID: entry.pw_gid)
        }
    }
}
