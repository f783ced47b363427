import Glibc

/// Every regular file below the paths that a person named, folder by folder, each folder in the order of its names' bytes.
///
/// Symbolic links are not followed, so that loops are harmless; only the paths that were named may themselves be links.
/// A path is met once, however many of the named paths lead to it. Pipes, sockets and devices are passed over.
///
/// - Complexity: O(n log n) in the number of entries of a folder; memory for one folder's names a level.
package struct FolderWalk: Sequence, IteratorProtocol {
    private var stack: [Entry] = []
    private var visited: Set<[UInt8]> = []

    private struct Entry {
        let path: [UInt8]
        /// Named by a person: it is taken whatever it is called, and followed if it is a link.
        let isNamed: Bool
    }

    package init(_ paths: [[UInt8]]) {
        stack = paths.reversed().map { Entry(path: $0, isNamed: true) }
    }

    package mutating func next() -> WalkEvent? {
        while let entry = stack.popLast() {
            if let event = visit(entry) { return event }
        }
        return nil
    }

    private mutating func visit(_ entry: Entry) -> WalkEvent? {
        guard let path = entry.isNamed ? realPath(entry.path) : entry.path else {
            return .unreadable(path: entry.path, reason: lastSystemError())
        }
        var status = stat()
        guard withPath(path, { lstat($0, &status) }) == 0 else {
            // Gone between the listing and this look: it is no longer in the folder, and nothing is wrong.
            return errno == ENOENT ? nil : .unreadable(path: path, reason: lastSystemError())
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            guard visited.insert(path).inserted else { return nil }
            return list(path)
        case S_IFREG:
            guard entry.isNamed || looksLikePicture(path) else { return nil }
            guard visited.insert(path).inserted else { return nil }
            let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            return .file(FoundFile(path: path, size: Int64(status.st_size), modified: modified))
        default:
            return entry.isNamed ? .unreadable(path: path, reason: "is neither a file nor a folder") : nil
        }
    }

    /// Puts a folder's entries on the stack; an event only if the folder cannot be read.
    private mutating func list(_ path: [UInt8]) -> WalkEvent? {
        guard let folder = withPath(path, { opendir($0) }) else {
            return .unreadable(path: path, reason: lastSystemError())
        }
        defer { closedir(folder) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                // A folder that cannot be read to its end is told, not taken for shorter than it is.
                if errno != 0 { return .unreadable(path: path, reason: lastSystemError()) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                    Array(UnsafeBufferPointer(start: bytes, count: 256).prefix { $0 != 0 })
                }
            }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        let prefix = path.last == UInt8(ascii: "/") ? path : path + [UInt8(ascii: "/")]
        names.sort { $1.lexicographicallyPrecedes($0) }
        stack += names.map { Entry(path: prefix + $0, isNamed: false) }
        return nil
    }
}

/// Whether a file met in a folder is taken for a picture: by the ending of its name, or by its first bytes.
///
/// A folder of photos holds other things (notes, databases of thumbnails), which are no failures. What is called a
/// picture and is none, is one.
private func looksLikePicture(_ path: [UInt8]) -> Bool {
    let name = path.suffix(while: UInt8(ascii: "/"))
    if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex {
        let ending = String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        if pictureEndings.contains(ending) { return true }
    }
    let descriptor = withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) }
    // What this user may not read may well be a picture: it is told as one that cannot be read.
    guard descriptor >= 0 else { return errno == EACCES }
    defer { close(descriptor) }
    var start: [UInt8] = [0, 0, 0]
    return read(descriptor, &start, 3) == 3 && start == [0xFF, 0xD8, 0xFF]
}

private let pictureEndings: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif",
]

extension [UInt8] {
    fileprivate func suffix(while separator: UInt8) -> ArraySlice<UInt8> {
        self[((lastIndex(of: separator) ?? -1) + 1)...]
    }
}

/// Calls `body` with a path as the system takes it.
func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (path + [0]).withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
}

private func realPath(_ path: [UInt8]) -> [UInt8]? {
    guard let resolved = withPath(path, { realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map(UInt8.init(bitPattern:))
}

/// The system's words for the last error, in lower case.
func lastSystemError() -> String {
    let words = String(cString: strerror(errno))
    return words.prefix(1).lowercased() + words.dropFirst()
}
