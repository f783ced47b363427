import Faults
import FolderWatching
import Glibc
import SystemPackage
import TestSupport
import Testing

/// The content of a rules file, a path below it (with a slash at its end for a folder), and whether it is ignored: what
/// `git check-ignore -v --no-index` of git 2.39.5 answers.
private let answersOfGit: [(rules: String, path: String, isIgnored: Bool)] = [
    ("*.jpg", "a.jpg", true),
    ("*.jpg", "d/a.jpg", true),
    ("*.jpg", "a.jpeg", false),
    ("*.jpg", ".jpg", true),
    ("a.jpg", "d/a.jpg", true),
    ("/a.jpg", "a.jpg", true),
    ("/a.jpg", "d/a.jpg", false),
    ("d/a.jpg", "d/a.jpg", true),
    ("d/a.jpg", "x/d/a.jpg", false),
    ("/d/a.jpg", "d/a.jpg", true),
    ("d/", "d/", true),
    ("d/", "d", false),
    ("d/", "x/d/", true),
    ("/d/", "x/d/", false),
    ("d", "d", true),
    ("d", "d/a.jpg", true),
    ("d/", "d/x/a.jpg", true),
    ("d/*", "d/a.jpg", true),
    ("d/*", "d/x/a.jpg", true),
    ("d/*.jpg", "d/x/a.jpg", false),
    ("*/a.jpg", "d/a.jpg", true),
    ("*/a.jpg", "a.jpg", false),
    ("*/a.jpg", "d/e/a.jpg", false),
    ("**/a.jpg", "a.jpg", true),
    ("**/a.jpg", "d/e/a.jpg", true),
    ("**/d/a.jpg", "x/d/a.jpg", true),
    ("d/**", "d/", false),
    ("d/**", "d/e/a.jpg", true),
    ("d/**/a.jpg", "d/a.jpg", true),
    ("d/**/a.jpg", "d/e/f/a.jpg", true),
    ("d/**/a.jpg", "da.jpg", false),
    ("d/**/", "d/e/", true),
    ("d/**/", "d/a.jpg", false),
    ("a**.jpg", "abc.jpg", true),
    ("d/a**b", "d/axb", true),
    ("d/a**b", "d/ax/b", false),
    ("**", "d/a", true),
    ("/**", "a", true),
    ("**/", "a", false),
    ("**/", "d/", true),
    ("d/***/a", "d/x/y/a", true),
    ("x/**/**/a", "x/a", true),
    ("**a/b", "xa/b", true),
    ("?.jpg", "a.jpg", true),
    ("?.jpg", "ab.jpg", false),
    ("d?a.jpg", "d/a.jpg", false),
    ("d?e/f", "d/e/f", false),
    ("[abc].jpg", "b.jpg", true),
    ("[a-c].jpg", "d.jpg", false),
    ("[!a-c].jpg", "d.jpg", true),
    ("[^a-c].jpg", "a.jpg", false),
    ("[]-]x", "]x", true),
    ("[]-]x", "-x", true),
    ("[a-]x", "-x", true),
    ("[c-a]x", "bx", false),
    ("[\\]]x", "]x", true),
    ("[[:digit:]]*", "1.jpg", true),
    ("[[:digit:]]*", "a.jpg", false),
    ("[[:upper:][:digit:]].jpg", "A.jpg", true),
    ("[[:nonsense:]]", "n", false),
    ("[abc", "[abc", false),
    ("[[:d]x", "dx", true),
    ("[[:d]x", "[x", true),
    ("d[/]a", "d/a", false),
    ("# comment", "# comment", false),
    ("\\#a", "#a", true),
    ("\\!a", "!a", true),
    ("a\\*", "a*", true),
    ("a\\*", "ab", false),
    ("a\\", "a\\", false),
    ("a\\b", "ab", true),
    ("a.jpg   ", "a.jpg", true),
    ("a\\ ", "a ", true),
    ("a\\  ", "a ", true),
    ("a\t", "a", false),
    ("a\t", "a\t", true),
    ("a b", "a b", true),
    ("a.jpg\r\n", "a.jpg", true),
    ("   ", "   ", false),
    (" a", " a", true),
    ("\u{FEFF}a.jpg", "a.jpg", true),
    ("/", "d/", false),
    ("!", "a", false),
    ("//a", "a", false),
    ("", ".hidden", false),
    (".*", ".hidden", true),
    ("*.jpg\n!a.jpg", "a.jpg", false),
    ("*.jpg\n!a.jpg", "b.jpg", true),
    ("!a.jpg\n*.jpg", "a.jpg", true),
    ("d/\n!d/a.jpg", "d/a.jpg", true),
    ("d/*\n!d/a.jpg", "d/a.jpg", false),
    ("*\n!*/\n!*.jpg", "d/a.jpg", false),
    ("*\n!*/\n!*.jpg", "d/a.txt", true),
    ("/*\n!/d", "d/a.jpg", false),
    ("/*\n!/d", "e/a.jpg", true),
    ("A.JPG", "a.jpg", false),
]

