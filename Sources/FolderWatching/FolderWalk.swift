import Glibc

/// What a walk meets.
public enum WalkEvent: Sendable, Equatable {
    /// A file that was named, or one below a folder that looks like a picture.
    case file(FoundFile)
    /// A file or folder that could not be looked at, and the system's reason.
    case unreadable(path: [UInt8], reason: String)
}

/// Every picture below the paths that a person named, folder by folder, each folder in the order of its names' bytes.
///
/// Symbolic links are not followed, so that loops are harmless; only the paths that were named may themselves be links.
/// A path is met once, however many of the named paths lead to it. Pipes, sockets and devices are passed over, and so is
/// what a `.likenessignore` file in a folder that was named, or below it, says.
///
/// - Complexity: O(n log n) in the number of entries of a folder; memory for one folder's entries a level.
package struct FolderWalk: Sequence, IteratorProtocol {
    private var stack: [Step] = []
    private var visited: Set<[UInt8]> = []

    private enum Step {
        /// Named by a person: it is taken whatever it is called, and followed if it is a link.
        case named([UInt8])
        case folder([UInt8], IgnoreRules)
        case met(WalkEvent)
    }

    package init(_ paths: [[UInt8]]) {
        stack = paths.reversed().map { .named($0) }
    }

    package mutating func next() -> WalkEvent? {
        while let step = stack.popLast() {
            switch step {
            case .named(let path): visit(named: path)
            case .folder(let path, let rules): list(path, rules)
            case .met(.file(let file)): if visited.insert(file.path).inserted { return .file(file) }
            case .met(let event): return event
            }
        }
        return nil
    }

    private mutating func visit(named path: [UInt8]) {
        do throws(SystemError) {
            let real = try realPath(path)
            let status = try statusOf(real)
            if status.isFolder {
                stack.append(.folder(real, IgnoreRules()))
            } else if status.isFile {
                stack.append(.met(.file(FolderEntry(name: [], status: status, isLink: false).file(at: real))))
            } else {
                stack.append(.met(.unreadable(path: real, reason: "is neither a file nor a folder")))
            }
        } catch {
            stack.append(.met(.unreadable(path: path, reason: error.reason)))
        }
    }

    /// Puts a folder's entries on the stack.
    private mutating func list(_ path: [UInt8], _ outerRules: IgnoreRules) {
        guard visited.insert(path).inserted else { return }
        var steps: [Step] = []
        do throws(SystemError) {
            let folder = try OpenFolder(path, followsLink: false)
            let entries = try folder.entries(followsLinks: false)
            var rules = outerRules
            do throws(UnreadableRules) {
                rules = try outerRules.adding(fileOf: folder)
            } catch {
                steps.append(.met(.unreadable(path: entryPath(path, IgnoreRules.fileName), reason: error.reason)))
            }
            for entry in entries {
                switch folder.sift(entry, rules) {
                case .folder(let path): steps.append(.folder(path, rules))
                case .file(let file) where looksLikePicture(entry.name, below: folder.descriptor):
                    steps.append(.met(.file(file)))
                case .unreadable(let path, let reason): steps.append(.met(.unreadable(path: path, reason: reason)))
                case .file, .passedOver: break
                }
            }
        } catch {
            // Gone between the listing and this look: it is no longer in the folder, and nothing is wrong.
            if error.code != ENOENT { steps = [.met(.unreadable(path: path, reason: error.reason))] }
        }
        stack += steps.reversed()
    }
}
