import Crypto
import Glibc

/// The bytes of a file and their SHA-256, which is the identity of the picture in it.
struct FileContent: Sendable {
    let file: FoundFile
    let bytes: [UInt8]
    let sha256: [UInt8]

    /// Reads a file whole; a larger one than `maxBytes` is refused before anything is allocated for it.
    ///
    /// - Throws: `UnreadableFile` with the system's reason.
    /// - Complexity: O(n) in the size of the file; memory for all of it.
    static func read(_ file: FoundFile, maxBytes: Int) throws(UnreadableFile) -> FileContent {
        let descriptor = withPath(file.path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw UnreadableFile(errorClass: "unreadable", reason: lastSystemError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw UnreadableFile(errorClass: "unreadable", reason: lastSystemError())
        }
        let size = Int(status.st_size)
        guard size <= maxBytes else {
            throw UnreadableFile(
                errorClass: "too_large", reason: "the file has \(size) bytes, more than the limit of \(maxBytes)")
        }
        let bytes = try readAll(descriptor, size: size)
        return FileContent(file: file, bytes: bytes, sha256: Array(SHA256.hash(data: bytes)))
    }

    private static func readAll(_ descriptor: Int32, size: Int) throws(UnreadableFile) -> [UInt8] {
        var reason: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if got > 0 {
                    count += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    reason = lastSystemError()
                    return
                }
            }
        }
        if let reason { throw UnreadableFile(errorClass: "unreadable", reason: reason) }
        return bytes
    }
}

/// A file that the system did not let us read.
struct UnreadableFile: Error {
    let errorClass: String
    let reason: String
}
