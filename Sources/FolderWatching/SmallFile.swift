import Glibc

/// The bytes of a file, and whether it holds more than were asked for.
struct SmallFile {
    let bytes: [UInt8]
    let isCut: Bool
}

/// The first bytes of a regular file; a link is not followed, and nothing else is opened in a way that could wait.
func contentOfSmallFile(_ path: [UInt8], limit: Int, below folder: Int32 = AT_FDCWD) throws(SystemError) -> SmallFile {
    let descriptor = withPath(path) { openat(folder, $0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else { throw .last }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last }
    guard status.isFile else { throw SystemError(code: EISDIR) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
        let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
        if got < 0 {
            if errno == EINTR { continue }
            throw .last
        }
        if got == 0 { break }
        count += got
    }
    return SmallFile(bytes: Array(bytes[..<min(count, limit)]), isCut: count > limit)
}
