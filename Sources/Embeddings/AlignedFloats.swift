import Glibc

/// Float storage that starts on a cache line, as vector instructions like it; owned, zeroed at first, freed with its owner.
struct AlignedFloats: ~Copyable {
    /// Bytes of a cache line, and of an AVX-512 register.
    static let alignment = 64

    private let base: UnsafeMutablePointer<Float>
    let count: Int

    /// - Precondition: `count` is positive.
    init(count: Int) {
        precondition(count > 0, "storage for \(count) values")
        let bytes = count * MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
        memset(raw, 0, bytes)
        base = raw.bindMemory(to: Float.self, capacity: count)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    /// All of it; valid as long as the owner lives.
    var values: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
