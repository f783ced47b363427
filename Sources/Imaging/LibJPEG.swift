import CJPEG

/// The only place that calls the JPEG and EXIF seam: its statuses become errors, its structures become values.
enum LibJPEG {
    /// What stands before the samples.
    struct Frame {
        let width: Int
        let height: Int
        let components: Int
        let colorModel: ColorModel
        let isProgressive: Bool
        let hasMultipleScans: Bool
        /// What libjpeg itself will allocate to decode.
        let workingBytes: Int
    }

    /// The version that it was built with.
    static var version: String { String(cString: cjpeg_library_version()) }

    /// Reads everything before the samples.
    static func frame(of bytes: UnsafeRawBufferPointer, limits: DecodeLimits) throws(ImagingError) -> Frame {
        var header = cjpeg_header()
        var report = cjpeg_report()
        let status = cjpeg_read_header(bytes.bytePointer, bytes.count, &header, &report)
        let frame = Frame(header)
        // The limit on pixels goes first, so that a bomb is called one, whatever else libjpeg dislikes about it.
        try limits.checkPixels(width: frame.width, height: frame.height)
        if status != CJPEG_OK { throw error(status, report, frame, bytes, limits) }
        return frame
    }

    /// Decodes to RGB into `output`, whose size must be that of the picture at this scale.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, frame: Frame, scaleDenominator: Int, limits: DecodeLimits,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImagingError) {
        var options = cjpeg_decode_options()
        options.scale_denominator = Int32(scaleDenominator)
        options.max_scans = Int32(clamping: limits.maxScans)
        options.max_memory = UInt64(max(limits.maxMemoryBytes - output.count, 1))
        var report = cjpeg_report()
        let status = cjpeg_decode(
            bytes.bytePointer, bytes.count, &options, output.baseAddress, output.count, &report)
        if status != CJPEG_OK { throw error(status, report, frame, bytes, limits) }
    }

    /// Encodes with an APP1 segment that may be empty, which means none.
    static func encode(
        _ image: RGBImage, quality: Int, isProgressive: Bool, app1: [UInt8]
    ) throws(ImagingError) -> [UInt8] {
        var report = cjpeg_report()
        var output: UnsafeMutablePointer<UInt8>?
        var size = 0
        let status = app1.withUnsafeBufferPointer { app1 in
            var options = cjpeg_encode_options()
            options.quality = Int32(clamping: quality)
            options.progressive = isProgressive
            options.app1 = app1.isEmpty ? nil : app1.baseAddress
            options.app1_size = app1.count
            return image.pixels.withUnsafeBufferPointer { pixels in
                cjpeg_encode(
                    pixels.baseAddress, UInt32(clamping: image.width), UInt32(clamping: image.height), &options,
                    &output, &size, &report)
            }
        }
        defer { cjpeg_free(output) }
        switch status {
        case CJPEG_OK: return Array(UnsafeBufferPointer(start: output, count: size))
        case CJPEG_SIDE_TOO_LONG:
            throw .sideTooLong(width: image.width, height: image.height, limit: CJPEG_MAX_SIDE)
        case CJPEG_BAD_ARGUMENT: throw .qualityOutOfRange(quality)
        default: throw .notEncoded(text(of: &report))
        }
    }

    /// What the file says about how, when, with what and where it was taken; nil without an EXIF segment.
    static func exif(of bytes: UnsafeRawBufferPointer) -> ExifFacts? {
        var exif = cjpeg_exif()
        return cjpeg_read_exif(bytes.bytePointer, bytes.count, &exif) ? ExifFacts(&exif) : nil
    }

    /// The same of the EXIF data of another format, a TIFF header first; nil when they are empty.
    static func exif(ofBlock block: UnsafeRawBufferPointer) -> ExifFacts? {
        var exif = cjpeg_exif()
        return cjpeg_read_exif_data(block.bytePointer, block.count, &exif) ? ExifFacts(&exif) : nil
    }

    private static func error(
        _ status: cjpeg_status, _ report: cjpeg_report, _ frame: Frame, _ bytes: UnsafeRawBufferPointer,
        _ limits: DecodeLimits
    ) -> ImagingError {
        var report = report
        switch status {
        case CJPEG_TRUNCATED where !report.in_samples: return .truncated(.inHeader(bytes: bytes.count), .jpeg)
        case CJPEG_TRUNCATED where frame.hasMultipleScans: return .truncated(.inScan(Int(report.scan)), .jpeg)
        case CJPEG_TRUNCATED:
            return .truncated(.inRows(decoded: Int(report.rows_decoded), of: Int(report.rows)), .jpeg)
        case CJPEG_UNSUPPORTED: return .unsupportedJPEG(text(of: &report))
        case CJPEG_UNSUPPORTED_COLOR: return .unsupportedColor(components: frame.components)
        case CJPEG_SIDE_TOO_LONG:
            return .sideTooLong(width: frame.width, height: frame.height, limit: CJPEG_MAX_SIDE)
        case CJPEG_TOO_MANY_SCANS: return .tooManyScans(limit: limits.maxScans)
        case CJPEG_TOO_MUCH_MEMORY: return .needsTooMuchMemory(bytes: nil, limit: limits.maxMemoryBytes)
        default: return .corrupt(text(of: &report), .jpeg)
        }
    }

    /// libjpeg's words as our messages are written: in lower case, but for a name such as DHT, and without what our
    /// own message says already.
    private static func text(of report: inout cjpeg_report) -> String {
        var words = string(&report.message)
        let prefix = "Corrupt JPEG data: "
        if words.hasPrefix(prefix) { words.removeFirst(prefix.count) }
        guard let second = words.dropFirst().first, second.isLowercase else { return words }
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

extension LibJPEG.Frame {
    fileprivate init(_ header: cjpeg_header) {
        self.init(
            width: Int(header.width), height: Int(header.height), components: Int(header.components),
            colorModel: ColorModel(header.color), isProgressive: header.progressive,
            hasMultipleScans: header.multiple_scans, workingBytes: Int(clamping: header.working_bytes))
    }
}

extension ExifFacts {
    fileprivate init(_ exif: inout cjpeg_exif) {
        let altitude = exif.has_altitude ? exif.altitude : nil
        self.init(
            orientation: Orientation(rawValue: Int(exif.orientation)) ?? .up,
            dateTimeOriginal: string(&exif.date_time_original), offsetTimeOriginal: string(&exif.offset_time_original),
            make: string(&exif.make), model: string(&exif.model),
            gps: exif.has_position
                ? GPSPosition(latitude: exif.latitude, longitude: exif.longitude, altitude: altitude) : nil)
    }
}

extension ColorModel {
    fileprivate init(_ color: cjpeg_color) {
        self =
            switch color {
            case CJPEG_COLOR_GRAYSCALE: .grayscale
            case CJPEG_COLOR_YCBCR: .yCbCr
            case CJPEG_COLOR_RGB: .rgb
            case CJPEG_COLOR_CMYK: .cmyk
            case CJPEG_COLOR_YCCK: .ycck
            default: .unknown
            }
    }
}
