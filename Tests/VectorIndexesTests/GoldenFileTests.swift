import FoundationEssentials
import SystemPackage
import Testing
import VectorIndexes

/// The bytes of every format, readable forever; the newest is the one that is written.
@Suite struct GoldenFileTests {
    @Test func `a small store has these bytes`() throws {
        let scratch = try Scratch()
        try writeSmallStore(scratch)
        #expect(
            String(decoding: try scratch.read("manifest.json"), as: UTF8.self)
                == Self.manifest(format: 2, checksum: "7386f19c"))
        #expect(hexadecimal(try scratch.read("vectors/00000001.vectors")) == Self.vectors)
        #expect(hexadecimal(try scratch.read("vectors/00000001.records")) == Self.records)
        #expect(hexadecimal(try scratch.read("vectors/00000001.tombstones-00000002")) == Self.tombstones)
        #expect(try scratch.names().count == 5)
    }

    @Test(arguments: [(1, "c11c9ef3"), (2, "7386f19c")])
    func `these bytes are read`(format: Int, checksum: String) throws {
        let scratch = try Scratch()
        try scratch.write(Array(Self.manifest(format: format, checksum: checksum).utf8), to: "manifest.json")
        try scratch.write(bytes(Self.vectors), to: "vectors/00000001.vectors")
        try scratch.write(bytes(Self.records), to: "vectors/00000001.records")
        try scratch.write(bytes(Self.tombstones), to: "vectors/00000001.tombstones-00000002")
        let store = try scratch.open()
        #expect(store.liveIDs() == ids([-2, 7]))
        #expect(store.vector(of: VectorID(7)) == [1, 0.5] && store.vector(of: VectorID(-2)) == [-1, 0.25])
        #expect(store.manifest.position == Position("7:9:8"))
        #expect(store.manifest.fence == 4 && store.manifest.publication == 2 && store.deadCount == 1)
        #expect(try store.index(named: "default").search([1, 0.5], k: 1)[0].map(\.id) == ids([7]))
        #expect(try store.verify() == [])
    }

    @Test func `the checksum is CRC-32C`() {
        // Source: RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum([UInt8](0..<32)) == 0x46DD_794E)
        #expect(CRC32C.checksum([UInt8]()) == 0)
    }

    @Test func `the checksum of two parts is that of the whole`() {
        let whole = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        for cut in [0, 1, 7, 8, 9, 500, 999, 1_000] {
            var checksum = CRC32C(CRC32C.checksum(whole.prefix(cut)))
            whole.dropFirst(cut).withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == CRC32C.checksum(whole))
        }
    }

    private func writeSmallStore(_ scratch: Scratch) throws {
        let writer = try StoreWriter.open(
            scratch.store, identity: StoreIdentity(model: "m", modelIdentity: "sha256:00/fp32", dimension: 2), fence: 4,
            store: UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"), rowsPerChunk: 4,
            now: { Date(timeIntervalSince1970: 1_700_000_000.75) })
        try writer.add(flat)
        try writer.append(ids: ids([7, 8, -2]), vectors: [1, 0.5, 2, 3, -1, 0.25])
        try writer.remove(ids([8]))
        try writer.publish(position: Position("7:9:8"))
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let lines = stride(from: 0, to: digits.count, by: 16).map { digits[$0..<min($0 + 16, digits.count)].joined() }
        // As hexdump does: a star for lines of zeros, of which a header's page has many.
        var shown: [String] = []
        for line in lines.map({ $0 == String(repeating: "0", count: 32) ? "*" : $0 })
        where line != "*" || shown.last != "*" {
            shown.append(line)
        }
        return shown.joined(separator: "\n")
    }

    private func bytes(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in text.split(separator: "\n") {
            if line == "*" {
                bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
                continue
            }
            let digits = Array(line)
            bytes += stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
        }
        return bytes
    }

    private static func manifest(format: Int, checksum: String) -> String {
        """
        { "checksum": "\(checksum)",
          "chunks" : [
            {
              "number" : 1,
              "recordsChecksum" : 1784360033,
              "rows" : 3,
              "tombstones" : {
                "checksum" : 3007718310,
                "dead" : 1,
                "publication" : 2
              }
            }
          ],
          "fence" : 4,
          "format" : \(format),
          "identity" : {
            "dimension" : 2,
            "model" : "m",
            "modelIdentity" : "sha256:00/fp32"
          },
          "indexes" : [
            {
              "builtAt" : "2023-11-14T22:13:20Z",
              "generation" : 1,
              "specification" : {
                "name" : "default",
                "parameters" : {

                },
                "type" : "flat"
              }
            }
          ],
          "nextChunk" : 2,
          "position" : "7:9:8",
          "publication" : 2,
          "publishedAt" : "2023-11-14T22:13:20Z",
          "rowsPerChunk" : 4,
          "store" : "00112233-4455-6677-8899-AABBCCDDEEFF"
        }

        """
    }

    private static let vectors = """
        4c494b454e4553535645435301000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000ebc795b1
        *
        0000803f0000003f0000004000004040
        000080bf0000803e
        """

    private static let records = """
        4c494b454e4553535245435301000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000a1f8f62b
        070000000000000098a14b0700000000
        08000000000000009c03150500000000
        feffffffffffffff3e0d416000000000
        """

    private static let tombstones = """
        4c494b454e455353544f4d4201000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        020000000000000000000000463f35fe
        02
        """
}
