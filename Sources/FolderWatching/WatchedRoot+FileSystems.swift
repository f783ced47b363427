extension WatchedRoot {
    /// Roots in groups, each of which one watcher may watch: those on disks of this machine together, and each on a network file
    /// system by itself, for when its server does not answer, the thread that asked waits.
    ///
    /// Looks at the table of mounts alone, which never waits. What is mounted below a root does not count.
    ///
    /// - Returns: the roots, each once; groups and roots in the order of the roots.
    public static func byFileSystem(_ roots: [WatchedRoot]) -> [[WatchedRoot]] {
        byFileSystem(roots, mounts: textOfSystemFile("/proc/self/mountinfo") ?? "")
    }

    /// The same with the text of `/proc/self/mountinfo`, whose form proc(5) describes.
    package static func byFileSystem(_ roots: [WatchedRoot], mounts: String) -> [[WatchedRoot]] {
        var groups: [[WatchedRoot]] = []
        var local: Int?
        for root in roots {
            if let type = fileSystemType(at: root.path, in: mounts), !inotifyTells(on: type) {
                groups.append([root])
            } else if let place = local {
                groups[place].append(root)
            } else {
                local = groups.count
                groups.append([root])
            }
        }
        return groups
    }
}
