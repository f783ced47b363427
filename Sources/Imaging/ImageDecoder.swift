/// Decodes picture files from memory: JPEG, PNG and WebP, told apart by their content, never by a name.
///
/// Pictures come upright, as 8-bit RGB. Nothing is printed, and no input brings the process down or makes it allocate
/// more than the limits allow: they are checked against the file's header before anything is allocated for its pixels.
///
/// - JPEG: baseline, progressive and arithmetic-coded; grayscale, YCbCr, RGB, CMYK and YCCK. The pixels are those of
///   Pillow (`convert("RGB")` after `exif_transpose`).
/// - PNG: every kind that there is; samples of 16 bits are scaled to 8. Of an animation, the picture it shows without.
/// - WebP: lossy and lossless; of an animation, the first frame on its canvas.
///
/// What is translucent is laid over white. That is what most people see who open such a picture, drawings and cut-out
/// products above all, and what a JPEG made of it holds: the two are found as likenesses of each other. Dropping the
/// opacity instead would show the colors beneath it, which nobody chose and editors fill with black or leftovers.
public enum ImageDecoder {
    /// What the file says about its picture; reads no sample.
    ///
    /// - Throws: What is wrong with the file, as far as its header shows, or which limit it exceeds.
    /// - Complexity: O(bytes before the samples); where EXIF may stand behind them, O(number of chunks).
    public static func header(
        of bytes: UnsafeRawBufferPointer, limits: DecodeLimits = .standard
    ) throws(ImagingError) -> ImageHeader {
        switch try format(of: bytes, limits: limits) {
        case .jpeg: try JPEGDecoder.header(of: bytes, limits: limits)
        case .png: try PNGDecoder.header(of: bytes, limits: limits)
        case .webp: try WebPDecoder.header(of: bytes, limits: limits)
        }
    }

    /// The picture, decoded and turned upright.
    ///
    /// A file that ends before its samples do is an error, never half a picture; a JPEG or PNG that only lacks its end
    /// marker is whole. Other damage that libjpeg can read past is read past, as Pillow does.
    ///
    /// - Parameters:
    ///   - bytes: The file, borrowed for the call.
    ///   - scale: The size to decode at, for JPEG alone. libwebp can scale as well, but saves a fifth of the time at
    ///     most, and the pixels would depend on the scale.
    ///   - limits: What the file may cost.
    /// - Throws: What is wrong with the file, or which limit it exceeds.
    /// - Complexity: O(bytes + pixels); at most ``DecodeLimits/maxMemoryBytes`` of memory at a time.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, scale: DecodeScale = .full, limits: DecodeLimits = .standard
    ) throws(ImagingError) -> DecodedImage {
        switch try format(of: bytes, limits: limits) {
        case .jpeg: try JPEGDecoder.decode(bytes, scale: scale, limits: limits)
        case .png: try PNGDecoder.decode(bytes, limits: limits)
        case .webp: try WebPDecoder.decode(bytes, limits: limits)
        }
    }

    /// ``header(of:limits:)`` of bytes in an array.
    public static func header(
        of bytes: [UInt8], limits: DecodeLimits = .standard
    ) throws(ImagingError) -> ImageHeader {
        try withBytes(of: bytes) { bytes throws(ImagingError) in try header(of: bytes, limits: limits) }
    }

    /// ``decode(_:scale:limits:)`` of bytes in an array.
    public static func decode(
        _ bytes: [UInt8], scale: DecodeScale = .full, limits: DecodeLimits = .standard
    ) throws(ImagingError) -> DecodedImage {
        try withBytes(of: bytes) { bytes throws(ImagingError) in try decode(bytes, scale: scale, limits: limits) }
    }

    private static func format(
        of bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> ImageFormat {
        if bytes.isEmpty { throw .empty }
        guard bytes.count <= limits.maxFileBytes else {
            throw .fileTooLarge(bytes: bytes.count, limit: limits.maxFileBytes)
        }
        switch FileSignature(of: bytes) {
        case .decodable(let format): return format
        case .other(let name): throw .unsupportedFormat(name: name)
        case .unknown: throw .notAnImage(firstBytes: Array(bytes.prefix(8)))
        }
    }

    private static func withBytes<T>(
        of array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ImagingError) -> T
    ) throws(ImagingError) -> T {
        let outcome = array.withUnsafeBytes { bytes in Result { () throws(ImagingError) in try body(bytes) } }
        return try outcome.get()
    }
}

extension RGBImage {
    /// A picture whose samples `decode` writes: all `3 * width * height` bytes, unless it throws.
    init(
        width: Int, height: Int, decode: (UnsafeMutableBufferPointer<UInt8>) throws(ImagingError) -> Void
    ) throws(ImagingError) {
        let size = 3 * width * height
        var outcome: Result<Void, ImagingError> = .success(())
        let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            outcome = Result { () throws(ImagingError) in
                try decode(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
                count = size
            }
        }
        try outcome.get()
        self.init(width: width, height: height, pixels: pixels)
    }
}

extension DecodeLimits {
    /// Refuses a picture of more pixels than there may be.
    func checkPixels(width: Int, height: Int) throws(ImagingError) {
        guard width * height <= maxPixels else {
            throw .tooManyPixels(width: width, height: height, limit: maxPixels)
        }
    }

    /// Refuses a picture for which a library needs `workingBytes` besides the `width` · `height` pixels, of which there
    /// are two copies while a picture is turned.
    func checkMemory(
        workingBytes: Int, width: Int, height: Int, orientation: Orientation
    ) throws(ImagingError) {
        let copies = orientation == .up ? 1 : 2
        let needed = workingBytes + copies * 3 * width * height
        guard needed <= maxMemoryBytes else { throw .needsTooMuchMemory(bytes: needed, limit: maxMemoryBytes) }
    }
}
