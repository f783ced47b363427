/// Decodes PNG files whose bytes begin as one; see ``ImageDecoder``.
enum PNGDecoder {
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
            try LibPNG.decode(bytes, frame: frame, limits: limits, into: pixels)
        }
        return DecodedImage(header: header, image: stored.oriented(header.orientation), scaleDenominator: 1)
    }

    private static func open(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> (frame: LibPNG.Frame, header: ImageHeader) {
        let frame = try LibPNG.frame(of: bytes, limits: limits)
        let header = ImageHeader(
            format: .png, width: frame.width, height: frame.height, components: frame.components,
            colorModel: frame.colorModel, hasAlpha: frame.hasAlpha, isProgressive: frame.isInterlaced,
            exif: LibPNG.exifBlock(of: bytes).flatMap(LibJPEG.exif(ofBlock:)))
        return (frame, header)
    }
}
