import FoundationEssentials
import Testing
import VectorIndexes

/// The bytes of both files of an inverted file, readable forever.
@Suite struct InvertedFileGoldenTests {
    @Test(arguments: [IndexType.ivfflat, .ivfpq])
    func `a small index has these bytes and is read from them`(type: IndexType) throws {
        let fixture = try InvertedFileFixture(type, type == .ivfpq ? ["nlist": 1, "m": 2, "bits": 1] : ["nlist": 1])
        let writer = try StoreWriter.open(
            fixture.scratch.store, identity: StoreIdentity(model: "m", modelIdentity: "sha256:00/fp32", dimension: 2),
            fence: 4, store: UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"), rowsPerChunk: 4)
        // Around (2, 2), one apart in the first component and two in the second: every mean is exact.
        try writer.append(ids: ids([7, 8, 9, 10]), vectors: [1, 0, 3, 0, 1, 4, 3, 4])
        try writer.add(fixture.specification)
        try writer.publish()
        try fixture.build(writer)
        try writer.append(ids: ids([-2]), vectors: [2, 2])
        try writer.publish()
        let golden = type == .ivfflat ? [Self.centroids, Self.lists] : [Self.codebooks, Self.codes]
        for (name, bytes) in zip(["lists/00000001.centroids", "lists/00000001.lists"], golden) {
            #expect(try hexadecimal(fixture.scratch.read(name)) == bytes)
            try fixture.scratch.write(self.bytes(bytes), to: name)
        }
        let answer = try fixture.open().search([2, 2], k: 2)[0]
        #expect(answer == [Neighbor(id: VectorID(-2), distance: 0), Neighbor(id: VectorID(7), distance: 5)])
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return stride(from: 0, to: digits.count, by: 16).map { digits[$0..<min($0 + 16, digits.count)].joined() }
            .joined(separator: "\n")
    }

    private func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.filter { $0 != "\n" })
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    private static let centroids = """
        4c494b454e45535343454e5401000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000cc8ddcce
        01000000000000000000000000000000
        00000000000000000000000000000000
        00000000000000000000000000000000
        00000000000000000000000000000000
        0000004000000040
        """

    private static let lists = """
        4c494b454e4553534c49535401000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000ea3a5bf6
        00000000000000000000a04001000000
        000000000000a0400200000000000000
        0000a04003000000000000000000a040
        040000000000000000000000
        """

    private static let codebooks = """
        4c494b454e45535343454e5401000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000cc8ddcce
        01000000020000000100000000000000
        00000000000000000000000000000000
        00000000000000000000000000000000
        00000000000000000000000000000000
        00000040000000400000803f000080bf
        0000000000000000
        """

    private static let codes = """
        4c494b454e4553534c49535401000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000ea3a5bf6
        00000000000000000000a040000040c0
        010001000000000000000000a0400000
        a040000002000000000000000000a040
        000040c0010003000000000000000000
        a0400000a04000000400000000000000
        000000000000a0400000
        """
}
