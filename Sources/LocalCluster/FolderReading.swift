import Glibc
import SystemPackage

/// The names in a folder but `.` and `..`, in no order, those that are not UTF-8 mended; empty when it cannot be read.
func namesInFolder(_ folder: FilePath) -> [String] {
    guard let stream = folder.withPlatformString({ opendir($0) }) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            names.append(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        }
    }
    return names.filter { $0 != "." && $0 != ".." }
}

/// What the system knows of a file, symbolic links not followed; nil when there is none, or none to be seen.
func fileStatus(_ path: FilePath) -> stat? {
    var status = stat()
    return path.withPlatformString { lstat($0, &status) } == 0 ? status : nil
}

/// The first 4 KiB of a file as text; nil when it cannot be read.
func contentOfFile(_ path: FilePath) -> String? {
    guard let descriptor = openForReading(path) else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// The last 2,000 bytes of a file, in one line; nil when it cannot be read.
func endOfFile(_ path: FilePath) -> String? {
    guard let descriptor = openForReading(path) else { return nil }
    defer { close(descriptor) }
    return endOfFile(descriptor)
}

/// The last 2,000 bytes of an open file, in one line; empty when it cannot be read.
func endOfFile(_ descriptor: Int32) -> String {
    let size = lseek(descriptor, 0, SEEK_END)
    let start = max(size - 2000, 0)
    var bytes = [UInt8](repeating: 0, count: max(size - start, 0))
    let count = pread(descriptor, &bytes, bytes.count, start)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        .split { $0.isNewline }.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: "; ")
}

/// Opens a regular file; not what a link leads to, for these folders belong to another user when root reads in them.
private func openForReading(_ path: FilePath) -> Int32? {
    let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
    return descriptor < 0 ? nil : descriptor
}
