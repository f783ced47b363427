import Catalog
import Crypto
import FolderWatching
import Glibc
import Imaging

/// A file whose bytes were read, not yet decoded.
struct ReadFile: Sendable {
    let file: FoundFile
    /// The bytes, where a decode worker can have them.
    let bytes: SharedMemory
    let digest: ContentDigest
    /// The file as it was before and after.
    let stamp: FileStamp

    /// Why a file has no bytes to decode.
    enum Refusal: Error {
        /// It cannot be read, or is too large.
        case failed(FailedFile)
        /// It is not the file that was found any more, or was written while it was read.
        case changed
    }

    /// Reads a file whole, straight into memory that can be shared, and hashes it there.
    ///
    /// - Parameter followsLinks: whether the path may be a symbolic link.
    /// - Throws: ``IngestionError/noSharedMemory(bytes:reason:)``; what concerns this file is a failure.
    static func read(
        _ file: FoundFile, maxBytes: Int, followsLinks: Bool
    ) throws(IngestionError) -> Result<ReadFile, Refusal> {
        // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
        let descriptor = withPath(file.path) { open($0, flags) }
        guard descriptor >= 0 else { return .failure(refusal(file)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(refusal(file)) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return .failure(.failed(FailedFile(file, .notAFile(path: file.path))))
        }
        let stamp = FileStamp(status)
        guard file.stamp.isSameFile(as: stamp) else { return .failure(.changed) }
        let size = Int(stamp.size)
        guard size <= maxBytes else {
            return .failure(.failed(FailedFile(file, .tooLarge(path: file.path, size: size, limit: maxBytes))))
        }
        let bytes = try SharedMemory(size: size)
        let mapped = try bytes.map()
        switch fill(mapped.bytes, from: descriptor) {
        case .whole: break
        case .shorter: return .failure(.changed)
        case .refused: return .failure(refusal(file))
        }
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(mapped.bytes))
        // By its path: another file may have taken the name meanwhile.
        guard withPath(file.path, { fstatat(AT_FDCWD, $0, &status, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) }) == 0,
            stamp == FileStamp(status), let digest = ContentDigest(rawValue: Array(hash.finalize()))
        else { return .failure(.changed) }
        return .success(ReadFile(file: file, bytes: bytes, digest: digest, stamp: stamp))
    }

    private enum Filled { case whole, shorter, refused }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Filled {
        var count = 0
        while count < buffer.count {
            guard let start = buffer.baseAddress else { return .whole }
            let got = Glibc.read(descriptor, start + count, buffer.count - count)
            if got > 0 {
                count += got
            } else if got == 0 {
                return .shorter
            } else if errno != EINTR {
                return .refused
            }
        }
        return .whole
    }

    /// What `errno` says of a file: one that is gone, or has become a link, is not the one that was found.
    private static func refusal(_ file: FoundFile) -> Refusal {
        switch errno {
        case ENOENT, ENOTDIR, ELOOP: .changed
        default: .failed(FailedFile(file, .system(path: file.path, code: errno)))
        }
    }
}

extension FileStamp {
    init(_ status: stat) {
        self.init(
            size: Int64(status.st_size),
            mtimeNanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Whether it is the same file, of the same size and time. The number of a file system changes with every mount.
    func isSameFile(as other: FileStamp) -> Bool { vouches(for: other) && inode == other.inode }
}

/// Calls `body` with a path as the system takes it.
private func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let characters = path.map(CChar.init(bitPattern:)) + [0]
    return characters.withUnsafeBufferPointer { buffer in
        // There is at least the zero at the end.
        buffer.baseAddress.map(body) ?? body("")
    }
}
