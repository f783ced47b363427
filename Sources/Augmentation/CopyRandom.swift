import Crypto

/// The random numbers of one copy: the same for the same seed, parent and ordinal, on any machine, in any order of work.
///
/// xoshiro256**, its state the SHA-256 of seed, parent and ordinal, so that neither neighboring seeds nor neighboring
/// copies have anything to do with each other.
///
/// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).
struct CopyRandom {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameters:
    ///   - seed: what the user chose.
    ///   - parent: the SHA-256 of the parent's file.
    ///   - ordinal: which copy of it.
    init(seed: Int64, parent: [UInt8], ordinal: Int) {
        var hash = SHA256()
        hash.update(data: Array("likeness augmentation 1".utf8))
        hash.update(data: littleEndianBytes(UInt64(bitPattern: seed)))
        hash.update(data: littleEndianBytes(UInt64(parent.count)))
        hash.update(data: parent)
        hash.update(data: littleEndianBytes(UInt64(ordinal)))
        self.init(digest: hash.finalize())
    }

    /// The random numbers of one operation that has a seed of its own.
    init(seed: UInt32) {
        self.init(digest: SHA256.hash(data: Array("likeness noise 1".utf8) + littleEndianBytes(UInt64(seed))))
    }

    private init(digest: SHA256Digest) {
        state = digest.withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        let result = rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, by: 45)
        return result
    }

    /// A number from 0 up to, but not including, 1; a multiple of 2^-53.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}

private func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

private func littleEndianBytes(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }
