public import FoundationEssentials
import Glibc

/// A file in a root that proves that the folder is the one meant, and not the empty place where its disk was mounted.
public struct RootMarker: Sendable, Hashable {
    /// What stands in the file, in one line.
    public let id: UUID

    /// The name of the file, which is never taken for a picture.
    public static let name: [UInt8] = Array(".likeness-root".utf8)

    /// A marker with this number.
    public init(id: UUID) { self.id = id }

    /// Where the marker of a root is.
    public static func path(in root: [UInt8]) -> [UInt8] { entryPath(root, name) }

    /// The marker of a root; nil when there is none, be it that the root itself is not there.
    ///
    /// - Throws: `WatchingError.unreadableMarker`, `WatchingError.damagedMarker`.
    public static func read(_ root: [UInt8]) throws(WatchingError) -> RootMarker? {
        let bytes: [UInt8]
        do {
            bytes = try contentOfSmallFile(path(in: root), limit: 64).bytes
        } catch {
            if error == SystemError(code: ENOENT) || error == SystemError(code: ENOTDIR) { return nil }
            throw .unreadableMarker(root: root, reason: error.reason)
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let id = UUID(uuidString: String(decoding: line, as: UTF8.self)) else { throw .damagedMarker(root: root) }
        return RootMarker(id: id)
    }

    /// Marks a root; one that is marked keeps its marker, whoever made it.
    ///
    /// - Throws: `WatchingError.cannotMark`, of which a read-only folder is one; then there is no marker. What `read` throws.
    public static func create(in root: [UInt8]) throws(WatchingError) -> RootMarker {
        let marker = RootMarker(id: UUID())
        let line = Array((marker.id.uuidString.lowercased() + "\n").utf8)
        let place = path(in: root)
        let partial = place + Array(".\(marker.id.uuidString)".utf8)
        try write(line, to: partial, root)
        defer { _ = withPath(partial) { unlink($0) } }
        // Whole under its name or not there: another daemon may look for it in this moment.
        if withPath(partial, { from in withPath(place) { link(from, $0) } }) == 0 { return marker }
        if errno == EEXIST, let marker = try read(root) { return marker }
        // Some file systems have no hard links.
        guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { throw cannotMark(root, .last) }
        do {
            try write(line, to: place, root)
        } catch {
            guard let marker = try read(root) else { throw error }
            return marker
        }
        return marker
    }

    /// Makes a file that is not there yet, whole or not at all but for a moment.
    private static func write(_ line: [UInt8], to path: [UInt8], _ root: [UInt8]) throws(WatchingError) {
        let descriptor = withPath(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw cannotMark(root, .last) }
        defer { close(descriptor) }
        let count = Glibc.write(descriptor, line, line.count)
        guard count == line.count, fsync(descriptor) == 0 else {
            let error = count < 0 || count == line.count ? SystemError.last : SystemError(code: ENOSPC)
            // Half a marker would look like another disk's.
            _ = withPath(path) { unlink($0) }
            throw cannotMark(root, error)
        }
    }

    private static func cannotMark(_ root: [UInt8], _ error: SystemError) -> WatchingError {
        .cannotMark(root: root, reason: error.reason, isReadOnly: [EROFS, EACCES, EPERM].contains(error.code))
    }
}
