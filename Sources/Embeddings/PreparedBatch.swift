import Synchronization

/// Pictures made ready for an embedder: `count` of up to `capacity` rows of `inputLength` float32 values, row-major,
/// 64-byte aligned, allocated once and used again and again.
///
/// One thread fills it, hands it to the embedder and gets it back. The storage is behind a mutex, so whatever callers do is
/// free of data races; in that use nobody ever waits for it. (A `Mutex` makes the class sendable by construction: no
/// promise is made that the compiler does not check.)
public final class PreparedBatch: Sendable {
    /// The most pictures it holds.
    public let capacity: Int
    /// float32 values in one picture.
    public let inputLength: Int
    private let contents: Mutex<Contents>

    private struct Contents: ~Copyable {
        var count = 0
        let storage: AlignedFloats
    }

    /// Allocates `capacity × inputLength` values, all zero.
    ///
    /// - Precondition: both are positive.
    public init(capacity: Int, inputLength: Int) {
        self.capacity = capacity
        self.inputLength = inputLength
        contents = Mutex(Contents(storage: AlignedFloats(count: capacity * inputLength)))
    }

    /// How many pictures it holds now.
    public var count: Int { contents.withLock { $0.count } }

    /// Whether no further picture fits.
    public var isFull: Bool { count == capacity }

    /// Lets `fill` write the next picture's `inputLength` values; the picture counts only when `fill` returns.
    ///
    /// - Precondition: the batch is not full.
    public func append<Failure: Error>(
        _ fill: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        try contents.withLock { contents throws(Failure) in
            precondition(contents.count < capacity, "the batch is full: it holds \(capacity) pictures")
            let start = contents.count * inputLength
            try fill(UnsafeMutableBufferPointer(rebasing: contents.storage.values[start..<start + inputLength]))
            contents.count += 1
        }
    }

    /// Forgets the pictures and keeps the storage.
    public func removeAll() { contents.withLock { $0.count = 0 } }

    /// Lets `body` read all `capacity × inputLength` values, of which the first `count` rows are pictures; the others are
    /// finite but mean nothing.
    func withRows<Result, Failure: Error>(
        _ body: (_ rows: UnsafeMutableBufferPointer<Float>, _ count: Int) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try contents.withLock { contents throws(Failure) in try body(contents.storage.values, contents.count) }
    }
}
