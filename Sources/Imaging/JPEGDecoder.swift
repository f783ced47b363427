/// Decodes JPEG files from memory: baseline, progressive and arithmetic-coded; grayscale, YCbCr, RGB, CMYK and YCCK.
///
/// The pixels are those of Pillow (`convert("RGB")` after `exif_transpose`). Nothing is printed, and no input brings
/// the process down or makes it allocate more than the limits allow.
public enum JPEGDecoder {
    /// What the file says about its picture; reads no sample.
    ///
    /// - Throws: What is wrong with the file, as far as its header shows, or which limit it exceeds.
    /// - Complexity: O(bytes before the samples).
    public static func header(
        of bytes: UnsafeRawBufferPointer, limits: DecodeLimits = .standard
    ) throws(ImagingError) -> ImageHeader {
        try open(bytes, limits: limits).header
    }

    /// The picture, decoded and turned upright.
    ///
    /// A file that ends before its samples do is an error, never a half-gray picture; one that only lacks its end
    /// marker is whole. Other damage that libjpeg can read past is read past, as Pillow does.
    ///
    /// - Parameters:
    ///   - bytes: The file, borrowed for the call.
    ///   - scale: The size to decode at.
    ///   - limits: What the file may cost.
    /// - Throws: What is wrong with the file, or which limit it exceeds.
    /// - Complexity: O(bytes + pixels); at most ``DecodeLimits/maxMemoryBytes`` of memory at a time.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, scale: DecodeScale = .full, limits: DecodeLimits = .standard
    ) throws(ImagingError) -> DecodedImage {
        let (frame, header) = try open(bytes, limits: limits)
        let denominator = scale.denominator(for: header)
        // The sizes of the picture at 1/d, as libjpeg rounds them: up.
        let width = (frame.width + denominator - 1) / denominator
        let height = (frame.height + denominator - 1) / denominator
        let size = 3 * width * height
        let copies = header.orientation == .up ? 1 : 2
        let needed = frame.workingBytes + copies * size
        guard needed <= limits.maxMemoryBytes else {
            throw .needsTooMuchMemory(bytes: needed, limit: limits.maxMemoryBytes)
        }
        let pixels = try pixels(of: bytes, frame: frame, size: size, scaleDenominator: denominator, limits: limits)
        let stored = RGBImage(width: width, height: height, pixels: pixels)
        return DecodedImage(
            header: header, image: stored.oriented(header.orientation), scaleDenominator: denominator)
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

    private static func open(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> (frame: LibJPEG.Frame, header: ImageHeader) {
        if bytes.isEmpty { throw .empty }
        guard bytes.count <= limits.maxFileBytes else {
            throw .fileTooLarge(bytes: bytes.count, limit: limits.maxFileBytes)
        }
        switch FileSignature(of: bytes) {
        case .jpeg: break
        case .other(let name): throw .unsupportedFormat(name: name)
        case .unknown: throw .notAnImage(firstBytes: Array(bytes.prefix(8)))
        }
        let frame = try LibJPEG.frame(of: bytes, limits: limits)
        guard [1, 3, 4].contains(frame.components) else { throw .unsupportedColor(components: frame.components) }
        let exif = LibJPEG.exif(of: bytes)
        let header = ImageHeader(
            format: .jpeg, width: frame.width, height: frame.height, components: frame.components,
            colorModel: frame.colorModel, isProgressive: frame.isProgressive,
            orientation: exif?.orientation ?? .up, captureTime: exif?.captureTime, camera: exif?.camera,
            gps: exif?.gps)
        return (frame, header)
    }

    private static func pixels(
        of bytes: UnsafeRawBufferPointer, frame: LibJPEG.Frame, size: Int, scaleDenominator: Int, limits: DecodeLimits
    ) throws(ImagingError) -> [UInt8] {
        var outcome: Result<Void, ImagingError> = .success(())
        let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            outcome = Result { () throws(ImagingError) in
                try LibJPEG.decode(
                    bytes, frame: frame, scaleDenominator: scaleDenominator, limits: limits,
                    into: UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
                count = size
            }
        }
        try outcome.get()
        return pixels
    }

    private static func withBytes<T>(
        of array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ImagingError) -> T
    ) throws(ImagingError) -> T {
        let outcome = array.withUnsafeBytes { bytes in Result { () throws(ImagingError) in try body(bytes) } }
        return try outcome.get()
    }
}

extension DecodeScale {
    /// 1, 2, 4 or 8.
    func denominator(for header: ImageHeader) -> Int {
        guard case .atLeast(let width, let height) = self else { return 1 }
        return [8, 4, 2].first { denominator in
            (header.orientedWidth + denominator - 1) / denominator >= width
                && (header.orientedHeight + denominator - 1) / denominator >= height
        } ?? 1
    }
}
