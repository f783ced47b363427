import Faults
import Glibc
import SystemPackage

/// A file or folder of the home that could not be written.
struct CannotWrite: Fault {
    let path: FilePath
    let reason: Errno

    var message: String { "\(printableName(path)) cannot be written: \(reason.description.lowercased())" }
    var hint: String? { "Make room or give write permission, or choose another folder: --home DIR" }
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

    /// Writes a small file whole or not at all.
    static func writing(_ bytes: some Sequence<UInt8>, to file: FilePath) throws(CannotWrite) {
        let partial = FilePath(file.string + ".partial")
        do {
            let descriptor = try FileDescriptor.open(
                partial, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        } catch {
            throw CannotWrite(path: file, reason: error as? Errno ?? .ioError)
        }
        try moving(partial, to: file)
    }
}
