import Catalog
import Daemons
import Faults
import FolderWatching
import FoundationEssentials
import Logging
import Postgres
import Synchronization

/// The roots of a daemon: what the catalog calls them, and which of them are there now.
final class RootBook: Sendable {
    /// What the watcher is to watch, in the order in which people named them.
    let watched: [FolderWatching.WatchedRoot]
    /// All roots, those that are not there included.
    let all: [RootID]
    private let numbers: [[UInt8]: RootID]
    private let present = Mutex<Set<RootID>>([])

    private init(_ roots: [(watched: FolderWatching.WatchedRoot, id: RootID)]) {
        watched = roots.map(\.watched)
        all = roots.map(\.id)
        numbers = Dictionary(roots.map { ($0.watched.path, $0.id) }, uniquingKeysWith: { $1 })
    }

    /// Makes folders roots of the catalog, or finds them there, and marks those that have no marker.
    ///
    /// A root that the catalog knows by a marker is expected with that marker, be it missing now: the watcher tells when it is
    /// not there, and nothing in it counts as gone.
    static func open(
        _ folders: [[UInt8]], policy: OnVanish, _ database: Database, _ logger: Logger
    ) async throws -> RootBook {
        var roots: [(FolderWatching.WatchedRoot, RootID)] = []
        for folder in folders {
            let recorded = try await database.run { try Catalog($0).root(at: folder)?.marker }
            let marker = try recorded.map { try parsed($0, of: folder) } ?? mark(folder, logger)
            let words = marker?.id.uuidString.lowercased()
            let root = try await database.run {
                try Catalog($0).openRoot(folder: folder, marker: words, policy: policy, host: MachineName.own)
            }
            roots.append((FolderWatching.WatchedRoot(path: folder, marker: marker), root.id))
        }
        return RootBook(roots)
    }

    /// Those that are there now.
    var active: [RootID] { present.withLock { Array($0) } }

    /// The root that a path lies in.
    func root(of path: [UInt8]) -> RootID? {
        folder(of: path).flatMap { numbers[$0] }
    }

    /// The folder of the root that a path lies in.
    func folder(of path: [UInt8]) -> [UInt8]? { watched.first { isBelow(path, $0.path) }?.path }

    /// Notes that a root is there, or is not.
    ///
    /// - Returns: its number.
    func set(_ folder: [UInt8], isPresent: Bool) -> RootID? {
        guard let root = numbers[folder] else { return nil }
        present.withLock { present in
            if isPresent { present.insert(root) } else { present.remove(root) }
        }
        return root
    }

    /// Whether a path is that of a root.
    func isRoot(_ folder: [UInt8]) -> Bool { numbers[folder] != nil }

    private func isBelow(_ path: [UInt8], _ folder: [UInt8]) -> Bool {
        path.starts(with: folder)
            && (path.count == folder.count || folder == [UInt8(ascii: "/")]
                || path[folder.count] == UInt8(ascii: "/"))
    }

    private static func parsed(_ words: String, of folder: [UInt8]) throws -> RootMarker {
        // Whoever wrote it there was not this program.
        guard let id = UUID(uuidString: words) else { throw WatchingError.damagedMarker(root: folder) }
        return RootMarker(id: id)
    }

    /// The marker that a folder has or gets; nil when it is not there, or cannot be written in.
    private static func mark(_ folder: [UInt8], _ logger: Logger) throws -> RootMarker? {
        if let marker = try RootMarker.read(folder) { return marker }
        do {
            return try RootMarker.create(in: folder)
        } catch {
            guard case .cannotMark = error else { throw error }
            var metadata: Logger.Metadata = ["reason": "\(error.message)"]
            if let detail = error.detail { metadata["detail"] = "\(detail)" }
            if let hint = error.hint { metadata["hint"] = "\(hint)" }
            logger.warning("a root has no marker", metadata: metadata)
            return nil
        }
    }
}
