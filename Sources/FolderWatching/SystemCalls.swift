import Glibc

/// What the system answered instead of doing something.
package struct SystemError: Error, Equatable {
    let code: Int32

    /// The last error of this thread.
    package static var last: SystemError { SystemError(code: errno) }

    /// The system's words in lower case.
    package var reason: String {
        let words = String(cString: strerror(code))
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

/// Calls `body` with a path or name as the system takes it.
package func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (path + [0]).withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
}

/// The absolute path of a file without symbolic links in it.
func realPath(_ path: [UInt8]) throws(SystemError) -> [UInt8] {
    guard let resolved = withPath(path, { realpath($0, nil) }) else { throw .last }
    defer { free(resolved) }
    return UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map(UInt8.init(bitPattern:))
}

/// What the system knows of a file; a symbolic link itself, not what it leads to.
func statusOf(_ path: [UInt8]) throws(SystemError) -> stat {
    var status = stat()
    guard withPath(path, { lstat($0, &status) }) == 0 else { throw .last }
    return status
}

extension stat {
    /// Time of the last modification, in nanoseconds since 1970.
    var modified: Int64 { Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec) }
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }
}

/// The path of an entry of a folder.
func entryPath(_ folder: [UInt8], _ name: some Sequence<UInt8>) -> [UInt8] {
    folder.last == slash ? folder + name : folder + [slash] + name
}

/// What follows the last slash.
func lastName(of path: [UInt8]) -> ArraySlice<UInt8> { path[((path.lastIndex(of: slash) ?? -1) + 1)...] }

/// Whether a path is a folder or lies anywhere below it.
func isPath(_ path: [UInt8], atOrBelow folder: [UInt8]) -> Bool {
    path.starts(with: folder) && (path.count == folder.count || folder.last == slash || path[folder.count] == slash)
}

let slash = UInt8(ascii: "/")
