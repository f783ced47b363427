/// What was in a folder when it was polled last: as much as tells what changed, in about 9 bytes an entry besides its name.
struct FolderSnapshot {
    /// The names in the order of their bytes, a NUL behind each.
    private var names: [UInt8] = []
    /// For each name a hash of what it stood for.
    private var stamps: [Int] = []

    /// A snapshot of a folder in which nothing was.
    init() {}

    /// - Parameter entries: in the order of the names' bytes.
    init(_ entries: [FolderEntry]) {
        stamps.reserveCapacity(entries.count)
        for entry in entries {
            names += entry.name
            names.append(0)
            stamps.append(entry.stamp)
        }
        names.reserveCapacity(0)
    }

    /// The entries that are new or not as they were, and the names that are gone.
    ///
    /// - Complexity: O(n + m).
    func changes(to entries: [FolderEntry]) -> (changed: [FolderEntry], gone: [[UInt8]]) {
        var changed: [FolderEntry] = []
        var gone: [[UInt8]] = []
        var rest = entries[...]
        for (name, stamp) in zip(names.split(separator: 0), stamps) {
            while let entry = rest.first, entry.name.lexicographicallyPrecedes(name) {
                changed.append(entry)
                rest.removeFirst()
            }
            if let entry = rest.first, entry.name.elementsEqual(name) {
                if entry.stamp != stamp { changed.append(entry) }
                rest.removeFirst()
            } else {
                gone.append(Array(name))
            }
        }
        return (changed + rest, gone)
    }
}

extension FolderEntry {
    /// Tells a folder from another folder, and a file from another file and from itself after a change.
    fileprivate var stamp: Int {
        var hasher = Hasher()
        hasher.combine(inode)
        // Permissions as well: what was forbidden may be allowed.
        hasher.combine(mode)
        switch kind {
        case .folder, .other: break
        case .file:
            hasher.combine(size)
            hasher.combine(modified)
        case .trouble(let error): hasher.combine(error.code)
        }
        return hasher.finalize()
    }
}
