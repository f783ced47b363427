import FolderWatching
import Synchronization

/// Files in groups whose contents fit into memory together.
///
/// A group is what a lane takes at a time: ``IntakeLane/mostFiles`` and ``IntakeLane/mostBytes``, but for a single file that
/// is larger.
struct ContentGroups: Sequence, IteratorProtocol {
    private var rest: ArraySlice<FoundFile>

    init(_ files: [FoundFile]) { rest = files[...] }

    mutating func next() -> ArraySlice<FoundFile>? {
        guard let first = rest.first else { return nil }
        var bytes = first.size
        var count = 1
        for file in rest.dropFirst().prefix(IntakeLane.mostFiles - 1) {
            bytes += file.size
            if bytes > IntakeLane.mostBytes { break }
            count += 1
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

/// Groups that several lanes take one after the other.
final class SharedGroups: Sendable {
    private let groups: Mutex<ContentGroups>

    init(_ files: [FoundFile]) { groups = Mutex(ContentGroups(files)) }

    func next() -> ArraySlice<FoundFile>? { groups.withLock { $0.next() } }
}