private let root = Array("/photos".utf8)

/// What rules say of a path, judged as a walk does: from the root down, until something is ignored.
private func decision(_ files: [String: String], _ path: String) -> IgnoreDecision? {
    var rules = IgnoreRules()
    var folder = root
    let names = path.split(separator: "/")
    for (index, name) in names.enumerated() {
        let relative = String(decoding: folder.dropFirst(root.count + 1), as: UTF8.self)
        if let file = files[relative] { rules = rules.adding(Array(file.utf8), in: folder) }
        folder += [UInt8(ascii: "/")] + name.utf8
        let isLast = index == names.count - 1
        let decision = rules.decision(for: folder, isFolder: !isLast || path.hasSuffix("/"))
        if isLast || decision?.isIgnored == true { return decision }
    }
    return nil
}

@Suite struct IgnoreRulesTests {
    @Test(arguments: answersOfGit)
    func `a path is ignored exactly when git ignores it`(rules: String, path: String, isIgnored: Bool) {
        let isIgnoredHere = decision(["": rules], path)?.isIgnored ?? false
        #expect(isIgnoredHere == isIgnored)
    }

    @Test func `the last line that matches decides, a deeper file before one around it, and it is named`() {
        let files = ["": "*.jpg\n# all but these\n!keep*\n", "a": "\nkeep-not.jpg  \n", "a/b": "!x.jpg\n"]
        func words(_ path: String) -> String? {
            decision(files, path).map {
                let file = String(decoding: $0.file, as: UTF8.self)
                return "\(file):\($0.line):\(String(decoding: $0.pattern, as: UTF8.self)) \($0.isIgnored)"
            }
        }
        #expect(words("x.jpg") == "/photos/.likenessignore:1:*.jpg true")
        #expect(words("keep.jpg") == "/photos/.likenessignore:3:!keep* false")
        #expect(words("a/keep.jpg") == "/photos/.likenessignore:3:!keep* false")
        #expect(words("a/keep-not.jpg") == "/photos/a/.likenessignore:2:keep-not.jpg true")
        #expect(words("a/b/x.jpg") == "/photos/a/b/.likenessignore:1:!x.jpg false")
        #expect(words("notes.txt") == nil)
    }

    @Test func `names that are not UTF-8 are matched as bytes`() {
        let rules = IgnoreRules().adding([0xE9, UInt8(ascii: "?"), 0x0A], in: root)
        #expect(rules.decision(for: root + [0x2F, 0xE9, 0xE8], isFolder: false)?.isIgnored == true)
        #expect(rules.decision(for: root + [0x2F, 0xE8, 0xE9], isFolder: false) == nil)
    }

    @Test func `a pattern made to take for ever is done at once`() {
        let pattern = String(repeating: "*a", count: 200) + "b"
        let name = String(repeating: "a", count: 255)
        #expect(decision(["": pattern], name) == nil)
        let nested = String(repeating: "**/a/", count: 100) + "b"
        #expect(decision(["": nested], String(repeating: "a/", count: 300) + "c") == nil)
    }

