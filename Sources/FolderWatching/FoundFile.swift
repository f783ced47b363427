/// A regular file as a walk or a watch met it.
public struct FoundFile: Sendable, Equatable {
    /// Absolute path without symbolic links in it, but for links that were asked to be followed: bytes, for file names need
    /// not be UTF-8.
    public let path: [UInt8]
    /// Size in bytes.
    public let size: Int64
    /// Time of the last modification, in nanoseconds since 1970.
    public let modified: Int64
    /// Number of the file system, as long as that stays mounted.
    public let device: UInt64
    /// Number of the file in its file system; hard links share it, and it survives a rename.
    public let inode: UInt64

    /// A file of these properties.
    public init(path: [UInt8], size: Int64, modified: Int64, device: UInt64, inode: UInt64) {
        self.path = path
        self.size = size
        self.modified = modified
        self.device = device
        self.inode = inode
    }
}
