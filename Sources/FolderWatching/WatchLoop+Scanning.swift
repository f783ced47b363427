import Faults
import Glibc
import Logging

extension WatchLoop {
    /// Scans all roots that are there.
    func rescanAll() {
        fileSystems = [:]
        refused = []
        for root in roots {
            guard let folder = root.folder else { continue }
            // A scan that has just begun anew finds all that one under way would.
            jobs.removeAll { $0.root === root }
            scan(.reconciliation, of: folder)
        }
        renewQuestions()
    }

    /// Scans what was asked for: a folder that is known, or the nearest around it that is.
    func rescan(_ path: [UInt8]) {
        var path = path
        while path.count > 1 && path.last == slash { path.removeLast() }
        guard let folder = find(path) else { return }
        scan(.reconciliation, of: folder)
    }

    /// Begins a scan of a folder in the tree.
    func scan(_ purpose: FolderScanJob.Purpose, of folder: WatchedFolder) {
        if let parent = folder.parent {
            scan(purpose, of: folder.name, in: parent, isLink: options.followsLinks)
        } else {
            begin(
                FolderScanJob(
                    purpose, of: folder.path, in: folder.root, number: lastJobNumber + 1, from: .root(folder.root)))
        }
    }

    /// Begins a scan of an entry of a folder.
    func scan(_ purpose: FolderScanJob.Purpose, of name: [UInt8], in parent: WatchedFolder, isLink: Bool) {
        begin(
            FolderScanJob(
                purpose, of: entryPath(parent.path, name), in: parent.root, number: lastJobNumber + 1,
                from: .entry(name: name, parent: parent, isLink: isLink)))
    }

    private func begin(_ job: FolderScanJob) {
        // One that waits for its beginning will find the same; one that has begun may have passed already what changed.
        let waiting = jobs.first { !$0.hasBegun && $0.folder == job.folder }
        if let waiting {
            if job.purpose == .reconciliation { waiting.purpose = .reconciliation }
            return
        }
        lastJobNumber = job.number
        jobs.append(job)
    }

    /// Lists one folder of a scan, or ends the scan.
    func proceed(with job: FolderScanJob) throws {
        job.hasBegun = true
        if let place = job.pending.popLast() {
            try visit(place, for: job)
            return
        }
        if job.purpose == .reconciliation && !job.isDrained {
            // What was moved into a part that was scanned is known before the scan says that it was not there.
            job.isDrained = true
            try readEvents(atMost: 128)
            return
        }
        jobs.removeAll { $0 === job }
        guard job.purpose == .reconciliation else { return }
        try flush()
        guard try check(job.root) else { return }
        for (path, seen) in job.root.mounts where seen < job.number && isPath(path, atOrBelow: job.folder) {
            job.undecided.append(path)
        }
        try tell(.scanned(FolderScan(folder: job.folder, files: job.files, undecided: job.undecided)))
        try tellLimit()
    }

    private func tellLimit() throws {
        guard !limitWasTold, !refused.isEmpty else { return }
        limitWasTold = true
        try tell(
            .limited(
                WatchLimit(
                    watched: watched.count, polled: refused.count, limit: options.maxWatches ?? Inotify.limit,
                    isOwn: options.maxWatches != nil, pollInterval: options.pollInterval)))
    }

    /// Watches a folder, then lists it.
    private func visit(_ place: FolderScanJob.Place, for job: FolderScanJob) throws {
        let path: [UInt8]
        var isLink = false
        switch place {
        case .root(let root): path = root.root.path
        case .entry(let name, let parent, let link):
            // What was moved is scanned where it came to.
            guard !parent.isDropped else { return }
            path = entryPath(parent.path, name)
            isLink = link
        }
        commands.ask(about: path)
        let opened: OpenFolder
        do throws(SystemError) {
            opened = try OpenFolder(path, followsLink: isLink)
        } catch {
            return try note(error, at: place, path, for: job)
        }
        guard let folder = try adopt(opened, at: place, for: job) else { return }
        let entries: [FolderEntry]
        do throws(SystemError) {
            entries = try opened.entries(followsLinks: options.followsLinks)
        } catch {
            return try note(error, at: place, path, for: job)
        }
        try take(entries, of: opened, folder, for: job)
    }

    /// Finds an open folder its place in the tree and a watch; nil when it is not to be looked into.
    private func adopt(
        _ opened: borrowing OpenFolder, at place: FolderScanJob.Place, for job: FolderScanJob
    ) throws -> WatchedFolder? {
        let folder: WatchedFolder
        switch place {
        case .root(let root):
            guard let known = root.folder, known.isSame(as: opened) else {
                _ = try check(root)
                return nil
            }
            folder = known
        case .entry(let name, let parent, let isLink):
            if parent.isInside(device: opened.device, inode: opened.inode) { return nil }
            if !isLink, try isLostMount(opened, in: parent, for: job) { return nil }
            if let known = parent.children[name], !known.isSame(as: opened) { drop(known) }
            folder = parent.children[name] ?? WatchedFolder(name, in: parent, of: parent.root)
            (folder.device, folder.inode) = (opened.device, opened.inode)
        }
        folder.isTroubled = false
        watch(opened, as: folder)
        return folder.isDropped ? nil : folder
    }

