import CWebP

/// The only place that calls the WebP seam: its statuses become errors, its structures become values.
enum LibWebP {
    /// What stands before the samples.
    struct Frame {
        let width: Int
        let height: Int
        let isLossless: Bool
        let hasAlpha: Bool
        /// What libwebp itself will allocate to decode.
        let workingBytes: Int
        /// Where the EXIF data are in the file; empty when there are none.
        let exifBlock: Range<Int>
    }

    /// The version that is linked: major, minor and revision.
    static var version: String {
        let version = cwebp_library_version()
        return "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
    }

    /// Reads the structure of the file.
    static func frame(of bytes: UnsafeRawBufferPointer, limits: DecodeLimits) throws(ImagingError) -> Frame {
        var header = cwebp_header()
        let status = cwebp_read_header(bytes.bytePointer, bytes.count, &header)
        let frame = Frame(header)
        try limits.checkPixels(width: frame.width, height: frame.height)
        if status != CWEBP_OK { throw error(status, fileSize: Int(clamping: header.file_size), bytes, limits) }
        return frame
    }

    /// Decodes to RGB into `output`, whose size must be that of the picture.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImagingError) {
        let status = cwebp_decode(bytes.bytePointer, bytes.count, output.baseAddress, output.count)
        if status != CWEBP_OK { throw error(status, fileSize: bytes.count, bytes, limits) }
    }

    private static func error(
        _ status: cwebp_status, fileSize: Int, _ bytes: UnsafeRawBufferPointer, _ limits: DecodeLimits
    ) -> ImagingError {
        switch status {
        case CWEBP_TRUNCATED where fileSize > bytes.count:
            .truncated(.inFile(bytes: bytes.count, of: fileSize), .webp)
        case CWEBP_TRUNCATED: .truncated(.inHeader(bytes: bytes.count), .webp)
        case CWEBP_UNSUPPORTED: .corrupt("a bitstream of a kind that libwebp does not decode", .webp)
        case CWEBP_TOO_MUCH_MEMORY: .needsTooMuchMemory(bytes: nil, limit: limits.maxMemoryBytes)
        default: .corrupt("the chunks or their bitstream contradict themselves", .webp)
        }
    }
}

extension LibWebP.Frame {
    fileprivate init(_ header: cwebp_header) {
        self.init(
            width: Int(header.width), height: Int(header.height), isLossless: header.lossless, hasAlpha: header.alpha,
            workingBytes: Int(clamping: header.working_bytes),
            exifBlock: header.exif_offset..<(header.exif_offset + header.exif_size))
    }
}
