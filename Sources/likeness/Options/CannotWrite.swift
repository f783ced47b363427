import Faults
import FoundationEssentials
import SystemPackage

/// A file or folder of the home that could not be written.
struct CannotWrite: Fault {
    let path: FilePath
    let reason: String

    var message: String { "\(printableName(path.bytes)) cannot be written: \(reason)" }
    var hint: String? { "Make room or give write permission, or choose another folder: --home DIR" }
    var recovery: Recovery { .retryLater }
    var exitStatus: ExitStatus { .cannotWrite }

    static func creatingFolder(_ folder: FilePath) throws(CannotWrite) {
        try mapping(folder) {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        }
    }

    static func moving(_ file: FilePath, to place: FilePath) throws(CannotWrite) {
        try mapping(place) {
            try? FileManager.default.removeItem(atPath: place.string)
            try FileManager.default.moveItem(atPath: file.string, toPath: place.string)
        }
    }

    static func writing(_ data: Data, to file: FilePath) throws(CannotWrite) {
        try mapping(file) { try data.write(to: URL(filePath: file.string), options: .atomic) }
    }

    private static func mapping(_ path: FilePath, _ body: () throws -> Void) throws(CannotWrite) {
        do {
            try body()
        } catch {
            throw CannotWrite(path: path, reason: (error as? CocoaError)?.underlyingReason ?? "\(error)")
        }
    }
}

extension CocoaError {
    /// The system's words, which Foundation hides behind its own.
    fileprivate var underlyingReason: String? {
        if let posix = userInfo["NSUnderlyingError"] as? POSIXError {
            let words = String(cString: strerror(posix.code.rawValue))
            return words.prefix(1).lowercased() + words.dropFirst()
        }
        return nil
    }
}
