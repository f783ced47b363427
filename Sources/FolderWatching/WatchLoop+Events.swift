import Faults
import Glibc
import Logging

extension WatchLoop {
    /// Takes in events that are in the queue.
    ///
    /// - Parameter buffers: how many buffers of them at the most; 128 hold all that a queue holds by default.
    /// - Returns: whether there were any.
    @discardableResult
    func readEvents(atMost buffers: Int) throws -> Bool {
        for count in 0..<buffers {
            let events = inotify.read()
            if events.isEmpty { return count > 0 }
            for event in events { try handle(event) }
        }
        return true
    }

    private func handle(_ event: Inotify.Event) throws {
        if event.has(IN_Q_OVERFLOW) {
            // The kernel does not say which events it dropped: a folder of any root may have come, changed or moved, even in
            // one whose last events did arrive. Nothing narrower than all is safe.
            logger.notice("more happened than the kernel keeps, all is scanned again")
            return rescanAll()
        }
        // A watch that was ended has events in the queue still.
        guard let folder = watched[event.watch] else { return }
        if event.name.isEmpty {
            try handle(event, about: folder)
        } else if isOwnFile(event.name) {
            if event.name == IgnoreRules.fileName {
                scan(.reconciliation, of: folder)
            } else if folder.parent == nil {
                _ = try check(folder.root)
            }
        } else {
            let path = entryPath(folder.path, event.name)
            let isFolder = event.has(IN_ISDIR)
            if folder.rules.ignores(path, isFolder: isFolder) { return }
            if event.has(IN_MOVED_FROM | IN_DELETE) {
                try noteDeparture(of: path, from: folder, event.name)
            } else if isFolder {
                handleArrival(event, in: folder)
            } else {
                let isComplete = event.has(IN_CLOSE_WRITE | IN_MOVED_TO)
                try look(at: path, in: folder, as: isComplete ? .completed : event.has(IN_CREATE) ? .created : .found)
            }
        }
    }

    /// An event of a watched folder itself; but for a root, the folder around it tells the same.
    private func handle(_ event: Inotify.Event, about folder: WatchedFolder) throws {
        let root = folder.root
        if event.has(IN_UNMOUNT | IN_IGNORED) {
            let reason = event.has(IN_UNMOUNT) ? "its file system was unmounted" : "the folder was removed"
            guard let parent = folder.parent else {
                try lose(root, reason)
                _ = try check(root)
                return
            }
            let path = folder.path
            let isMount = folder.device != parent.device
            drop(folder)
            if event.has(IN_UNMOUNT) && isMount { try tell(.unreadable(path: path, reason: reason)) }
        } else if folder.parent == nil {
            if event.has(IN_DELETE_SELF | IN_MOVE_SELF) {
                _ = try check(root)
            } else if folder.isTroubled {
                scan(.reconciliation, of: folder)
            }
        }
    }

    /// Takes note that a file or folder went from a folder.
    func noteDeparture(of path: [UInt8], from folder: WatchedFolder, _ name: [UInt8]) throws {
        // With the folder all below it goes; watches left on it would tell of it under its old name.
        if let child = folder.children[name] {
            drop(child)
            settling.forget(below: path)
        }
        settling.forget(path)
        // The place of a disk may be removed while the disk is away; its files are not gone.
        guard folder.root.mounts[path] == nil else { return }
        try noteGone(path)
    }

    private func handleArrival(_ event: Inotify.Event, in folder: WatchedFolder) {
        if event.has(IN_CREATE | IN_MOVED_TO) {
            scan(.arrival, of: event.name, in: folder, isLink: false)
        } else if folder.children[event.name]?.isTroubled ?? true {
            // What could not be looked into perhaps can be now.
            scan(.reconciliation, of: event.name, in: folder, isLink: false)
        }
    }

    /// Looks at a file that something happened to.
    private func look(at path: [UInt8], in folder: WatchedFolder, as sight: Settling.Sight) throws {
        let status: stat
        do throws(SystemError) {
            status = try fileStatus(path)
        } catch {
            if error.code == EACCES { folder.noteTrouble() }
            return try note(error, at: path)
        }
        if status.isFolder && options.followsLinks {
            return scan(.arrival, of: Array(lastName(of: path)), in: folder, isLink: true)
        }
        guard status.isFile else { return settling.forget(path) }
        guard looksLikePicture(path) else { return }
        try offer(FolderEntry(name: [], status: status, isLink: false).file(at: path), as: sight)
    }

    /// Looks again at files that were not complete.
    func lookAtDueFiles() throws {
        for path in settling.due(at: .now) {
            let status: stat
            do throws(SystemError) {
                status = try fileStatus(path)
            } catch {
                try note(error, at: path)
                continue
            }
            if status.isFile {
                try offer(FolderEntry(name: [], status: status, isLink: false).file(at: path), as: .lookedAt)
            } else {
                settling.forget(path)
            }
        }
    }

    /// What is at a path, or what a link there leads to if links are followed.
    private func fileStatus(_ path: [UInt8]) throws(SystemError) -> stat {
        commands.ask(about: path)
        var status = try statusOf(path)
        if status.isLink && options.followsLinks {
            guard withPath(path, { stat($0, &status) }) == 0 else { throw .last }
        }
        return status
    }

    private func note(_ error: SystemError, at path: [UInt8]) throws {
        settling.forget(path)
        // Gone again, and an event tells of that.
        guard error.code != ENOENT && error.code != ENOTDIR else { return }
        try tell(.unreadable(path: path, reason: error.reason))
    }
}
