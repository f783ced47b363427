import FoundationEssentials
import SystemPackage
import Testing
import VectorIndexes

/// The bytes of a graph's files, readable forever.
@Suite struct HNSWGoldenFileTests {
    private static let base = "graph/00000001.graph-00000002"
    private static let log = "graph/00000001.links-00000002"

    @Test func `a small graph has these bytes`() throws {
        let scratch = try Scratch()
        try writeSmallGraph(scratch)
        #expect(hexadecimal(try scratch.read(Self.base)) == Self.baseBytes)
        #expect(hexadecimal(try scratch.read(Self.log)) == Self.logBytes)
    }

    @Test func `these bytes are read`() throws {
        let scratch = try Scratch()
        try writeSmallGraph(scratch)
        // Whatever is written one day: the manifest must name what was written then.
        let base = bytes(Self.baseBytes)
        let log = bytes(Self.logBytes)
        var manifest = String(decoding: try scratch.read("manifest.json"), as: UTF8.self)
        let now = try scratch.graphFiles()
        for (written, golden) in [(now.base, base), (now.log, log)] {
            manifest = manifest.replacing("\"bytes\" : \(written.bytes),", with: "\"bytes\" : \(golden.count - 64),")
                .replacing("\(written.checksum)", with: "\(CRC32C.checksum(golden[64...]))")
        }
        let body = manifest.drop { $0 != "\n" }.dropFirst()
        let digits = String(CRC32C.checksum(Array(body.utf8)), radix: 16)
        let checksum = String(repeating: "0", count: 8 - digits.count) + digits
        try scratch.write(Array("{ \"checksum\": \"\(checksum)\",\n\(body)".utf8), to: "manifest.json")
        try scratch.write(base, to: "graph/" + now.base.name)
        try scratch.write(log, to: "graph/" + now.log.name)
        let index = try scratch.open().index(named: "graph")
        #expect(index.count == 14)
        let answer = try index.search([0, 0], k: 4)[0]
        #expect(answer.map(\.id) == ids([0, 12, 1, 2]) && answer.map(\.distance) == [0, 0, 1, 4])
        #expect(try index.search([13, 0], k: 1)[0] == [Neighbor(id: VectorID(13), distance: 0)])
    }

    /// 12 points on a line in the base; in the log one that equals the first, and one behind the last.
    private func writeSmallGraph(_ scratch: Scratch) throws {
        let writer = try StoreWriter.open(
            scratch.store, identity: StoreIdentity(model: "m", modelIdentity: "sha256:00/fp32", dimension: 2), fence: 4,
            store: UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"),
            now: { Date(timeIntervalSince1970: 1_700_000_000) })
        try writer.append(ids: ids(0..<12), vectors: (0..<12).flatMap { [Float($0), 0] })
        try writer.add(graph)
        try writer.publish()
        let draft = try GenerationJob(graph, generation: 1, over: try scratch.open(), threads: 1).build()
        try #require(try writer.adopt(draft))
        try writer.publish()
        try writer.append(ids: ids([12, 13]), vectors: [0, 0, 13, 0])
        try writer.publish()
    }

    /// Sixteen bytes a line; `* n` stands for n more lines like the one before.
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        var shown: [String] = []
        var last = ""
        var more = 0
        for first in stride(from: 0, to: digits.count, by: 16) {
            let line = digits[first..<min(first + 16, digits.count)].joined()
            if line == last {
                more += 1
                continue
            }
            if more > 0 { shown.append("* \(more)") }
            more = 0
            last = line
            shown.append(line)
        }
        if more > 0 { shown.append("* \(more)") }
        return shown.joined(separator: "\n")
    }

    private func bytes(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("* "), let more = Int(line.dropFirst(2)) {
                let last = bytes.suffix(16)
                for _ in 0..<more { bytes += last }
                continue
            }
            let digits = Array(line)
            bytes += stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
        }
        return bytes
    }

    private static let baseBytes = """
        4c494b454e4553534752504801000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        000000000000000000000000d3c26e62
        200000000c0000000000000003000000
        01000000000000002003000000000000
        00000000010000000200000003000000
        04000000050000000600000007000000
        08000000090000000a0000000b000000
        8ab2288c0dd4bb6924d879bbcf837db5
        f26f71a77f798522193475a99422812c
        88b76883b687644305a19c063b9190c6
        01010102010101010101010103000000
        01000000020000000400000005000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff03000000
        00000000020000000400000005000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        03000000010000000400000005000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000400000005000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 19
        ffffffffffffffffffffffff00000000
        01000000020000000300000005000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        06000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000070000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000060000000800000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000060000000700000009000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000060000000700000008000000
        0a0000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000060000000700000008000000
        090000000b000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff00000000
        01000000020000000300000004000000
        05000000060000000700000008000000
        090000000a000000ffffffffffffffff
        ffffffffffffffffffffffffffffffff
        * 11
        ffffffffffffffffffffffff
        """

    private static let logBytes = """
        4c494b454e4553534c494e4b01000000
        02000000000000000100000000000000
        00112233445566778899aabbccddeeff
        00000000000000000000000083046b99
        01000000010000000d00000003000000
        010000000d0000005ddc604d01000000
        0c00000000000000000000000c000000
        03000000010000000200000004000000
        05000000060000000700000008000000
        090000000a0000000b0000000c000000
        010000000c0000000300000000000000
        02000000040000000500000006000000
        0700000008000000090000000a000000
        0b0000000c000000020000000c000000
        00000000030000000100000004000000
        05000000060000000700000008000000
        090000000a0000000b0000000c000000
        030000000c0000000000000001000000
        02000000040000000500000006000000
        0700000008000000090000000a000000
        0b0000000c000000040000000c000000
        00000000010000000200000003000000
        05000000060000000700000008000000
        090000000a0000000b0000000c000000
        050000000c0000000000000001000000
        02000000030000000400000006000000
        0700000008000000090000000a000000
        0b0000000c000000060000000c000000
        00000000010000000200000003000000
        04000000050000000700000008000000
        090000000a0000000b0000000c000000
        070000000c0000000000000001000000
        02000000030000000400000005000000
        0600000008000000090000000a000000
        0b0000000c000000080000000c000000
        00000000010000000200000003000000
        04000000050000000600000007000000
        090000000a0000000b0000000c000000
        090000000c0000000000000001000000
        02000000030000000400000005000000
        0600000007000000080000000a000000
        0b0000000c0000000a0000000c000000
        00000000010000000200000003000000
        04000000050000000600000007000000
        08000000090000000b0000000c000000
        0b0000000c0000000000000001000000
        02000000030000000400000005000000
        06000000070000000800000009000000
        0a0000000c0000000c0000000c000000
        00000000010000000200000003000000
        04000000050000000600000007000000
        08000000090000000a0000000b000000
        """
}
