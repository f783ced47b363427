import Faults

/// Why a file gives no picture, or a picture no file.
///
/// All of them are about one input, which will never work: a daemon sets it aside and goes on.
public enum ImagingError: Fault, Equatable {
    /// The file has no bytes.
    case empty
    /// The file begins like no image that is known; at most 8 bytes of its beginning.
    case notAnImage(firstBytes: [UInt8])
    /// The file is an image, but of no ``ImageFormat``; the format's name.
    case unsupportedFormat(name: String)
    /// A kind of JPEG that libjpeg does not decode (lossless, hierarchical, 12 bits a sample), in libjpeg's words.
    case unsupportedJPEG(String)
    /// A number of color components that no color model has.
    case unsupportedColor(components: Int)
    /// The data end before the picture does.
    case truncated(Truncation, ImageFormat)
    /// The data contradict themselves, in the library's words.
    case corrupt(String, ImageFormat)
    /// More bytes of file than ``DecodeLimits/maxFileBytes``.
    case fileTooLarge(bytes: Int, limit: Int)
    /// More pixels than ``DecodeLimits/maxPixels``.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// A side is longer than libjpeg takes.
    case sideTooLong(width: Int, height: Int, limit: Int)
    /// More scans than ``DecodeLimits/maxScans``.
    case tooManyScans(limit: Int)
    /// More memory than ``DecodeLimits/maxMemoryBytes``; nil when it turned out on the way how much is too much.
    case needsTooMuchMemory(bytes: Int?, limit: Int)
    /// A quality that is not 1 … 100.
    case qualityOutOfRange(Int)

    /// libjpeg could not encode a picture, in its words.
    case notEncoded(String)

    /// A short stable word for the kind of failure, as `ingest_failures` stores it.
    public var errorClass: String {
        switch self {
        case .empty: "empty"
        case .notAnImage: "not_an_image"
        case .unsupportedFormat: "unsupported_format"
        case .unsupportedJPEG: "unsupported_jpeg"
        case .unsupportedColor: "unsupported_color"
        case .truncated: "truncated"
        case .corrupt: "corrupt"
        case .fileTooLarge, .tooManyPixels, .sideTooLong: "too_large"
        case .tooManyScans: "too_many_scans"
        case .needsTooMuchMemory: "too_much_memory"
        case .qualityOutOfRange: "quality_out_of_range"
        case .notEncoded: "not_encoded"
        }
    }

    /// What is wrong with the file, with its value and the limit or the format that is expected.
    public var message: String {
        switch self {
        case .empty: "the file is empty"
        case .notAnImage(let bytes): "not an image: begins with \(hexadecimal(bytes))"
        case .unsupportedFormat(let name): "\(name) is not read, only JPEG, PNG and WebP"
        case .unsupportedJPEG(let words): "a kind of JPEG that libjpeg does not decode: \(words)"
        case .unsupportedColor(let components): "\(components) color components, expected 1, 3 or 4"
        case .truncated(let truncation, _): "the file is cut off: \(truncation.words)"
        case .corrupt(let words, let format): "the \(format.name) data are damaged: \(words)"
        case .fileTooLarge(let bytes, let limit): "\(bytes) bytes of file, the limit is \(limit)"
        case .tooManyPixels(let width, let height, let limit):
            "\(width) × \(height) = \(width * height) pixels, the limit is \(limit)"
        case .sideTooLong(let width, let height, let limit):
            "\(width) × \(height) pixels, the limit of a side is \(limit)"
        case .tooManyScans(let limit): "a progressive JPEG of more scans than the limit of \(limit)"
        case .needsTooMuchMemory(let bytes?, let limit):
            "decoding needs \(bytes) bytes of memory, the limit is \(limit)"
        case .needsTooMuchMemory(nil, let limit): "decoding needs more memory than the limit of \(limit) bytes"
        case .qualityOutOfRange(let quality): "quality \(quality), expected 1 to 100"
        case .notEncoded(let words): "libjpeg does not write the picture: \(words)"
        }
    }

    /// How to get a file that can be read out of one that cannot.
    public var hint: String? {
        switch self {
        case .unsupportedFormat: "Convert it: magick FILE -quality 92 FILE.jpg"
        case .unsupportedJPEG, .unsupportedColor: "Write it anew as baseline JPEG: magick FILE -quality 92 COPY.jpg"
        case .truncated(_, .jpeg), .corrupt(_, .jpeg):
            "Look at what is left of it: djpeg FILE > FILE.ppm; or fetch it again"
        case .truncated, .corrupt: "Look at what is left of it: magick FILE COPY.jpg; or fetch it again"
        default: nil
        }
    }

    /// Always ``Faults/Recovery/quarantineItem``: the same bytes give the same error.
    public var recovery: Recovery { .quarantineItem }
}

/// How far a file goes that is cut off.
public enum Truncation: Sendable, Equatable {
    /// It ends before the first sample; its size in bytes.
    case inHeader(bytes: Int)
    /// A picture in one pass: the rows that are there, of all rows.
    case inRows(decoded: Int, of: Int)
    /// A picture in several passes: the number of the scan, or a PNG's pass, that it ends in, from 1.
    case inScan(Int)
    /// A file that says how long it is: the bytes that are there, of all bytes.
    case inFile(bytes: Int, of: Int)

    fileprivate var words: String {
        switch self {
        case .inHeader(let bytes): "ends after \(bytes) bytes, within its header"
        case .inRows(let decoded, let rows): "ends after \(rows > 0 ? 100 * decoded / rows : 0) % of its \(rows) rows"
        case .inScan(let scan): "ends in scan \(scan)"
        case .inFile(let bytes, let size): "ends after \(bytes) of its \(size) bytes"
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.prefix(8).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined(separator: " ")
}
