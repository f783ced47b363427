extension UnsafeRawBufferPointer {
    /// The bytes as C takes them; nil when there are none.
    var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

/// The text of an array of characters in C, up to its zero byte; bytes that are not UTF-8 become U+FFFD.
func string(_ characters: inout some BitwiseCopyable) -> String {
    withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
