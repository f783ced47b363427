import FoundationEssentials
import Glibc
import SystemPackage

/// A folder for the time of a command, removed with the last reference.
final class ScratchFolder: Sendable {
    let path: FilePath

    /// Makes `<folder>/<name>-<process>`, on the same disk as everything else in the folder.
    init(in folder: FilePath, named name: String) throws {
        path = folder.appending("\(name)-\(getpid())")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
}
