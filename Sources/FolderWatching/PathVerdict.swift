import Glibc

/// What a watcher of a root makes of one path, for a person who asks why.
public enum PathVerdict: Sendable, Equatable {
    /// It is told when it is complete: at the latest when it has stayed as it is for the settling time.
    case picture(FoundFile)
    /// A line of a `.likenessignore` file ignores the path or a folder around it.
    case ignored(IgnoreDecision)
    /// The path, or a folder around it, is a symbolic link, and links are not followed.
    case link(at: [UInt8])
    /// Neither the ending of its name nor its first bytes are those of a picture, or it is Likeness's own file.
    case notAPicture
    /// A folder, a pipe, a socket or a device.
    case notAFile
    /// The path, or a folder around it, is not there.
    case missing(at: [UInt8])
    /// The path, or a folder around it, cannot be looked at.
    case unreadable(at: [UInt8], reason: String)
    /// The path is not below the root.
    case outside

    /// Looks at a path and at the folders and rules between it and its root, as they are now.
    ///
    /// - Parameters:
    ///   - path: absolute, with no links in it above the root.
    ///   - root: as `WatchedRoot.resolved(_:)` gives it.
    public static func of(_ path: [UInt8], below root: [UInt8], options: WatchOptions) -> PathVerdict {
        guard isPath(path, atOrBelow: root) else { return .outside }
        var current = root
        var rules = IgnoreRules()
        do throws(Reason) {
            for name in path.dropFirst(root.count).split(separator: slash) {
                rules = try adding(rulesOf: current, to: rules)
                current = entryPath(current, name)
                let status = try status(current, rules, options)
                if !status.isFolder { return verdict(onFile: current, status, isAll: current.count == path.count) }
            }
            return .notAFile
        } catch {
            return error.verdict
        }
    }

    private struct Reason: Error {
        let verdict: PathVerdict
    }

    private static func adding(rulesOf path: [UInt8], to rules: IgnoreRules) throws(Reason) -> IgnoreRules {
        let folder: OpenFolder
        do throws(SystemError) {
            folder = try OpenFolder(path, followsLink: true)
        } catch {
            throw Reason(
                verdict: error.code == ENOENT ? .missing(at: path) : .unreadable(at: path, reason: error.reason))
        }
        // A file of rules that cannot be read has no effect on a watch either.
        return (try? rules.adding(fileOf: folder)) ?? rules
    }

    private static func status(
        _ path: [UInt8], _ rules: IgnoreRules, _ options: WatchOptions
    ) throws(Reason) -> stat {
        var status: stat
        do throws(SystemError) {
            status = try statusOf(path)
            if status.isLink && options.followsLinks {
                guard withPath(path, { stat($0, &status) }) == 0 else { throw .last }
            }
        } catch {
            throw Reason(
                verdict: error.code == ENOENT ? .missing(at: path) : .unreadable(at: path, reason: error.reason))
        }
        if let decision = rules.decision(for: path, isFolder: status.isFolder), decision.isIgnored {
            throw Reason(verdict: .ignored(decision))
        }
        if status.isLink { throw Reason(verdict: .link(at: path)) }
        return status
    }

    private static func verdict(onFile path: [UInt8], _ status: stat, isAll: Bool) -> PathVerdict {
        // Nothing is below what is no folder.
        guard isAll else { return .unreadable(at: path, reason: SystemError(code: ENOTDIR).reason) }
        guard status.isFile else { return .notAFile }
        guard looksLikePicture(path) else { return .notAPicture }
        return .picture(FolderEntry(name: [], status: status, isLink: false).file(at: path))
    }
}
