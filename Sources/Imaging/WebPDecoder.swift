/// Decodes WebP files whose bytes begin as one; see ``ImageDecoder``.
enum WebPDecoder {
    static func header(
        of bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> ImageHeader {
        try open(bytes, limits: limits).header
    }

    static func decode(_ bytes: UnsafeRawBufferPointer, limits: DecodeLimits) throws(ImagingError) -> DecodedImage {
        let (frame, header) = try open(bytes, limits: limits)
        try limits.checkMemory(
            workingBytes: frame.workingBytes, width: frame.width, height: frame.height,
            orientation: header.orientation)
        let stored = try RGBImage(width: frame.width, height: frame.height) { pixels throws(ImagingError) in
            try LibWebP.decode(bytes, limits: limits, into: pixels)
        }
        return DecodedImage(header: header, image: stored.oriented(header.orientation), scaleDenominator: 1)
    }

    private static func open(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> (frame: LibWebP.Frame, header: ImageHeader) {
        let frame = try LibWebP.frame(of: bytes, limits: limits)
        let header = ImageHeader(
            format: .webp, width: frame.width, height: frame.height, components: frame.hasAlpha ? 4 : 3,
            colorModel: frame.isLossless ? .rgb : .yCbCr, hasAlpha: frame.hasAlpha, isProgressive: false,
            exif: frame.exifBlock.isEmpty
                ? nil : LibJPEG.exif(ofBlock: UnsafeRawBufferPointer(rebasing: bytes[frame.exifBlock])))
        return (frame, header)
    }
}
