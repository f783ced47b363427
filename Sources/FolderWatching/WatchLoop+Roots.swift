import Faults

extension WatchLoop {
    /// Looks at all roots: which went, and which are back.
    func checkRoots() throws {
        for root in roots { _ = try check(root) }
    }

    /// Looks whether a root is there and tells when that has changed; one that is back is scanned.
    ///
    /// - Returns: whether it was there before and still is, so that what was learnt of it holds.
    func check(_ root: RootState) throws -> Bool {
        commands.ask(about: root.root.path)
        let place: (device: UInt64, inode: UInt64)
        do throws(RootTrouble) {
            place = try root.look()
        } catch {
            try lose(root, error.reason)
            return false
        }
        if let folder = root.folder {
            if folder.device == place.device && folder.inode == place.inode { return true }
            try lose(root, "another folder has come to its place")
        }
        root.lostReason = nil
        let folder = WatchedFolder(root.root.path, in: nil, of: root)
        (folder.device, folder.inode) = place
        root.folder = folder
        try tell(.rootFound(root: root.root.path))
        scan(.reconciliation, of: folder)
        return false
    }

    /// Tells of all roots whether they are there.
    func tellRoots() throws {
        for root in roots {
            if root.folder != nil {
                try tell(.rootFound(root: root.root.path))
            } else if let reason = root.lostReason {
                try tell(.rootLost(root: root.root.path, reason: reason))
            }
        }
    }

    /// Gives up what was learnt of a root.
    func lose(_ root: RootState, _ reason: String) throws {
        if let folder = root.folder { drop(folder) }
        root.folder = nil
        root.mounts = [:]
        jobs.removeAll { $0.root === root }
        discardGone(below: root.root.path)
        settling.forget(below: root.root.path)
        guard root.lostReason == nil else { return }
        root.lostReason = reason
        try tell(.rootLost(root: root.root.path, reason: reason))
    }

    /// Takes a folder and all below it out of the tree, with their watches.
    func drop(_ folder: WatchedFolder) {
        for folder in folder.drop() {
            if let watch = folder.watch { end(watch, of: folder) }
            polled[ObjectIdentifier(folder)] = nil
            refused.remove(ObjectIdentifier(folder))
        }
    }

    /// The folder of a path, if it is watched or polled, and the root that it lies in, if that is there.
    func find(_ path: [UInt8]) -> WatchedFolder? {
        guard let root = roots.first(where: { isPath(path, atOrBelow: $0.root.path) }), var folder = root.folder else {
            return nil
        }
        for name in path.dropFirst(root.root.path.count).split(separator: slash) {
            guard let child = folder.children[Array(name)] else { return nil }
            folder = child
        }
        return folder
    }
}
