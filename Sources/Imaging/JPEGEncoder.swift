/// Encodes pictures as JPEG: YCbCr, chroma at half the resolution, as most cameras and Pillow write it.
public enum JPEGEncoder {
    /// The picture as a file.
    ///
    /// - Parameters:
    ///   - image: At most 65,500 pixels a side.
    ///   - quality: 1 (coarse) … 100 (fine), libjpeg's scale; 92 is hard to tell from the original.
    ///   - orientation: An EXIF orientation to write; nil writes no EXIF. The pixels are written as they are.
    ///   - isProgressive: Whether the picture comes in passes of growing detail.
    /// - Throws: ``ImagingError/qualityOutOfRange(_:)``, ``ImagingError/sideTooLong(width:height:limit:)``, or
    ///   ``ImagingError/notEncoded(_:)`` when there is no memory.
    /// - Complexity: O(`image.width` · `image.height`).
    public static func encode(
        _ image: RGBImage, quality: Int, orientation: Orientation? = nil, isProgressive: Bool = false
    ) throws(ImagingError) -> [UInt8] {
        try LibJPEG.encode(
            image, quality: quality, isProgressive: isProgressive, app1: orientation.map(exif) ?? [])
    }

    /// An EXIF segment that holds an orientation and nothing else.
    ///
    /// Source: CIPA DC-008 (Exif 2.32), 4.5: a TIFF header, most significant byte first, a directory of one entry.
    private static func exif(_ orientation: Orientation) -> [UInt8] {
        Array("Exif".utf8) + [0, 0] + Array("MM".utf8) + [0, 42, 0, 0, 0, 8]  // the directory is at 8
            + [0, 1]  // one entry:
            + [0x01, 0x12, 0, 3, 0, 0, 0, 1]  // Orientation, one SHORT
            + [0, UInt8(orientation.rawValue), 0, 0]
            + [0, 0, 0, 0]  // no directory follows
    }
}
