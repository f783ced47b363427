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

/// The type of the innermost mount around a path in the text of `/proc/self/mountinfo`; of several at one place the last.
func fileSystemType(at path: [UInt8], in mounts: String) -> String? {
    var innermost: (length: Int, type: String)?
    for line in mounts.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 4, let separator = words.firstIndex(of: "-"), separator + 1 < words.count else { continue }
        let place = unescaped(words[4])
        if isPath(path, atOrBelow: place), place.count >= innermost?.length ?? 0 {
            innermost = (place.count, String(words[separator + 1]))
        }
    }
    return innermost?.type
}

/// A word of the table of mounts as bytes: blanks and backslashes stand there as three octal digits.
private func unescaped(_ word: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(word.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), rest.count >= 3,
            let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
        {
            bytes.append(code)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return bytes
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

func textOfSystemFile(_ path: String) -> String? {
    guard let file = try? contentOfSmallFile(Array(path.utf8), limit: 4 << 20) else { return nil }
    return String(decoding: file.bytes, as: UTF8.self)
}
