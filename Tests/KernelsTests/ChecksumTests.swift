import CKernels
import TestSupport
import Testing

/// CRC-32C by the CPU's own instruction, where it has one, and by tables.
@Suite struct ChecksumTests {
    @Test func `known bytes have their known checksums`() {
        // Source: RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
        let known: [([UInt8], UInt32)] = [
            ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
        ]
        for (bytes, checksum) in known {
            #expect(lk_crc32c(0, bytes, bytes.count) == checksum)
            #expect(lk_crc32c_portable(0, bytes, bytes.count) == checksum)
        }
    }

    @Test func `both ways agree on any length, alignment and beginning`() {
        var random = SplitMix(state: 1)
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        bytes.withUnsafeBytes { bytes in
            for first in 0..<16 {
                for count in 0..<260 {
                    let begun = UInt32.random(in: 0...UInt32.max, using: &random)
                    let start = bytes.baseAddress! + first
                    #expect(lk_crc32c(begun, start, count) == lk_crc32c_portable(begun, start, count))
                }
            }
        }
    }
}
