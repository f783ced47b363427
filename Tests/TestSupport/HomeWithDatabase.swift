import Glibc
import LocalCluster
import SystemPackage

/// A home with a private server of its own, stopped and removed when the last reference goes.
public final class HomeWithDatabase: Sendable {
    private let folder: TemporaryFolder
    /// The home folder.
    public let path: FilePath

    /// Makes the folder and a server without fsync; the binary finds it running.
    public init() throws {
        folder = try TemporaryFolder(isReachableByAll: true)
        path = folder.path
        try LocalCluster(home: path, durability: .testing).start()
    }

    deinit { try? LocalCluster(home: path).stop() }
}
