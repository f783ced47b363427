import FolderWatching

/// Files in groups whose contents fit into memory together.
///
/// A group is at most 64 files, which one question to the catalog tells apart, and at most 64 MiB, but for a single file
/// that is larger.
struct ContentGroups: Sequence, IteratorProtocol {
    private static let mostFiles = 64
    private static let mostBytes: Int64 = 64 << 20

    private var rest: ArraySlice<FoundFile>

    init(_ files: [FoundFile]) { rest = files[...] }

    mutating func next() -> ArraySlice<FoundFile>? {
        guard let first = rest.first else { return nil }
        var bytes = first.size
        var count = 1
        for file in rest.dropFirst().prefix(Self.mostFiles - 1) {
            bytes += file.size
            if bytes > Self.mostBytes { break }
            count += 1
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
