/// A folder that is watched or polled, and its place among the others.
///
/// Paths are not kept but put together from names, so that a folder that moves takes those below it along, and a folder
/// costs about 250 bytes besides the kernel's.
final class WatchedFolder {
    let root: RootState
    /// In its parent; of a root the whole path.
    let name: [UInt8]
    /// Nil for a root, and for what was dropped.
    private(set) unowned var parent: WatchedFolder?
    private(set) var children: [[UInt8]: WatchedFolder] = [:]
    var device: UInt64 = 0
    var inode: UInt64 = 0
    /// The number of the watch; nil while there is none.
    var watch: Int32?
    /// What was there at the last look, if the folder is polled.
    var snapshot: FolderSnapshot?
    /// What the folders around it and it itself say is ignored in it.
    var rules = IgnoreRules()
    /// Something in it or below could not be looked at for lack of a permission, which may be given back.
    var isTroubled = false
    /// It is polled, and could not be listed the last time, which was told.
    var isUnlisted = false
    /// No longer part of the tree: what is still queued about it is void.
    private(set) var isDropped = false

    /// A folder in the tree: a root when it has no parent.
    init(_ name: [UInt8], in parent: WatchedFolder?, of root: RootState) {
        self.name = name
        self.root = root
        self.parent = parent
        parent?.children[name] = self
    }

    var path: [UInt8] {
        var names: [[UInt8]] = []
        var folder = self
        while let parent = folder.parent {
            names.append(folder.name)
            folder = parent
        }
        return names.reversed().reduce(folder.name) { entryPath($0, $1) }
    }

    /// Whether an open folder is this one, wherever it is now.
    func isSame(as opened: borrowing OpenFolder) -> Bool { device == opened.device && inode == opened.inode }

    /// Whether the folder is where it was.
    var isStillThere: Bool {
        guard let opened = try? OpenFolder(path, followsLink: true) else { return false }
        return isSame(as: opened)
    }

    /// Whether a folder is this one or one around it: following a link to it would never end.
    func isInside(device: UInt64, inode: UInt64) -> Bool {
        var folder: WatchedFolder? = self
        while let current = folder {
            if current.device == device && current.inode == inode { return true }
            folder = current.parent
        }
        return false
    }

    /// Notes that something here could not be looked at, here and in the folders around: whichever lacks the permission.
    func noteTrouble() {
        var folder: WatchedFolder? = self
        while let current = folder, !current.isTroubled {
            current.isTroubled = true
            folder = current.parent
        }
    }

    /// Takes the folder and all below it out of the tree, and gives them away, the innermost last.
    func drop() -> [WatchedFolder] {
        parent?.children[name] = nil
        var dropped: [WatchedFolder] = [self]
        var index = 0
        while index < dropped.count {
            let folder = dropped[index]
            dropped += folder.children.values
            folder.children = [:]
            folder.parent = nil
            folder.isDropped = true
            index += 1
        }
        return dropped
    }
}
