import Glibc
import SystemPackage

/// Writes a file so that it is either complete under its name or not there: temporary name, fsync, rename. The rename
/// itself is only sure to survive once ``synchronizeFolder(_:)`` has returned for the folder.
func writeWhole(_ bytes: some Sequence<UInt8>, to path: FilePath) throws(IndexError) {
    var temporary = path
    temporary.extension = (path.extension ?? "") + StoreLayout.temporarySuffix
    let file = try OpenFile(temporary, for: .write, truncating: true)
    try file.write(Array(bytes), at: 0)
    try file.synchronize()
    guard temporary.withPlatformString({ from in path.withPlatformString { rename(from, $0) } }) == 0 else {
        throw .file(.write, path, .current)
    }
}

/// Makes the names in a folder, renames included, survive a crash.
func synchronizeFolder(_ folder: FilePath) throws(IndexError) {
    try OpenFile(folder, for: .read).synchronize()
}

/// Makes a folder and those above it that are missing, so that they survive a crash.
func createFolder(_ folder: FilePath) throws(IndexError) {
    let above = folder.removingLastComponent()
    if makeFolder(folder) == .noSuchFileOrDirectory, !above.isEmpty { try createFolder(above) }
    guard let errno = makeFolder(folder) else { return try synchronizeFolder(above.isEmpty ? "." : above) }
    if errno != .fileExists { throw .file(.write, folder, errno) }
}

private func makeFolder(_ folder: FilePath) -> Errno? {
    folder.withPlatformString { mkdir($0, 0o755) } == 0 ? nil : .current
}

/// The names in a folder, in no order; none when it does not exist. Names that are not UTF-8 are left out: a store gives
/// none.
func names(in folder: FilePath) throws(IndexError) -> [String] {
    guard let stream = folder.withPlatformString({ opendir($0) }) else {
        let errno = Errno.current
        if errno == .noSuchFileOrDirectory { return [] }
        throw .file(.list, folder, errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(validating: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let name, name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// Takes a name away. A file that is not there is no error, nor is one that cannot be removed: it only takes up space.
func removeFile(_ path: FilePath) {
    _ = path.withPlatformString { unlink($0) }
}

/// Gives a file another name on the same disk.
func move(_ path: FilePath, to other: FilePath) throws(IndexError) {
    guard path.withPlatformString({ from in other.withPlatformString { rename(from, $0) } }) == 0 else {
        throw .file(.write, other, .current)
    }
}

/// Takes a folder away with all that is in it. One that is not there is no error. Symbolic links are not followed.
func removeTree(_ folder: FilePath) throws(IndexError) {
    for name in try names(in: folder) {
        let path = folder.appending(name)
        if path.withPlatformString({ unlink($0) }) != 0, Errno.current == .isDirectory || Errno.current == .notPermitted
        {
            try removeTree(path)
        }
    }
    removeEmptyFolder(folder)
}

/// Takes a folder away if nothing is in it.
func removeEmptyFolder(_ path: FilePath) {
    _ = path.withPlatformString { rmdir($0) }
}

/// The whole contents of a file; nil when there is none.
func contents(of path: FilePath) throws(IndexError) -> [UInt8]? {
    let file: OpenFile
    do {
        file = try OpenFile(path, for: .read)
    } catch .file(_, _, .noSuchFileOrDirectory) {
        return nil
    }
    let size = try file.size()
    return try file.read(count: size, at: 0)
}

/// A file that is open, and closed with the last reference.
final class OpenFile: Sendable {
    enum Purpose { case read, write }

    let path: FilePath
    private let descriptor: FileDescriptor

    /// - Parameters:
    ///   - purpose: a file to write is created when it is not there.
    ///   - truncating: throw away what it holds.
    init(_ path: FilePath, for purpose: Purpose, truncating: Bool = false) throws(IndexError) {
        self.path = path
        var options: FileDescriptor.OpenOptions = [.closeOnExec]
        if purpose == .write { options.insert(.create) }
        if truncating { options.insert(.truncate) }
        do {
            descriptor = try FileDescriptor.open(
                path, purpose == .read ? .readOnly : .readWrite, options: options,
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw .file(purpose == .read ? .read : .write, path, errno(of: error))
        }
    }

    deinit { try? descriptor.close() }

    /// Its length in bytes.
    func size() throws(IndexError) -> Int { Int(try status().st_size) }

    /// Which file it is, whatever its name.
    func identity() throws(IndexError) -> FileIdentity {
        let status = try status()
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private func status() throws(IndexError) -> stat {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw .file(.read, path, .current) }
        return status
    }

    /// Writes all bytes, from `offset` on.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(IndexError) {
        do {
            try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
        } catch {
            throw .file(.write, path, errno(of: error))
        }
    }

    /// Writes all bytes, from `offset` on.
    func write(_ bytes: [UInt8], at offset: Int) throws(IndexError) {
        try bytes.withUnsafeBufferPointer { bytes throws(IndexError) in
            try write(UnsafeRawBufferPointer(bytes), at: offset)
        }
    }

    /// Reads up to `count` bytes, fewer only at the end of the file.
    func read(count: Int, at offset: Int) throws(IndexError) -> [UInt8] {
        do {
            return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                while filled < count {
                    let read = try descriptor.read(
                        fromAbsoluteOffset: Int64(offset + filled), into: .init(rebasing: bytes[filled...]))
                    if read == 0 { return }
                    filled += read
                }
            }
        } catch {
            throw .file(.read, path, errno(of: error))
        }
    }

    /// Cuts the file to, or fills it with zeros up to, `size` bytes.
    func resize(to size: Int) throws(IndexError) {
        do {
            try descriptor.resize(to: Int64(size))
        } catch {
            throw .file(.write, path, errno(of: error))
        }
    }

    /// Returns once the disk has what was written. After an error nobody knows what it has, and asking again would only
    /// seem to help: Linux forgets the pages that it could not write.
    func synchronize() throws(IndexError) {
        guard fsync(descriptor.rawValue) == 0 else { throw .file(.synchronize, path, .current) }
    }

    /// Takes the lock that one open file at a time can have; false when another one has it. It ends with the file.
    func tryLock() throws(IndexError) -> Bool {
        if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return true }
        let errno = Errno.current
        if errno == .wouldBlock { return false }
        throw .file(.lock, path, errno)
    }

    /// Gives the lock back. Closing the file alone would not while a child that was just forked still has it open.
    func unlock() { _ = flock(descriptor.rawValue, LOCK_UN) }

    /// Maps the first `count` bytes, which the file must have.
    func map(count: Int) throws(IndexError) -> MappedBytes {
        guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor.rawValue, 0), start != MAP_FAILED else {
            throw .file(.map, path, .current)
        }
        return MappedBytes(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// Tells files apart for as long as one of them is open or mapped.
struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// The beginning of a file as memory, for as long as a reference lives; the file may be unlinked meanwhile.
final class MappedBytes: Sendable {
    // The memory is mapped without the right to write, and stays until deinit.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    fileprivate init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

extension Errno {
    /// What the last call that failed on this thread left behind.
    static var current: Errno { Errno(rawValue: Glibc.errno) }
}

/// swift-system throws nothing but `Errno`, but does not say so in types.
private func errno(of error: any Error) -> Errno { error as? Errno ?? .ioError }
