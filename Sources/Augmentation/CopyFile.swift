import Crypto
import Faults
import Glibc
import Imaging
public import SystemPackage

/// Puts copies into a folder, each under its name only when it is whole, so that who watches the folder never sees half.
///
/// One process at a time writes to a folder. Nothing is forced to the disk: after a loss of power a copy may be missing
/// or damaged, and the same seed makes it again.
public enum CopyFile {
    /// What became of a copy.
    public enum Outcome: Sendable, Equatable {
        /// It was written.
        case written
        /// It was there already, with these bytes.
        case alreadyThere
    }

    /// Writes a file, unless it is there already.
    ///
    /// A process that is killed leaves at most a hidden file, `.<digits>.partial`, that the next one for the same copy
    /// writes over.
    ///
    /// - Parameters:
    ///   - name: the bytes of a file name, without a slash.
    ///   - folder: a folder that exists.
    /// - Throws: ``AugmentationError/otherFile(_:)`` when something else has the name, which is left as it is;
    ///   ``AugmentationError/file(_:_:)`` when the system refuses.
    @discardableResult
    public static func write(
        _ bytes: [UInt8], name: [UInt8], to folder: FilePath
    ) throws(AugmentationError) -> Outcome {
        if try isThere(bytes, name: name, in: folder) { return .alreadyThere }
        let path = appending(name, to: folder)
        let digits = SHA256.hash(data: name).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let temporary = folder.appending(".\(digits).partial")
        do throws(AugmentationError) {
            try writeAll(bytes, to: temporary)
            guard temporary.withPlatformString({ from in path.withPlatformString { rename(from, $0) } }) == 0 else {
                throw .file(path, Errno(rawValue: errno))
            }
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw error
        }
        return .written
    }

    /// Whether the file is there already, so that it can be known before anything is promised about it.
    ///
    /// - Parameter name: the bytes of a file name, without a slash.
    /// - Throws: as ``write(_:name:to:)``.
    public static func isThere(
        _ bytes: [UInt8], name: [UInt8], in folder: FilePath
    ) throws(AugmentationError) -> Bool {
        precondition(!name.contains(UInt8(ascii: "/")) && !name.contains(0), "a file name has no slash and no NUL")
        let path = appending(name, to: folder)
        guard let found = try existing(path) else { return false }
        guard found == bytes else { throw .otherFile(path) }
        return true
    }

    /// What has the name; nil when nothing has.
    private static func existing(_ path: FilePath) throws(AugmentationError) -> [UInt8]? {
        do throws(UnreadableFile) {
            return try FileContent.read(path.bytes).bytes
        } catch {
            switch error {
            case .system(_, ENOENT): return nil
            case .system(_, let code): throw .file(path, Errno(rawValue: code))
            case .notAFile, .tooLarge: throw .otherFile(path)
            }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to path: FilePath) throws(AugmentationError) {
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            // swift-system throws nothing but Errno, but does not say so in types.
            throw .file(path, error as? Errno ?? .ioError)
        }
    }
}

/// A path of any bytes.
private func appending(_ name: [UInt8], to folder: FilePath) -> FilePath {
    (folder.bytes + [UInt8(ascii: "/")] + name + [0]).withUnsafeBytes {
        FilePath(platformString: $0.bindMemory(to: CInterop.PlatformChar.self).baseAddress!)
    }
}