    /// Whether an open folder is the empty place of a file system that was seen mounted there.
    ///
    /// Nothing says that its files are gone: as long as this process remembers, they are undecided.
    private func isLostMount(
        _ opened: borrowing OpenFolder, in parent: WatchedFolder, for job: FolderScanJob
    ) throws -> Bool {
        let root = parent.root
        guard opened.device == parent.device else {
            root.mounts[opened.path] = job.number
            return false
        }
        guard root.mounts[opened.path] != nil else { return false }
        if let known = parent.children[Array(lastName(of: opened.path))] { drop(known) }
        try tell(.unreadable(path: opened.path, reason: "the file system that was mounted here is not"))
        return true
    }

    /// Sees to it that what happens in an open folder becomes known: by a watch, else by polling.
    private func watch(_ opened: borrowing OpenFolder, as folder: WatchedFolder) {
        guard !options.polls && inotifyTells(in: opened) else { return leave(toPolling: folder, isRefused: false) }
        if folder.watch == nil, let most = options.maxWatches, watched.count >= most {
            return leave(toPolling: folder, isRefused: true)
        }
        do throws(SystemError) {
            var number = try inotify.watch(opened)
            if let other = watched[number], other !== folder {
                // Mounted twice, or met through a link as well: its events tell of the first place.
                if other.isStillThere { return leave(toPolling: folder, isRefused: false) }
                // Moved, and its events were lost or are still to come: what is known of the old place is void.
                drop(other)
                number = try inotify.watch(opened)
            }
            if let old = folder.watch, old != number { end(old, of: folder) }
            folder.watch = number
            folder.snapshot = nil
            watched[number] = folder
            polled[ObjectIdentifier(folder)] = nil
            refused.remove(ObjectIdentifier(folder))
        } catch {
            if error.code != ENOSPC {
                logger.warning(
                    "folder is polled",
                    metadata: ["folder": "\(printableName(opened.path))", "reason": "\(error.reason)"])
            }
            leave(toPolling: folder, isRefused: error.code == ENOSPC)
        }
    }

    private func leave(toPolling folder: WatchedFolder, isRefused: Bool) {
        guard !folder.isDropped else { return }
        if let watch = folder.watch { end(watch, of: folder) }
        polled[ObjectIdentifier(folder)] = folder
        if isRefused { refused.insert(ObjectIdentifier(folder)) }
    }

    func end(_ watch: Int32, of folder: WatchedFolder) {
        folder.watch = nil
        guard watched[watch] === folder else { return }
        watched[watch] = nil
        inotify.remove(watch)
    }

    private func inotifyTells(in folder: borrowing OpenFolder) -> Bool {
        if let known = fileSystems[folder.device] { return known }
        let type = fileSystemType(of: folder)
        let tells = type.map { FolderWatching.inotifyTells(on: $0) } ?? true
        fileSystems[folder.device] = tells
        if !tells {
            logger.info(
                "file system is polled",
                metadata: ["folder": "\(printableName(folder.path))", "type": "\(type ?? "unknown")"])
        }
        return tells
    }

    /// Sorts the entries of a folder into what is told, what is to be listed and what is passed over.
    private func take(
        _ entries: [FolderEntry], of opened: borrowing OpenFolder, _ folder: WatchedFolder, for job: FolderScanJob
    ) throws {
        try readRules(of: opened, folder)
        var places: [FolderScanJob.Place] = []
        var names: Set<[UInt8]> = []
        for entry in entries {
            switch opened.sift(entry, folder.rules) {
            case .folder:
                names.insert(entry.name)
                places.append(.entry(name: entry.name, parent: folder, isLink: entry.isLink))
            case .file(let file):
                guard looksLikePicture(entry.name, below: opened.descriptor) else { continue }
                if try offer(file, as: .found) { job.files += 1 } else { job.undecided.append(file.path) }
            case .unreadable(let path, let reason):
                job.undecided.append(path)
                try tell(.unreadable(path: path, reason: reason))
            case .passedOver: settling.forget(entryPath(opened.path, entry.name))
            }
        }
        for (name, child) in folder.children where !names.contains(name) { drop(child) }
        if polled[ObjectIdentifier(folder)] != nil { folder.snapshot = FolderSnapshot(entries) }
        job.pending += places.reversed()
    }

    private func readRules(of opened: borrowing OpenFolder, _ folder: WatchedFolder) throws {
        let outer = folder.parent?.rules ?? IgnoreRules()
        do throws(UnreadableRules) {
            folder.rules = try outer.adding(fileOf: opened)
        } catch {
            folder.rules = outer
            try tell(.unreadable(path: entryPath(opened.path, IgnoreRules.fileName), reason: error.reason))
        }
    }

    /// Takes note of a folder that could not be looked into.
    private func note(
        _ error: SystemError, at place: FolderScanJob.Place, _ path: [UInt8], for job: FolderScanJob
    ) throws {
        let isGone = [ENOENT, ENOTDIR, ELOOP].contains(error.code)
        switch place {
        case .root(let root):
            if isGone {
                _ = try check(root)
                return
            }
            root.folder?.noteTrouble()
        case .entry(let name, let parent, _):
            // It went between the listing and this look, and nothing is wrong.
            if isGone {
                if let child = parent.children[name] { drop(child) }
                return
            }
            (parent.children[name] ?? parent).noteTrouble()
        }
        job.undecided.append(path)
        try tell(.unreadable(path: path, reason: error.reason))
    }
}
