import Faults
import Glibc
import SystemPackage

/// A file or folder that could not be written.
struct CannotWrite: Fault {
    let path: FilePath
    let reason: Errno

    var message: String { "\(printableName(path)) cannot be written: \(reason.description.lowercased())" }
    var hint: String? {
        let above = path.removingLastComponent()
        let folder = above.isEmpty ? "." : printableName(above)
        switch reason {
        case .noSpace, .diskQuotaExceeded: return "Make room: df -h '\(folder)'"
        case .permissionDenied: return "Let this user write there: chmod u+rwx '\(folder)'"
        case .noSuchFileOrDirectory: return "Make the folder: mkdir -p '\(folder)'"
        default: return "Choose another place"
        }
    }
    var recovery: Recovery { .retryLater }
    var exitStatus: ExitStatus { .cannotWrite }

    /// Makes a folder and those above it; one that is there already is fine.
    static func creatingFolder(_ folder: FilePath) throws(CannotWrite) {
        if folder.removingLastComponent() != folder, !folder.removingLastComponent().isEmpty {
            guard folder.removingLastComponent().withPlatformString({ access($0, F_OK) }) != 0 else {
                return try makeFolder(folder)
            }
            try creatingFolder(folder.removingLastComponent())
        }
        try makeFolder(folder)
    }

    private static func makeFolder(_ folder: FilePath) throws(CannotWrite) {
        guard folder.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST else { return }
        throw CannotWrite(path: folder, reason: Errno(rawValue: errno))
    }

    /// Renames a file over whatever was at the place.
    static func moving(_ file: FilePath, to place: FilePath) throws(CannotWrite) {
        guard file.withPlatformString({ from in place.withPlatformString { rename(from, $0) } }) == 0 else {
            throw CannotWrite(path: place, reason: Errno(rawValue: errno))
        }
    }

    /// Writes a file whole or not at all; a pipe or device gets what is written to it.
    static func writing(_ bytes: some Sequence<UInt8>, to file: FilePath) throws(CannotWrite) {
        if isSpecial(file) { return try write(bytes, to: file, of: file) }
        let partial = PathArgument(bytes: file.bytes + Array(".partial".utf8)).filePath
        do throws(CannotWrite) {
            try write(bytes, to: partial, of: file)
            try moving(partial, to: file)
        } catch {
            _ = partial.withPlatformString { unlink($0) }
            throw error
        }
    }

    private static func write(
        _ bytes: some Sequence<UInt8>, to path: FilePath, of file: FilePath
    ) throws(CannotWrite) {
        do {
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        } catch {
            throw CannotWrite(path: file, reason: error as? Errno ?? .ioError)
        }
    }

    /// Whether something is there that must not be replaced: neither a file nor nothing.
    private static func isSpecial(_ file: FilePath) -> Bool {
        var status = stat()
        return file.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT != S_IFREG
    }
}
