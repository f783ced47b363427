import Glibc
import SystemPackage

/// The lock that one process at a time holds while it makes, starts or stops the server of a home.
///
/// Released when the last reference goes, or the process ends, whatever way.
final class ClusterLock {
    private let descriptor: Int32

    /// Waits for the lock.
    ///
    /// It lies in the home and not with the database: what root opens must not be in a folder where another user can put a link.
    init(home: FilePath) throws(LocalClusterError) {
        let file = home.appending("postgres.lock")
        descriptor = file.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        guard descriptor >= 0 else { throw .cannotCreate(file, reason: String(cString: strerror(errno))) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .cannotCreate(file, reason: String(cString: strerror(errno))) }
        }
    }

    deinit { close(descriptor) }
}
