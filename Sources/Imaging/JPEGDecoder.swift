/// Decodes JPEG files whose bytes begin as one; see ``ImageDecoder``.
enum JPEGDecoder {
    static func header(
        of bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> ImageHeader {
        try open(bytes, limits: limits).header
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, scale: DecodeScale, limits: DecodeLimits
    ) throws(ImagingError) -> DecodedImage {
        let (frame, header) = try open(bytes, limits: limits)
        let denominator = scale.denominator(for: header)
        // The sizes of the picture at 1/d, as libjpeg rounds them: up.
        let width = (frame.width + denominator - 1) / denominator
        let height = (frame.height + denominator - 1) / denominator
        try limits.checkMemory(
            workingBytes: frame.workingBytes, width: width, height: height, orientation: header.orientation)
        let stored = try RGBImage(width: width, height: height) { pixels throws(ImagingError) in
            try LibJPEG.decode(bytes, frame: frame, scaleDenominator: denominator, limits: limits, into: pixels)
        }
        return DecodedImage(
            header: header, image: stored.oriented(header.orientation), scaleDenominator: denominator)
    }

    private static func open(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits
    ) throws(ImagingError) -> (frame: LibJPEG.Frame, header: ImageHeader) {
        let frame = try LibJPEG.frame(of: bytes, limits: limits)
        guard [1, 3, 4].contains(frame.components) else { throw .unsupportedColor(components: frame.components) }
        let header = ImageHeader(
            format: .jpeg, width: frame.width, height: frame.height, components: frame.components,
            colorModel: frame.colorModel, hasAlpha: false, isProgressive: frame.isProgressive,
            exif: LibJPEG.exif(of: bytes))
        return (frame, header)
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
