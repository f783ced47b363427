import Catalog
import Embeddings
import Imaging
import Postgres

/// What a decode worker is told when it is started.
struct DecodeSettings: Codable, Sendable {
    /// The process that it dies with.
    let parent: Int32
    /// A raw value of `PicturePreparation`.
    let preparation: String
    let maxPixels: Int
    let maxScans: Int
    let maxFileBytes: Int
    /// The most memory that any of its pictures may take.
    let maxMemoryBytes: Int

    /// What a picture may cost that is allowed some memory.
    func limits(memory: Int) -> DecodeLimits {
        DecodeLimits(
            maxPixels: maxPixels, maxScans: maxScans, maxMemoryBytes: min(memory, maxMemoryBytes),
            maxFileBytes: maxFileBytes)
    }
}

/// A picture to decode, sent with a descriptor of the memory that its file is in.
struct DecodeRequest: BitwiseCopyable {
    /// Bytes of the file.
    let fileSize: Int
    /// Bytes that decoding may take.
    let memoryLimit: Int
}

/// What a decode worker says; the prepared picture itself is in the memory that it was started with.
enum DecodeAnswer: Codable, Sendable {
    /// It has started and waits for work.
    case ready
    case prepared(PictureFacts)
    case refused(RefusedPicture)
}

/// What the catalog keeps of a picture, as the decoder found it.
struct PictureFacts: Codable, Sendable {
    let width: Int
    let height: Int
    let format: String
    let orientation: Int
    /// Microseconds since 1970.
    let capturedAt: Int64?
    let capturedOffsetMinutes: Int?
    let camera: String?
    let latitude: Double?
    let longitude: Double?
    let pixelSHA256: [UInt8]
    let blur: Float
    let brightness: Float
    let contrast: Float

    init(_ decoded: DecodedImage) {
        let header = decoded.header
        width = header.orientedWidth
        height = header.orientedHeight
        format = header.format.rawValue
        orientation = header.orientation.rawValue
        capturedAt = header.captureTime?.timestamp.microsecondsSince1970
        capturedOffsetMinutes = header.captureTime?.utcOffsetMinutes
        camera = header.camera?.name
        latitude = header.gps?.latitude
        longitude = header.gps?.longitude
        pixelSHA256 = decoded.pixelSHA256
        let quality = PictureQuality(of: decoded.image)
        blur = Float(quality.blur)
        brightness = Float(quality.brightness)
        contrast = Float(quality.contrast)
    }

    /// The row of the catalog.
    func content(_ digest: ContentDigest, bytes: Int, vector: [Float]) -> IngestedContent {
        var content = IngestedContent(
            digest: digest, width: width, height: height, bytes: Int64(bytes), format: format,
            orientation: orientation, vector: vector)
        content.capturedAt = capturedAt.map { Timestamp(microsecondsSince1970: $0) }
        content.capturedOffsetMinutes = capturedOffsetMinutes
        content.camera = camera
        content.latitude = latitude
        content.longitude = longitude
        content.pixelDigest = ContentDigest(rawValue: pixelSHA256)
        content.blur = blur
        content.brightness = brightness
        content.contrast = contrast
        return content
    }
}

/// Why a file gives no picture: the decoder's words, or what became of the decoder.
struct RefusedPicture: Error, Codable, Sendable, Equatable {
    let errorClass: String
    let message: String
    let hint: String?
    /// Whether more memory than this request allowed might do, and how many bytes if that is known.
    var wantsMemory = false
    var neededMemory: Int?

    init(errorClass: String, message: String, hint: String?) {
        self.errorClass = errorClass
        self.message = message
        self.hint = hint
    }

    init(_ error: ImagingError) {
        self.init(errorClass: error.errorClass, message: error.message, hint: error.hint)
        if case .needsTooMuchMemory(let bytes, _) = error {
            wantsMemory = true
            neededMemory = bytes
        }
    }

    /// The decoder ended; `ending` says how.
    static func crashed(_ ending: String) -> Self {
        Self(
            errorClass: "decoder_crashed", message: "the decoder \(ending) on this file",
            hint: "Write it anew with another program: magick FILE -quality 92 COPY.jpg")
    }

    /// The network has no embedding for it.
    static let notEmbedded = Self(
        errorClass: "not_embedded", message: "the network gives no embedding of this picture", hint: nil)

    /// The decoder was ended because it took too long.
    static func timedOut(_ limit: Duration) -> Self {
        Self(
            errorClass: "decode_timeout", message: "decoding took longer than the limit of \(limit)",
            hint: "Give it more time: --decode-timeout SECONDS; or write it anew: magick FILE -quality 92 COPY.jpg")
    }
}
