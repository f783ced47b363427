import Glibc

/// A folder that is watched with all below it.
public struct WatchedRoot: Sendable, Equatable {
    /// Absolute path without symbolic links and without a slash at its end, as `resolved(_:)` gives it.
    public let path: [UInt8]
    /// The marker that proves that the folder is the one meant; nil when it has none.
    ///
    /// Without one, the root counts as there while the folder exists on the file system on which it was first seen; a disk
    /// that was not mounted when the watcher started cannot be told from an empty folder.
    public let marker: RootMarker?

    /// A root that proves itself by a marker, or by none.
    public init(path: [UInt8], marker: RootMarker?) {
        self.path = path
        self.marker = marker
    }

    /// The folders that a person named, as roots: absolute and without symbolic links in them.
    ///
    /// A folder need not be there: its disk may come later. What exists of its path is resolved now, once; a link on the way
    /// that is changed later has no effect until the next start.
    ///
    /// - Throws: `WatchingError.rootInsideRoot` when two of them are the same or one lies in the other, by whatever names;
    ///   `WatchingError.notAFolder` for a file.
    public static func resolved(_ paths: [[UInt8]]) throws(WatchingError) -> [[UInt8]] {
        var roots: [[UInt8]] = []
        for path in paths {
            let root = try resolved(path)
            for (other, named) in zip(roots, paths) {
                if isPath(root, atOrBelow: other) {
                    throw .rootInsideRoot(inner: path, outer: named, resolved: root, outerResolved: other)
                }
                if isPath(other, atOrBelow: root) {
                    throw .rootInsideRoot(inner: named, outer: path, resolved: other, outerResolved: root)
                }
            }
            roots.append(root)
        }
        return roots
    }

    private static func resolved(_ path: [UInt8]) throws(WatchingError) -> [UInt8] {
        var existing = path.isEmpty ? [UInt8(ascii: ".")] : path
        var missing: [ArraySlice<UInt8>] = []
        while true {
            let real: [UInt8]
            do throws(SystemError) {
                real = try realPath(existing)
            } catch {
                let name = lastName(of: existing)
                // What is not there has no parent that ".." could mean.
                guard error.code == ENOENT, !name.elementsEqual("..".utf8) else {
                    throw .unreadableRoot(path, reason: error.reason)
                }
                if !name.isEmpty && !name.elementsEqual(".".utf8) { missing.append(name) }
                existing.removeLast(name.count)
                while existing.count > 1 && existing.last == slash { existing.removeLast() }
                if existing.isEmpty { existing = [UInt8(ascii: ".")] }
                continue
            }
            if missing.isEmpty, let status = try? statusOf(real), !status.isFolder { throw .notAFolder(path) }
            return missing.reversed().reduce(real) { entryPath($0, $1) }
        }
    }
}
