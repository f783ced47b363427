import Glibc

extension WatchLoop {
    /// Looks what has changed in a folder of which no events tell.
    func poll(_ folder: WatchedFolder) throws {
        // Dropped, or watched meanwhile.
        guard polled[ObjectIdentifier(folder)] === folder else { return }
        commands.ask(about: folder.path)
        let opened: OpenFolder
        do throws(SystemError) {
            opened = try OpenFolder(folder.path, followsLink: options.followsLinks)
        } catch {
            return try note(error, ofPolled: folder)
        }
        let entries: [FolderEntry]
        do throws(SystemError) {
            entries = try opened.entries(followsLinks: options.followsLinks)
        } catch {
            return try note(error, ofPolled: folder)
        }
        guard folder.isSame(as: opened) else { return scan(.reconciliation, of: folder) }
        let (changed, gone) = (folder.snapshot ?? FolderSnapshot()).changes(to: entries)
        let names = changed.map(\.name) + gone
        if folder.isUnlisted || names.contains(IgnoreRules.fileName) {
            folder.isUnlisted = false
            return scan(.reconciliation, of: folder)
        }
        folder.snapshot = FolderSnapshot(entries)
        for entry in changed { try take(entry, of: opened, folder) }
        for name in gone { try noteGone(name, from: folder) }
    }

    private func take(_ entry: FolderEntry, of opened: borrowing OpenFolder, _ folder: WatchedFolder) throws {
        let sifted = opened.sift(entry, folder.rules)
        if case .folder = sifted {
            // A folder of another one's name may have replaced it: then what was below that is gone.
            if folder.children[entry.name] != nil { try noteGone(entry.name, from: folder) }
            return scan(.arrival, of: entry.name, in: folder, isLink: entry.isLink)
        }
        if folder.children[entry.name] != nil { try noteGone(entry.name, from: folder) }
        switch sifted {
        case .file(let file):
            if looksLikePicture(entry.name, below: opened.descriptor) { try offer(file, as: .found) }
        case .unreadable(let path, let reason): try tell(.unreadable(path: path, reason: reason))
        case .folder, .passedOver: break
        }
    }

    private func noteGone(_ name: [UInt8], from folder: WatchedFolder) throws {
        let path = entryPath(folder.path, name)
        let child = folder.children[name]
        if folder.rules.ignores(path, isFolder: child != nil) { return }
        try noteDeparture(of: path, from: folder, name)
    }

    private func note(_ error: SystemError, ofPolled folder: WatchedFolder) throws {
        if [ENOENT, ENOTDIR, ELOOP].contains(error.code) {
            // The folder around it tells; a root has none.
            if folder.parent == nil { _ = try check(folder.root) }
        } else if !folder.isUnlisted {
            folder.isUnlisted = true
            try tell(.unreadable(path: folder.path, reason: error.reason))
        }
    }
}
