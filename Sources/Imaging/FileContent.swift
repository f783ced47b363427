import Crypto
import Faults
import Glibc

/// The bytes of a file and their SHA-256, which is the identity of the picture in it.
public struct FileContent: Sendable {
    /// The whole file.
    public let bytes: [UInt8]
    /// SHA-256 of the bytes, 32 bytes.
    public let sha256: [UInt8]

    /// Reads a file whole; a larger one than `maxBytes` is refused before anything is allocated for it.
    ///
    /// - Parameter path: a path as the system takes it, without a NUL.
    /// - Throws: `UnreadableFile` with the system's reason.
    /// - Complexity: O(n) in the size of the file; memory for all of it.
    public static func read(_ path: [UInt8], maxBytes: Int = DecodeLimits.standard.maxFileBytes) throws(UnreadableFile)
        -> FileContent
    {
        // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        let descriptor = (path + [0]).withUnsafeBytes {
            open($0.bindMemory(to: CChar.self).baseAddress!, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        }
        guard descriptor >= 0 else { throw .system(path: path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        let size = Int(status.st_size)
        guard size <= maxBytes else { throw .tooLarge(path: path, size: size, limit: maxBytes) }
        let bytes = try readAll(descriptor, size: size, path: path)
        return FileContent(bytes: bytes, sha256: Array(SHA256.hash(data: bytes)))
    }

    private static func readAll(_ descriptor: Int32, size: Int, path: [UInt8]) throws(UnreadableFile) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if got > 0 {
                    count += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    code = errno
                    return
                }
            }
        }
        if code != 0 { throw .system(path: path, code: code) }
        return bytes
    }
}

/// A file that could not be read, whatever is in it.
public enum UnreadableFile: Fault, Equatable {
    case system(path: [UInt8], code: Int32)
    case notAFile(path: [UInt8])
    case tooLarge(path: [UInt8], size: Int, limit: Int)

    /// The reason without the path.
    public var reason: String {
        switch self {
        case .system(_, let code):
            let words = String(cString: strerror(code))
            return words.prefix(1).lowercased() + words.dropFirst()
        case .notAFile: return "is a folder, pipe, socket or device, not a file"
        case .tooLarge(_, let size, let limit): return "has \(size) bytes, more than the limit of \(limit)"
        }
    }

    /// The stable word under which the catalog counts it.
    public var errorClass: String {
        if case .tooLarge = self { "too_large" } else { "unreadable" }
    }

    /// The file and the reason.
    public var message: String {
        switch self {
        case .system(let path, _), .notAFile(let path), .tooLarge(let path, _, _): "\(printableName(path)): \(reason)"
        }
    }

    /// How to let this user read it.
    public var hint: String? {
        if case .system(let path, EACCES) = self {
            "Let this user read it: chmod +r '\(printableName(path))'"
        } else {
            nil
        }
    }

    /// What the system refused may pass; a file that is too large stays so.
    public var recovery: Recovery {
        if case .system = self { .retryLater } else { .quarantineItem }
    }
}
