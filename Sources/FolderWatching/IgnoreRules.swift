import Glibc

/// What the `.likenessignore` files of a folder and of the folders around it say, in gitignore's syntax.
///
/// The last line that matches decides, and a file in a deeper folder before one around it. What lies in an ignored folder is
/// ignored and cannot be taken back, for nobody looks there.
public struct IgnoreRules: Sendable {
    /// The name of the files.
    public static let fileName: [UInt8] = Array(".likenessignore".utf8)
    /// A larger file is refused, in bytes.
    static let maxFileBytes = 1 << 20

    private struct File: Sendable {
        let folder: [UInt8]
        let patterns: [IgnorePattern]
    }

    /// The outermost first.
    private var files: [File] = []

    /// Rules that ignore nothing.
    public init() {}

    /// These rules and those of a file in a deeper folder.
    ///
    /// - Parameters:
    ///   - content: of the file; lines end with LF or CRLF.
    ///   - folder: absolute path of the folder that it is in.
    public func adding(_ content: [UInt8], in folder: [UInt8]) -> IgnoreRules {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = content.starts(with: byteOrderMark) ? content.dropFirst(3) : content[...]
        var patterns: [IgnorePattern] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if let pattern = IgnorePattern(line, line: index + 1) { patterns.append(pattern) }
        }
        guard !patterns.isEmpty else { return self }
        var rules = self
        rules.files.append(File(folder: folder, patterns: patterns))
        return rules
    }

    /// What was decided about a path; nil when no line matches.
    ///
    /// Only the path itself is judged: whoever goes down from the root has judged the folders around it before.
    ///
    /// - Parameter path: absolute; below the folders of all files that were added.
    /// - Complexity: O(p · t) in the bytes of all patterns and of the path.
    public func decision(for path: [UInt8], isFolder: Bool) -> IgnoreDecision? {
        for file in files.reversed() {
            let relative = path.dropFirst(file.folder.last == slash ? file.folder.count : file.folder.count + 1)
            if let pattern = file.patterns.last(where: { $0.matches(relative, isFolder: isFolder) }) {
                return IgnoreDecision(
                    isIgnored: !pattern.isNegated, path: path, file: entryPath(file.folder, Self.fileName),
                    line: pattern.line, pattern: pattern.text)
            }
        }
        return nil
    }

    /// Whether a path is ignored by a line of its own; see `decision(for:isFolder:)`.
    func ignores(_ path: [UInt8], isFolder: Bool) -> Bool {
        files.isEmpty ? false : decision(for: path, isFolder: isFolder)?.isIgnored ?? false
    }

    /// These rules and those of the file that an open folder holds, if it does.
    ///
    /// - Throws: why the file cannot be read; what it says is not known then.
    func adding(fileOf folder: borrowing OpenFolder) throws(UnreadableRules) -> IgnoreRules {
        let file: SmallFile
        do {
            file = try contentOfSmallFile(Self.fileName, limit: Self.maxFileBytes, below: folder.descriptor)
        } catch {
            if error.code == ENOENT { return self }
            throw UnreadableRules(reason: error.code == ELOOP ? "is a link, which is not followed" : error.reason)
        }
        guard !file.isCut else { throw UnreadableRules(reason: "has more than \(Self.maxFileBytes) bytes") }
        return adding(file.bytes, in: folder.path)
    }
}

/// Why a `.likenessignore` file has no effect.
struct UnreadableRules: Error {
    let reason: String
}

/// The line that decided whether a path is ignored.
public struct IgnoreDecision: Sendable, Equatable {
    /// False for a line that begins with `!`.
    public let isIgnored: Bool
    /// What the line matched: the path that was asked for, or a folder around it.
    public let path: [UInt8]
    /// The file that holds the line.
    public let file: [UInt8]
    /// From 1.
    public let line: Int
    /// The line as written.
    public let pattern: [UInt8]

    /// A decision by a line of a file.
    public init(isIgnored: Bool, path: [UInt8], file: [UInt8], line: Int, pattern: [UInt8]) {
        self.isIgnored = isIgnored
        self.path = path
        self.file = file
        self.line = line
        self.pattern = pattern
    }
}
