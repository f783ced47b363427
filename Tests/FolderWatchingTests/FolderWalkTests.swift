import Faults
import FolderWatching
import Glibc
import SystemPackage
import TestSupport
import Testing

private func names(_ walk: FolderWalk, below folder: FilePath) -> [String] {
    walk.map { event in
        switch event {
        case .file(let file): String(decoding: file.path.dropFirst(folder.length + 1), as: UTF8.self)
        case .unreadable(let path, _): "unreadable " + String(decoding: path.suffix(8), as: UTF8.self)
        }
    }
}

@Test func `pictures are found by the ending of the name or by their first bytes, in the order of their names`() throws
{
    let folder = try TemporaryFolder()
    try write(jpegStart, to: folder.path.appending("b.JPG"))
    try write(jpegStart, to: folder.path.appending("no-ending"))
    try write(Array("notes".utf8), to: folder.path.appending("notes.txt"))
    mkdir(folder.path.appending("a").string, 0o700)
    try write([], to: folder.path.appending("a/empty.jpeg"))
    #expect(names(FolderWalk([folder.path.bytes]), below: folder.path) == ["a/empty.jpeg", "b.JPG", "no-ending"])
}

@Test func `a copy that is being written is no picture until it has its name`() throws {
    let folder = try TemporaryFolder()
    try write(jpegStart, to: folder.path.appending(".9f86d081884c7d65.partial"))
    try write(jpegStart, to: folder.path.appending("truck.partial"))
    try write(jpegStart, to: folder.path.appending("truck_0.jpg"))
    #expect(names(FolderWalk([folder.path.bytes]), below: folder.path) == ["truck.partial", "truck_0.jpg"])
}

@Test func `a file that is named is taken whatever it is called, and once however often it is met`() throws {
    let folder = try TemporaryFolder()
    let notes = folder.path.appending("notes.txt")
    try write(Array("notes".utf8), to: notes)
    try write(jpegStart, to: folder.path.appending("b.jpg"))
    let walk = FolderWalk([notes.bytes, folder.path.bytes, folder.path.appending("b.jpg").bytes, folder.path.bytes])
    #expect(names(walk, below: folder.path) == ["notes.txt", "b.jpg"])
}

@Test func `links are not followed and pipes are passed over, so that nothing loops or waits`() throws {
    let folder = try TemporaryFolder()
    try write(jpegStart, to: folder.path.appending("a.jpg"))
    symlink(folder.path.string, folder.path.appending("loop").string)
    symlink(folder.path.appending("a.jpg").string, folder.path.appending("link.jpg").string)
    mkfifo(folder.path.appending("pipe.jpg").string, 0o600)
    #expect(names(FolderWalk([folder.path.bytes]), below: folder.path) == ["a.jpg"])
}

@Test func `names that are not UTF-8 or hold newlines are walked as they are`() throws {
    let folder = try TemporaryFolder()
    let name = folder.path.bytes + Array("/caf".utf8) + [0xE9, 0x0A] + Array("'\"--json.jpg".utf8)
    let descriptor = (name + [0]).withUnsafeBytes {
        open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o600)
    }
    try #require(descriptor >= 0)
    close(descriptor)
    let found = Array(FolderWalk([folder.path.bytes]))
    #expect(found.count == 1)
    guard case .file(let file) = found.first else {
        Issue.record("\(found) holds no file")
        return
    }
    #expect(file.path == name)
    #expect(file.size == 0)
}

@Test func `a walk passes over what the folders' own rules ignore, and Likeness's own files`() throws {
    let folder = try TemporaryFolder()
    for name in ["thumbnails", "keep"] { mkdir(folder.path.appending(name).string, 0o700) }
    for name in ["a.jpg", "thumbnails/b.jpg", "keep/c.jpg", "keep/draft.jpg", ".likeness-root"] {
        try write(jpegStart, to: folder.path.appending(name))
    }
    try write(Array("thumbnails/\n".utf8), to: folder.path.appending(".likenessignore"))
    try write(Array("draft*\n".utf8), to: folder.path.appending("keep/.likenessignore"))
    #expect(names(FolderWalk([folder.path.bytes]), below: folder.path) == ["a.jpg", "keep/c.jpg"])
}

@Test func `a folder that is named is walked, even one that the rules of a folder around it ignore`() throws {
    let folder = try TemporaryFolder()
    mkdir(folder.path.appending("thumbnails").string, 0o700)
    try write(jpegStart, to: folder.path.appending("thumbnails/b.jpg"))
    try write(Array("thumbnails/\n".utf8), to: folder.path.appending(".likenessignore"))
    #expect(names(FolderWalk([folder.path.appending("thumbnails").bytes]), below: folder.path) == ["thumbnails/b.jpg"])
}

@Test func `a path that does not exist is told with the system's reason`() {
    let walk = Array(FolderWalk([Array("/no/such/folder".utf8)]))
    #expect(walk == [.unreadable(path: Array("/no/such/folder".utf8), reason: "no such file or directory")])
}
