import Glibc

/// What an entry of a folder is to a walk or a watch.
enum Sifted {
    case folder([UInt8])
    /// A file that may be a picture: its first bytes were not looked at.
    case file(FoundFile)
    case unreadable(path: [UInt8], reason: String)
    /// Ignored, a link, a pipe, a socket, a device, or Likeness's own.
    case passedOver
}

extension OpenFolder {
    /// Judges an entry of this folder.
    func sift(_ entry: FolderEntry, _ rules: IgnoreRules) -> Sifted {
        let path = entryPath(self.path, entry.name)
        switch entry.kind {
        case .other: return .passedOver
        case .folder: return rules.ignores(path, isFolder: true) ? .passedOver : .folder(path)
        case .trouble(let error):
            return rules.ignores(path, isFolder: false) ? .passedOver : .unreadable(path: path, reason: error.reason)
        case .file:
            if isOwnFile(entry.name) || rules.ignores(path, isFolder: false) { return .passedOver }
            // Nobody could open it by its path: told, rather than lost further on.
            guard path.count < pathLimit else {
                return .unreadable(path: path, reason: SystemError(code: ENAMETOOLONG).reason)
            }
            return .file(entry.file(at: path))
        }
    }
}

/// The longest path that the system takes, in bytes, with the NUL at its end.
let pathLimit = Int(PATH_MAX)
