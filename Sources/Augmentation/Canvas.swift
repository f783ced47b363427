import Imaging

/// The picture that operations are being applied to, in memory that is used again for the next one.
///
/// Changes of each sample by a table alone wait in ``table`` until somebody needs the samples, so that several of them
/// are one pass. Tables map bytes to bytes: one after the other or as one, the result is the same.
struct Canvas {
    private(set) var width = 0
    private(set) var height = 0
    /// The samples before ``table``; only the first `3 * width * height` bytes are the picture.
    private(set) var samples: [UInt8] = []
    /// What each sample is to become.
    private var table = SampleTable.identity

    /// The number of bytes of the picture.
    var count: Int { 3 * width * height }

    /// Makes it a copy of a picture.
    mutating func set(_ image: RGBImage) {
        resize(width: image.width, height: image.height)
        samples.withUnsafeMutableBufferPointer { target in
            image.pixels.withUnsafeBufferPointer { source in
                _ = target.update(fromContentsOf: source)
            }
        }
    }

    /// Gives it another size and samples that `body` writes.
    mutating func replace(width: Int, height: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) {
        resize(width: width, height: height)
        samples.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { body(start) } }
    }

    /// Changes the samples as they are by now.
    mutating func change(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        flush()
        let count = count
        samples.withUnsafeMutableBufferPointer { body(UnsafeMutableBufferPointer(rebasing: $0[..<count])) }
    }

    /// Lets `body` change the samples and apply the table that waits on the way.
    mutating func change(through body: (UnsafeMutableBufferPointer<UInt8>, SampleTable) -> Void) {
        let (count, table) = (count, table)
        self.table = .identity
        samples.withUnsafeMutableBufferPointer { body(UnsafeMutableBufferPointer(rebasing: $0[..<count]), table) }
    }

    /// Changes every sample by a table, made from the samples and the table that waits.
    mutating func map(by next: (UnsafeBufferPointer<UInt8>, SampleTable) -> SampleTable) {
        let count = count
        let added = samples.withUnsafeBufferPointer { next(UnsafeBufferPointer(rebasing: $0[..<count]), table) }
        table = table.followed(by: added)
    }

    /// A copy of the picture.
    mutating func image() -> RGBImage {
        flush()
        return RGBImage(width: width, height: height, pixels: Array(samples[..<count]))
    }

    private mutating func flush() {
        if table != .identity { change(through: { samples, table in table.apply(to: samples) }) }
    }

    private mutating func resize(width: Int, height: Int) {
        self.width = width
        self.height = height
        table = .identity
        if samples.count < count { samples = [UInt8](repeating: 0, count: count) }
    }
}

/// What each of the 256 values of a sample becomes.
struct SampleTable: Equatable {
    private var values: [UInt8]

    static let identity = SampleTable { UInt8($0) }

    init(_ value: (Int) -> UInt8) { values = (0..<256).map(value) }

    subscript(sample: UInt8) -> UInt8 { values[Int(sample)] }

    /// First this, then `next`.
    func followed(by next: SampleTable) -> SampleTable { SampleTable { next[values[$0]] } }

    func apply(to samples: UnsafeMutableBufferPointer<UInt8>) {
        withUnsafePointer { table in
            for index in samples.indices { samples[index] = table[Int(samples[index])] }
        }
    }

    func withUnsafePointer<T>(_ body: (UnsafePointer<UInt8>) -> T) -> T {
        values.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
