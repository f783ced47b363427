import Glibc
import SystemPackage

/// A file mapped into memory for reading, unmapped with its owner.
///
/// Pages come in as they are touched. A file that somebody shortens while it is mapped ends the process when the lost part
/// is read; weights are read once, at load.
final class MappedFile {
    let path: FilePath
    let bytes: UnsafeRawBufferPointer

    init(_ path: FilePath) throws(EmbeddingError) {
        let (descriptor, size) = try openForReading(path)
        defer { close(descriptor) }
        self.path = path
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        // Populated at once: a weights file is read from end to end.
        let start = mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0)
        guard let start, start != MAP_FAILED else {
            throw .weightsUnreadable(path, reason: String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}

/// Opens a regular file; the caller closes the descriptor.
func openForReading(_ path: FilePath) throws(EmbeddingError) -> (descriptor: Int32, size: Int) {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer forever.
    let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
        if errno == ENOENT { throw .weightsMissing(path) }
        throw .weightsUnreadable(path, reason: String(cString: strerror(errno)))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .weightsUnreadable(path, reason: "it is not a regular file")
    }
    return (descriptor, Int(status.st_size))
}
