import Glibc
import SystemPackage

/// A file that somebody asked for: written under a temporary name beside its own, so that its own name is a whole file's or
/// nobody's.
final class ExportFile {
    private let path: FilePath
    private let temporary: FilePath
    private let file: OpenFile
    private let mayReplace: Bool
    private(set) var byteCount = 0
    private var isOurs = false

    /// Begins it.
    ///
    /// - Parameter mayReplace: whether a file of this name may be written over.
    /// - Throws: ``IndexError/file(_:_:_:)``, with `fileExists` for a file that must not be written over and for what is no
    ///   file; ``IndexError/locked(_:by:)`` while another export writes the same file.
    init(_ path: FilePath, mayReplace: Bool) throws(IndexError) {
        self.path = path
        self.mayReplace = mayReplace
        try Self.check(path, mayReplace)
        var temporary = path
        temporary.extension = (path.extension ?? "") + StoreLayout.temporarySuffix
        self.temporary = temporary
        do {
            file = try OpenFile(temporary, for: .write)
        } catch .file(_, _, let errno) {
            // The name that a person knows.
            throw .file(.write, path, errno)
        }
        guard try file.tryLock() else { throw .locked(path, by: "another export") }
        isOurs = true
        // What an export left behind that was killed.
        if try file.size() > 0 { try file.resize(to: 0) }
    }

    deinit { if isOurs { removeFile(temporary) } }

    func append(_ bytes: UnsafeRawBufferPointer) throws(IndexError) {
        try naming { () throws(IndexError) in try file.write(bytes, at: byteCount) }
        byteCount += bytes.count
    }

    /// Gives the file its name, once the disk has all of it.
    func finish() throws(IndexError) {
        try naming { () throws(IndexError) in try file.synchronize() }
        try Self.check(path, mayReplace)
        try move(temporary, to: path)
        isOurs = false
        let folder = path.removingLastComponent()
        try synchronizeFolder(folder.isEmpty ? "." : folder)
    }

    private func naming(_ body: () throws(IndexError) -> Void) throws(IndexError) {
        do {
            try body()
        } catch .file(let operation, _, let errno) {
            throw .file(operation, path, errno)
        }
    }

    private static func check(_ path: FilePath, _ mayReplace: Bool) throws(IndexError) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            let errno = Errno.current
            if errno == .noSuchFileOrDirectory { return }
            throw .file(.write, path, errno)
        }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFDIR { throw .file(.write, path, .isDirectory) }
        // A rename over a device would take its place.
        guard mayReplace, kind == S_IFREG else { throw .file(.write, path, .fileExists) }
    }
}