    @Test func `what was ignored is neither told nor watched, and is told when the rules change`() async throws {
        try await WatchedScene.watching(prepare: { folder in
            try write(Array("drafts/\n*.png\n".utf8), to: folder.appending(".likenessignore"))
            try makeFolder(folder.appending("drafts"))
            try write(jpegStart, to: folder.appending("drafts/a.jpg"))
            try write(jpegStart, to: folder.appending("b.png"))
            try write(jpegStart, to: folder.appending("c.jpg"))
        }) { scene in
            try await scene.knows(["c.jpg"])
            try write(jpegStart, to: scene.folder.appending("drafts/d.jpg"))
            try write(jpegStart, to: scene.folder.appending("e.png"))
            try write(jpegStart, to: scene.folder.appending("f.jpg"))
            try await scene.knows(["c.jpg", "f.jpg"])
            try write(Array("*.png\n".utf8), to: scene.folder.appending(".likenessignore"))
            try await scene.knows(["c.jpg", "f.jpg", "drafts/a.jpg", "drafts/d.jpg"])
            try write(jpegStart, to: scene.folder.appending("drafts/g.jpg"))
            try await scene.knows(["c.jpg", "f.jpg", "drafts/a.jpg", "drafts/d.jpg", "drafts/g.jpg"])
            let scans = scene.now.scans.count
            try write(Array("drafts/\n".utf8), to: scene.folder.appending(".likenessignore"))
            try await eventually("a scan by the new rules") {
                scene.now.scans.count > scans && scene.names.contains("e.png")
            }
            try write(jpegStart, to: scene.folder.appending("drafts/h.jpg"))
            try write(jpegStart, to: scene.folder.appending("i.jpg"))
            try await eventually("the file beside") { scene.names.contains("i.jpg") }
            #expect(!scene.names.contains("drafts/h.jpg"))
        }
    }

    @Test func `rules that cannot be read are told, and ignore nothing`() async throws {
        try await WatchedScene.watching(prepare: { folder in
            let stars = [UInt8](repeating: UInt8(ascii: "*"), count: (1 << 20) + 1)
            try write(stars, to: folder.appending(".likenessignore"))
            try write(jpegStart, to: folder.appending("a.jpg"))
        }) { scene in
            try await scene.knows(["a.jpg"])
            let reason = scene.now.unreadable[scene.folder.appending(".likenessignore").bytes]
            #expect(reason == "has more than 1048576 bytes")
        }
    }

    @Test func `why a path is told or not is said of each kind`() throws {
        let folder = try TemporaryFolder()
        let root = folder.path
        for name in ["a", "drafts"] { try makeFolder(root.appending(name)) }
        for name in ["a/b.jpg", "drafts/c.jpg"] { try write(jpegStart, to: root.appending(name)) }
        try write([], to: root.appending("notes.txt"))
        try write(Array("# mine\ndrafts/\n".utf8), to: root.appending(".likenessignore"))
        symlink(root.appending("a").string, root.appending("link").string)
        mkfifo(root.appending("pipe.jpg").string, 0o600)
        func verdict(_ name: String) -> PathVerdict {
            PathVerdict.of(root.appending(name).bytes, below: root.bytes, options: WatchOptions())
        }
        let ignored = IgnoreDecision(
            isIgnored: true, path: root.appending("drafts").bytes, file: root.appending(".likenessignore").bytes,
            line: 2,
            pattern: Array("drafts/".utf8))
        guard case .picture(let file) = verdict("a/b.jpg") else {
            Issue.record("\(verdict("a/b.jpg"))")
            return
        }
        #expect(file.size == 4 && file.path == root.appending("a/b.jpg").bytes)
        #expect(verdict("drafts/c.jpg") == .ignored(ignored))
        #expect(verdict("notes.txt") == .notAPicture)
        #expect(verdict("link/b.jpg") == .link(at: root.appending("link").bytes))
        #expect(verdict("pipe.jpg") == .notAFile)
        #expect(verdict("a") == .notAFile)
        #expect(verdict("no/such.jpg") == .missing(at: root.appending("no").bytes))
        let notes = root.appending("notes.txt").bytes
        #expect(verdict("notes.txt/x.jpg") == .unreadable(at: notes, reason: "not a directory"))
        #expect(PathVerdict.of(Array("/etc/x.jpg".utf8), below: root.bytes, options: WatchOptions()) == .outside)
    }
}
