/// One line of a `.likenessignore` file, ready to match.
///
/// Source: the manual page gitignore(5), and for what that leaves open (classes, `**` beside other characters, damaged
/// patterns) what `git check-ignore` answers.
struct IgnorePattern: Sendable {
    /// The line as written, without the spaces at its end that do not count.
    let text: [UInt8]
    /// From 1.
    let line: Int
    /// `!`: what it matches is not ignored after all.
    let isNegated: Bool
    private let onlyFolders: Bool
    private let matchesWholePath: Bool
    private let glob: Glob

    /// - Returns: nil for a comment, an empty line and what can never match.
    init?(_ rawLine: some Collection<UInt8>, line: Int) {
        guard rawLine.first != UInt8(ascii: "#") else { return nil }
        text = Self.withoutTrailingSpaces(Array(rawLine))
        self.line = line
        var pattern = text[...]
        isNegated = pattern.first == UInt8(ascii: "!")
        if isNegated { pattern.removeFirst() }
        onlyFolders = pattern.last == slash
        if onlyFolders { pattern.removeLast() }
        matchesWholePath = pattern.contains(slash)
        if matchesWholePath, pattern.first == slash { pattern.removeFirst() }
        guard !pattern.isEmpty, let glob = Glob(pattern, crossesFolders: matchesWholePath) else { return nil }
        self.glob = glob
    }

    /// - Parameter path: relative to the folder of the file that the pattern stands in.
    func matches(_ path: ArraySlice<UInt8>, isFolder: Bool) -> Bool {
        if onlyFolders && !isFolder { return false }
        if matchesWholePath { return glob.matches(path) }
        return glob.matches(path[((path.lastIndex(of: slash) ?? path.startIndex - 1) + 1)...])
    }

    /// Spaces at the end do not count, unless a backslash stands before them.
    private static func withoutTrailingSpaces(_ line: [UInt8]) -> [UInt8] {
        var end = 0
        var index = 0
        while index < line.count {
            if line[index] == UInt8(ascii: "\\") {
                index += 1
                end = min(index + 1, line.count)
            } else if line[index] != UInt8(ascii: " ") {
                end = index + 1
            }
            index += 1
        }
        return Array(line[..<end])
    }
}
