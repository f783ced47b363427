import Glibc
import SystemPackage

/// Where the server's Unix socket lies.
struct SocketFolder: Equatable {
    let path: FilePath
    /// Whether it is outside of the home, because the home's path is too long.
    let isOutsideHome: Bool

    /// The longest path of a Unix socket, in bytes. Source: `sun_path` of unix(7), 108 with its zero byte.
    private static let longestSocketPath = 107

    /// `run` beside the data where the socket's path fits, else a folder under /run (root) or /tmp with a name made from the
    /// home's.
    init(clusterFolder: FilePath, home: FilePath) {
        let inside = clusterFolder.appending("run")
        let bytes = inside.withPlatformString { strlen($0) } + "/.s.PGSQL.5432".utf8.count
        // libpq takes text; a home whose name is not UTF-8 gets a socket whose name is.
        let isText = inside.withPlatformString { String(validatingCString: $0) } != nil
        if bytes <= Self.longestSocketPath, isText {
            self.init(path: inside, isOutsideHome: false)
        } else {
            let name = "likeness-\(geteuid())-" + Self.digest(of: home)
            self.init(path: FilePath(geteuid() == 0 ? "/run/" + name : "/tmp/" + name), isOutsideHome: true)
        }
    }

    private init(path: FilePath, isOutsideHome: Bool) { (self.path, self.isOutsideHome) = (path, isOutsideHome) }

    /// Makes the folder, and refuses one that anybody else could have a hand in.
    ///
    /// In /tmp everybody can guess the name and be there first; mkdir follows no link, and a folder that exists must be a
    /// folder, the server's own and closed to all others. The sticky bit then keeps it in place.
    func prepare(for account: ServerAccount) throws(LocalClusterError) {
        if path.withPlatformString({ mkdir($0, 0o700) }) == 0 {
            let isOwned = path.withPlatformString { lchown($0, account.userID, account.groupID) } == 0
            guard isOwned else { throw .cannotCreate(path, reason: String(cString: strerror(errno))) }
        } else if errno != EEXIST {
            throw .cannotCreate(path, reason: String(cString: strerror(errno)))
        }
        try requirePrivate(path, of: account)
    }

    /// 64 bits of the home's path in hexadecimal. Source: FNV-1a. Two homes that collide get the error of a socket in use.
    private static func digest(of home: FilePath) -> String {
        let hash = home.withPlatformString { path in
            UnsafeBufferPointer(start: path, count: strlen(path)).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                hash, byte in
                (hash ^ UInt64(UInt8(bitPattern: byte))) &* 0x100_0000_01b3
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Refuses a folder that is not one, is another's, or is open to others.
func requirePrivate(_ folder: FilePath, of account: ServerAccount) throws(LocalClusterError) {
    guard let status = fileStatus(folder) else {
        throw .cannotCreate(folder, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .untrustedFolder(folder, reason: "is not a folder, and the server needs one of that name")
    }
    guard status.st_uid == account.userID else {
        let reason = "belongs to user \(status.st_uid), not to \(account.printableName), who runs the server"
        throw .untrustedFolder(folder, reason: reason)
    }
    guard status.st_mode & 0o077 == 0 else {
        let mode = String(status.st_mode & 0o777, radix: 8)
        throw .untrustedFolder(folder, reason: "is open to others (mode \(mode), not 700)")
    }
}
