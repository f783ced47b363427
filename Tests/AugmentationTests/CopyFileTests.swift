import Augmentation
import Faults
import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct CopyFileTests {
    private let folder: FilePath
    private let temporary: TemporaryFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = temporary.path
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted()
    }

    @Test func `a copy is written once and then left alone`() throws {
        #expect(try CopyFile.write([1, 2, 3], name: Array("a_0.jpg".utf8), to: folder) == .written)
        #expect(try CopyFile.write([1, 2, 3], name: Array("a_0.jpg".utf8), to: folder) == .alreadyThere)
        #expect(FileManager.default.contents(atPath: folder.appending("a_0.jpg").string) == Data([1, 2, 3]))
        #expect(try names() == ["a_0.jpg"])
    }

    @Test func `another file of the name stays as it is`() throws {
        try CopyFile.write([1, 2, 3], name: Array("a_0.jpg".utf8), to: folder)
        let path = folder.appending("a_0.jpg")
        let error = #expect(throws: AugmentationError.otherFile(path)) {
            try CopyFile.write([4], name: Array("a_0.jpg".utf8), to: folder)
        }
        #expect(error?.message == "\(path) is there already and is not the copy to be written")
        #expect(error?.exitStatus == .cannotWrite)
        #expect(FileManager.default.contents(atPath: path.string) == Data([1, 2, 3]))
    }

    @Test func `a folder of the name is no copy`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.appending("a_0.jpg").string, withIntermediateDirectories: false)
        #expect(throws: AugmentationError.otherFile(folder.appending("a_0.jpg"))) {
            try CopyFile.write([4], name: Array("a_0.jpg".utf8), to: folder)
        }
    }

    @Test func `half a file that a killed process left is written over`() throws {
        // The hidden name of a_0.jpg.
        let left = folder.appending(".29f4a5323d291874.partial").string
        #expect(FileManager.default.createFile(atPath: left, contents: Data(repeating: 9, count: 100)))
        try CopyFile.write([1, 2], name: Array("a_0.jpg".utf8), to: folder)
        #expect(try names() == ["a_0.jpg"])
        #expect(FileManager.default.contents(atPath: folder.appending("a_0.jpg").string) == Data([1, 2]))
    }

    @Test func `a name need not be text`() throws {
        let name: [UInt8] = [0xFF, 0x27, 0x0A, 0xC3] + Array("_7.jpg".utf8)
        try CopyFile.write([5], name: name, to: folder)
        let path = (folder.bytes + [0x2F] + name + [0]).map { CChar(bitPattern: $0) }
        #expect(access(path, R_OK) == 0)
    }

    @Test func `a folder that is not there is named`() {
        let missing = folder.appending("nowhere")
        let error = #expect(throws: AugmentationError.self) {
            try CopyFile.write([5], name: Array("a_0.jpg".utf8), to: missing)
        }
        guard case .file(_, .noSuchFileOrDirectory) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.message.hasPrefix("cannot write \(missing)/") == true)
        #expect(error?.message.hasSuffix(": no such file or directory") == true)
    }

    @Test func `a name that the system does not take leaves nothing behind`() throws {
        let name = [UInt8](repeating: UInt8(ascii: "x"), count: 256)
        #expect(throws: AugmentationError.self) { try CopyFile.write([5], name: name, to: folder) }
        #expect(try names() == [])
    }

    @Test func `a full disk says where to make room, and may pass`() {
        let error = AugmentationError.file("/photos/copies/a_0.jpg", .noSpace)
        #expect(error.message == "cannot write /photos/copies/a_0.jpg: no space left on device")
        #expect(error.hint == "Make room: df -h '/photos/copies'")
        #expect(error.recovery == .retryLater && error.exitStatus == .cannotWrite)
    }
}
