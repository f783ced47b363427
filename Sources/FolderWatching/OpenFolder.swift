import Glibc

/// A folder that is open, so that what is learnt of it is of one folder, whatever comes to its place meanwhile.
struct OpenFolder: ~Copyable {
    let path: [UInt8]
    let descriptor: Int32
    let device: UInt64
    let inode: UInt64

    /// - Parameter followsLink: whether the path may be a link to a folder.
    init(_ path: [UInt8], followsLink: Bool) throws(SystemError) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW)
        let opened = withPath(path) { open($0, flags) }
        guard opened >= 0 else { throw .last }
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            let error = SystemError.last
            close(opened)
            throw error
        }
        self.path = path
        descriptor = opened
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    deinit { close(descriptor) }

    /// What is in the folder, in the order of the names' bytes; what went while it was listed is not.
    ///
    /// A folder that cannot be read to its end is an error, not taken for shorter than it is.
    ///
    /// - Complexity: O(n log n) in the number of entries.
    func entries(followsLinks: Bool) throws(SystemError) -> [FolderEntry] {
        var names = try names()
        names.sort { $0.lexicographicallyPrecedes($1) }
        var entries: [FolderEntry] = []
        entries.reserveCapacity(names.count)
        for name in names {
            if let entry = try entry(name, followsLinks: followsLinks) { entries.append(entry) }
        }
        return entries
    }

    private func entry(_ name: [UInt8], followsLinks: Bool) throws(SystemError) -> FolderEntry? {
        var status = stat()
        guard withPath(name, { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            switch errno {
            case ENOENT: return nil
            // Whoever may list a folder and may not enter it can look at nothing in it.
            case EACCES: throw .last
            default: return FolderEntry(name: name, trouble: .last)
            }
        }
        guard status.isLink, followsLinks else { return FolderEntry(name: name, status: status, isLink: false) }
        guard withPath(name, { fstatat(descriptor, $0, &status, 0) }) == 0 else { return nil }
        return FolderEntry(name: name, status: status, isLink: true)
    }

    private func names() throws(SystemError) -> [[UInt8]] {
        // The stream closes its descriptor; this one is needed further.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last }
        guard let stream = fdopendir(copy) else {
            let error = SystemError.last
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        rewinddir(stream)
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .last }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [dot] && name != [dot, dot] { names.append(name) }
        }
    }
}

private let dot = UInt8(ascii: ".")

/// A name in a folder and what it stands for.
struct FolderEntry {
    enum Kind {
        case folder
        case file
        /// A link, a pipe, a socket or a device.
        case other
        /// Something that the system does not let look at.
        case trouble(SystemError)
    }

    let name: [UInt8]
    let kind: Kind
    /// Whether the name is a link to what the other properties are about.
    let isLink: Bool
    let size: Int64
    let modified: Int64
    let device: UInt64
    let inode: UInt64
    /// Type and permissions.
    let mode: UInt32

    init(name: [UInt8], status: stat, isLink: Bool) {
        self.name = name
        self.isLink = isLink
        kind = status.isFolder ? .folder : status.isFile ? .file : .other
        size = Int64(status.st_size)
        modified = status.modified
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = status.st_mode
    }

    init(name: [UInt8], trouble: SystemError) {
        self.name = name
        kind = .trouble(trouble)
        (isLink, size, modified, device, inode, mode) = (false, 0, 0, 0, 0, 0)
    }

    /// The file at this place.
    func file(at path: [UInt8]) -> FoundFile {
        FoundFile(path: path, size: size, modified: modified, device: device, inode: inode)
    }
}
