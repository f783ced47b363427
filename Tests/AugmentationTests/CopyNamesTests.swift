import Augmentation
import SystemPackage
import Testing

@Suite struct CopyNamesTests {
    private func sha(_ first: UInt8, _ second: UInt8 = 0) -> [UInt8] {
        [first, second] + [UInt8](repeating: 7, count: 30)
    }

    private func copyNames(_ parents: ([UInt8], String)...) -> CopyNames {
        CopyNames(parents: parents.map { (sha256: $0.0, path: FilePath($0.1)) })
    }

    private func text(_ name: [UInt8]?) -> String? { name.map { String(decoding: $0, as: UTF8.self) } }

    @Test func `a copy has its parent's stem and its ordinal`() {
        let names = copyNames((sha(1), "/photos/truck.one.jpeg"), (sha(2), "/photos/noending"))
        #expect(text(names.name(ofCopy: 0, parent: sha(1))) == "truck.one_0.jpg")
        #expect(text(names.name(ofCopy: 99, parent: sha(2))) == "noending_99.jpg")
        #expect(names.name(ofCopy: 0, parent: sha(3)) == nil)
    }

    @Test func `parents of one stem are told apart by their content, whatever their order`() {
        let parents: [(sha256: [UInt8], path: FilePath)] = [
            (sha(0xAB), "/a/truck.jpg"), (sha(0xCD), "/b/truck.png"), (sha(3), "/b/car.jpg"),
        ]
        for parents in [parents, parents.reversed()] {
            let names = CopyNames(parents: parents)
            #expect(text(names.name(ofCopy: 5, parent: sha(0xAB))) == "truck-ab000707_5.jpg")
            #expect(text(names.name(ofCopy: 5, parent: sha(0xCD))) == "truck-cd000707_5.jpg")
            #expect(text(names.name(ofCopy: 5, parent: sha(3))) == "car_5.jpg")
        }
    }

    @Test func `parents whose content begins the same get more of it`() {
        var near = sha(1)
        near[31] = 8
        let names = copyNames((sha(1), "/a/x.jpg"), (near, "/b/x.jpg"))
        let one = text(names.name(ofCopy: 0, parent: sha(1)))
        #expect(one == "x-0100" + String(repeating: "07", count: 30) + "_0.jpg")
        #expect(one != text(names.name(ofCopy: 0, parent: near)))
    }

    @Test func `a stem that looks like another's longer name gets one of its own`() {
        let names = copyNames(
            (sha(0xAB), "/a/x.jpg"), (sha(0xCD), "/b/x.jpg"), (sha(0xEF), "/c/x-ab000707.jpg"))
        let all = [sha(0xAB), sha(0xCD), sha(0xEF)].compactMap { text(names.name(ofCopy: 0, parent: $0)) }
        #expect(Set(all).count == 3)
    }

    @Test func `a parent that stands twice is one parent`() {
        let names = copyNames((sha(1), "/a/x.jpg"), (sha(1), "/b/y.jpg"))
        #expect(text(names.name(ofCopy: 1, parent: sha(1))) == "x_1.jpg")
    }

    @Test func `a stem that is too long is cut at a character, and told apart`() throws {
        let long = String(repeating: "ä", count: 120)
        let names = copyNames((sha(1), "/a/\(long)1.jpg"), (sha(2), "/a/\(long)2.jpg"))
        let one = try #require(names.name(ofCopy: 1_000_000, parent: sha(1)))
        #expect(one.count <= 255)
        #expect(text(one) == String(repeating: "ä", count: 80) + "-01000707_1000000.jpg")
        let odd = "a" + long + ".jpg"
        let name = try #require(copyNames((sha(1), odd)).name(ofCopy: 0, parent: sha(1)))
        #expect(String(validating: name, as: UTF8.self) == "a" + String(repeating: "ä", count: 79) + "-01000707_0.jpg")
    }

    @Test func `a stem that is no text keeps its bytes`() throws {
        let path = [UInt8(ascii: "/"), 0xFF, 0xFE, 0x2E, 0x6A, 0].withUnsafeBytes {
            FilePath(platformString: $0.bindMemory(to: CChar.self).baseAddress!)
        }
        let names = CopyNames(parents: [(sha256: sha(1), path: path)])
        #expect(names.name(ofCopy: 0, parent: sha(1)) == [0xFF, 0xFE] + Array("_0.jpg".utf8))
    }
}
