import Glibc
import Synchronization
import SystemPackage

/// A new folder under /tmp, removed with everything in it when the last reference goes.
public final class TemporaryFolder: Sendable {
    /// Where it is: absolute, without symbolic links.
    public let path: FilePath
    private let isKept = Atomic<Bool>(false)

    /// The folder could not be made.
    public struct CannotMake: Error, CustomStringConvertible {
        /// The system's reason.
        public let description: String
    }

    /// Makes the folder.
    ///
    /// - Parameter isReachableByAll: whether other users may pass through it, as a server needs that runs as one.
    public init(isReachableByAll: Bool = false) throws {
        var template = Array("/tmp/likeness-tests-XXXXXX".utf8CString)
        guard let name = mkdtemp(&template) else {
            throw CannotMake(description: "/tmp: \(String(cString: strerror(errno)))")
        }
        path = FilePath(platformString: name)
        if isReachableByAll { chmod(name, 0o755) }
    }

    /// Leaves the folder to somebody else, who removes it.
    public func keep() { isKept.store(true, ordering: .relaxed) }

    deinit {
        if !isKept.load(ordering: .relaxed) { removeTree(path) }
    }
}

/// Removes a file, or a folder with everything in it; follows no links.
private func removeTree(_ path: FilePath) {
    if path.withPlatformString({ remove($0) }) == 0 { return }
    guard let stream = path.withPlatformString({ opendir($0) }) else { return }
    var names: [FilePath.Component] = []
    while let entry = readdir(stream) {
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            let name = bytes.baseAddress.flatMap {
                FilePath.Component(platformString: $0.assumingMemoryBound(to: CChar.self))
            }
            if let name, name.kind == .regular { names.append(name) }
        }
    }
    closedir(stream)
    for name in names { removeTree(path.appending(name)) }
    _ = path.withPlatformString { rmdir($0) }
}
