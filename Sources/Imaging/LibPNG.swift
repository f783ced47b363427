import CPNG

/// The only place that calls the PNG seam: its statuses become errors, its structures become values.
enum LibPNG {
    /// What stands before the samples.
    struct Frame {
        let width: Int
        let height: Int
        let components: Int
        let colorModel: ColorModel
        let hasAlpha: Bool
        let isInterlaced: Bool
        /// What libpng itself will allocate to decode, at most.
        let workingBytes: Int
    }

    /// The version that is linked.
    static var version: String { String(cString: cpng_library_version()) }

    /// Reads everything before the samples.
    static func frame(of bytes: UnsafeRawBufferPointer, limits: DecodeLimits) throws(ImagingError) -> Frame {
        var header = cpng_header()
        var report = cpng_report()
        let status = cpng_read_header(bytes.bytePointer, bytes.count, &header, &report)
        let frame = Frame(header)
        try limits.checkPixels(width: frame.width, height: frame.height)
        if status != CPNG_OK { throw error(status, report, isInterlaced: frame.isInterlaced, bytes, limits) }
        return frame
    }

    /// Decodes to RGB into `output`, whose size must be that of the picture.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, frame: Frame, limits: DecodeLimits,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImagingError) {
        var report = cpng_report()
        let status = cpng_decode(
            bytes.bytePointer, bytes.count, UInt64(max(frame.workingBytes, 1)), output.baseAddress, output.count,
            &report)
        if status != CPNG_OK { throw error(status, report, isInterlaced: frame.isInterlaced, bytes, limits) }
    }

    /// The content of the eXIf chunk, in the same memory; nil when there is none.
    static func exifBlock(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var offset = 0
        var size = 0
        guard cpng_find_exif(bytes.bytePointer, bytes.count, &offset, &size) else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + size)])
    }

    private static func error(
        _ status: cpng_status, _ report: cpng_report, isInterlaced: Bool, _ bytes: UnsafeRawBufferPointer,
        _ limits: DecodeLimits
    ) -> ImagingError {
        var report = report
        switch status {
        case CPNG_TRUNCATED where !report.in_samples: return .truncated(.inHeader(bytes: bytes.count), .png)
        case CPNG_TRUNCATED where isInterlaced: return .truncated(.inScan(Int(report.pass)), .png)
        case CPNG_TRUNCATED:
            return .truncated(.inRows(decoded: Int(report.rows_decoded), of: Int(report.rows)), .png)
        case CPNG_TOO_MUCH_MEMORY: return .needsTooMuchMemory(bytes: nil, limit: limits.maxMemoryBytes)
        default: return .corrupt(string(&report.message), .png)
        }
    }
}

extension LibPNG.Frame {
    fileprivate init(_ header: cpng_header) {
        self.init(
            width: Int(header.width), height: Int(header.height), components: Int(header.components),
            colorModel: ColorModel(header.color), hasAlpha: header.alpha, isInterlaced: header.interlaced,
            workingBytes: Int(clamping: header.working_bytes))
    }
}

extension ColorModel {
    fileprivate init(_ color: cpng_color) {
        self =
            switch color {
            case CPNG_COLOR_GRAYSCALE: .grayscale
            case CPNG_COLOR_PALETTE: .palette
            default: .rgb
            }
    }
}
