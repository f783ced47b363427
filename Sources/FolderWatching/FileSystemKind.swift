import Glibc

/// The type of the file system that an open folder is on, as mount(8) calls it; nil when the system does not say.
///
/// Found by the number of the mount, because the device of a folder (on btrfs, overlay) is not always the one of its mount.
func fileSystemType(of folder: borrowing OpenFolder) -> String? {
    guard let facts = textOfSystemFile("/proc/self/fdinfo/\(folder.descriptor)"),
        let line = facts.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }),
        let number = line.split(whereSeparator: \.isWhitespace).last,
        let mounts = textOfSystemFile("/proc/self/mountinfo")
    else { return nil }
    return fileSystemType(ofMount: number, in: mounts)
}

/// The type of a mount in the text of `/proc/self/mountinfo`, whose form proc(5) describes.
func fileSystemType(ofMount number: Substring, in mounts: String) -> String? {
    for line in mounts.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.first == number, let separator = words.firstIndex(of: "-") else { continue }
        return words.dropFirst(separator + 1).first.map(String.init)
    }
    return nil
}

/// Whether inotify tells of everything that happens on a file system of this type.
///
/// It tells what this machine's kernel does. On network file systems, on those that a host shares with a guest and on most
/// of those that programs provide, others change files as well.
func inotifyTells(on type: String) -> Bool {
    // A disk that a program serves (NTFS, exFAT) is changed by this machine alone.
    if type == "fuseblk" { return true }
    return !silentTypes.contains(type) && !type.hasPrefix("fuse")
}

private let silentTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "gfs2", "ocfs2", "coda",
    "ncpfs",
    "orangefs", "pvfs2", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "drvfs",
]

private func textOfSystemFile(_ path: String) -> String? {
    guard let file = try? contentOfSmallFile(Array(path.utf8), limit: 4 << 20) else { return nil }
    return String(decoding: file.bytes, as: UTF8.self)
}
