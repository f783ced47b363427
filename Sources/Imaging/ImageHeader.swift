/// What a file says about its picture before the picture is decoded.
public struct ImageHeader: Sendable, Equatable {
    /// The file format.
    public let format: ImageFormat
    /// The number of columns as stored, before ``orientation`` is applied.
    public let width: Int
    /// The number of rows as stored, before ``orientation`` is applied.
    public let height: Int
    /// The number of samples of a pixel as stored, opacity included: 1 … 4. A palette's index is one.
    public let components: Int
    /// How the components are to be read, opacity aside.
    public let colorModel: ColorModel
    /// Whether pixels are or may be translucent; decoded, they lie over white.
    public let hasAlpha: Bool
    /// Whether the picture comes in passes of growing detail: a progressive JPEG, an interlaced PNG.
    public let isProgressive: Bool
    /// How to turn the picture upright; ``Orientation/up`` when the file does not say, or says something unknown.
    public let orientation: Orientation
    /// When the picture was taken (EXIF `DateTimeOriginal`), when the file tells a date that exists.
    public let captureTime: CaptureTime?
    /// What it was taken with, when the file says.
    public let camera: Camera?
    /// Where it was taken, when the file says.
    public let gps: GPSPosition?

    init(
        format: ImageFormat, width: Int, height: Int, components: Int, colorModel: ColorModel, hasAlpha: Bool,
        isProgressive: Bool, exif: ExifFacts?
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.components = components
        self.colorModel = colorModel
        self.hasAlpha = hasAlpha
        self.isProgressive = isProgressive
        self.orientation = exif?.orientation ?? .up
        self.captureTime = exif?.captureTime
        self.camera = exif?.camera
        self.gps = exif?.gps
    }

    /// The number of columns of the upright picture.
    public var orientedWidth: Int { orientation.swapsAxes ? height : width }
    /// The number of rows of the upright picture.
    public var orientedHeight: Int { orientation.swapsAxes ? width : height }
}

/// A file format that can be decoded; the raw value is what the catalog stores.
public enum ImageFormat: String, Sendable, CaseIterable {
    case jpeg
    case png
    case webp

    /// As its makers write it: `JPEG`, `PNG`, `WebP`.
    public var name: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        case .webp: "WebP"
        }
    }
}

/// How the components of a pixel are to be read, opacity aside; the raw value is for people.
public enum ColorModel: String, Sendable {
    case grayscale
    case yCbCr = "YCbCr"
    case rgb = "RGB"
    /// One index of a table of RGB colors.
    case palette
    case cmyk = "CMYK"
    case ycck = "YCCK"
    /// As many components as the header says, of no color model that libjpeg knows.
    case unknown
}

/// What a picture was taken with: EXIF `Make` and `Model`, without surrounding spaces and control characters.
public struct Camera: Sendable, Equatable {
    /// The maker, `Canon`.
    public let make: String?
    /// The maker's name for it, `Canon EOS 40D`.
    public let model: String?

    /// A camera of which at least one of the two is known.
    public init(make: String?, model: String?) {
        self.make = make
        self.model = model
    }

    /// Make and model in one line, the make only once: many models begin with it.
    public var name: String {
        guard let make else { return model ?? "" }
        guard let model else { return make }
        return model.lowercased().hasPrefix(make.lowercased()) ? model : "\(make) \(model)"
    }
}

/// Where a picture was taken.
public struct GPSPosition: Sendable, Equatable {
    /// Degrees, -90 … 90, north positive.
    public let latitude: Double
    /// Degrees, -180 … 180, east positive.
    public let longitude: Double
    /// Meters above sea level, when the file says.
    public let altitude: Double?

    /// A position within the ranges above.
    public init(latitude: Double, longitude: Double, altitude: Double? = nil) {
        self.latitude = latitude
        self.longitude = longitude
        self.altitude = altitude
    }
}

/// A picture, decoded and upright.
public struct DecodedImage: Sendable, Equatable {
    /// What the file says about it; sizes are those before scaling and orientation.
    public let header: ImageHeader
    /// The upright picture.
    public let image: RGBImage
    /// 1, 2, 4 or 8: the picture was decoded at 1/1 to 1/8 of its size; always 1 for what is no JPEG.
    public let scaleDenominator: Int
}
