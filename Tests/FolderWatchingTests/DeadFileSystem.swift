import Glibc
import Synchronization
import SystemPackage

/// A file system whose server never answers, as that of a network file system that died: whoever looks at it waits until the
/// server ends. Needs the rights to mount.
final class DeadFileSystem: Sendable {
    private let place: FilePath
    private let server: Mutex<Int32?>

    /// Mounts it over a folder.
    init(at place: FilePath) throws {
        let server = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard server >= 0 else { throw Refused("open /dev/fuse") }
        self.place = place
        self.server = Mutex(server)
        let options = "fd=\(server),rootmode=40000,user_id=0,group_id=0"
        guard mount("dead", place.string, "fuse", 0, options) == 0 else { throw Refused("mount \(place)") }
    }

    deinit { end() }

    /// Ends the server: those who wait get an error, and the folder is as it was.
    func end() {
        let descriptor = server.withLock { server in
            defer { server = nil }
            return server
        }
        guard let descriptor else { return }
        close(descriptor)
        umount2(place.string, Int32(MNT_DETACH))
    }
}
