import Faults
import Foundation
import Glibc
import SystemPackage

let jpegStart: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

/// What the system refused in a test.
struct Refused: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }
}

/// Writes a file and closes it.
func write(_ bytes: [UInt8], to path: FilePath) throws {
    let file = try FileDescriptor.open(path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(bytes) }
}

func makeFolder(_ path: FilePath) throws {
    guard mkdir(path.string, 0o755) == 0 else { throw Refused("mkdir \(path)") }
}

func move(_ from: FilePath, _ to: FilePath) throws {
    guard rename(from.string, to.string) == 0 else { throw Refused("rename \(from) \(to)") }
}

func removeAll(_ path: FilePath) throws { try FileManager.default.removeItem(atPath: path.string) }

/// Gives a file a time of modification, in seconds before now; below zero in the future.
func age(_ path: FilePath, seconds: Int) throws {
    var times = [timespec(), timespec()]
    clock_gettime(CLOCK_REALTIME, &times[0])
    times[0].tv_sec -= seconds
    times[1] = times[0]
    guard utimensat(AT_FDCWD, path.string, times, 0) == 0 else { throw Refused("utimensat \(path)") }
}
