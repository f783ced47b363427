/// What a file may cost before it is refused; each limit is checked before the memory is allocated.
public struct DecodeLimits: Sendable, Equatable {
    /// The most pixels a stored picture may have, whatever the scale it is decoded at.
    public var maxPixels: Int
    /// The most scans of a progressive picture. Encoders write 10, optimizers a few dozen; every one costs a walk over
    /// the whole picture, so that a few kilobytes of empty scans would otherwise keep a processor busy for minutes.
    public var maxScans: Int
    /// The most bytes that decoding may need, the library's buffers, the picture and its upright copy together.
    public var maxMemoryBytes: Int
    /// The most bytes a file may have.
    public var maxFileBytes: Int

    /// 268,435,456 pixels (16,384 × 16,384), 100 scans, 512 MiB of memory, 256 MiB of file.
    public static let standard = DecodeLimits()

    /// Limits that differ from the standard ones in what is named.
    public init(
        maxPixels: Int = 268_435_456, maxScans: Int = 100, maxMemoryBytes: Int = 512 << 20,
        maxFileBytes: Int = 256 << 20
    ) {
        self.maxPixels = maxPixels
        self.maxScans = maxScans
        self.maxMemoryBytes = maxMemoryBytes
        self.maxFileBytes = maxFileBytes
    }
}

/// The size at which to decode a JPEG; other formats are decoded whole.
public enum DecodeScale: Sendable, Equatable {
    /// As stored.
    case full
    /// The smallest of 1/1, 1/2, 1/4 and 1/8 whose upright result is still at least so wide and so high; 1/1 when the
    /// picture is smaller than that. The scaling is done by the inverse DCT and is nearly free: what stays is the
    /// entropy decoding.
    case atLeast(width: Int, height: Int)
}
