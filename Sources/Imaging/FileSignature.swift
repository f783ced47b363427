/// What kind of file bytes begin like.
enum FileSignature {
    case decodable(ImageFormat)
    /// An image of another format; its name.
    case other(String)
    case unknown

    /// Looks at the first bytes, at most 16.
    ///
    /// Bytes that are the beginning of a JPEG's or a PNG's beginning count as one: a file that was cut off after its
    /// first byte is a JPEG that was cut off. `RIFF` alone is taken for a WebP that was cut off.
    init(of bytes: some Collection<UInt8>) {
        let start = Array(bytes.prefix(16))
        if [0xFF, 0xD8, 0xFF].starts(with: start.prefix(3)) {
            self = .decodable(.jpeg)
        } else if pngSignature.starts(with: start.prefix(8)) {
            self = .decodable(.png)
        } else if start.starts(with: "RIFF".utf8) && "WEBP".utf8.starts(with: start.dropFirst(8).prefix(4)) {
            self = .decodable(.webp)
        } else if let match = signatures.first(where: { start.dropFirst($0.offset).starts(with: $0.bytes) }) {
            self = .other(match.name)
        } else {
            self = .unknown
        }
    }
}

private struct Signature {
    let name: String
    let offset: Int
    let bytes: [UInt8]

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.offset = 0
        self.bytes = bytes
    }

    init(_ name: String, at offset: Int = 0, _ text: String) {
        self.name = name
        self.offset = offset
        self.bytes = Array(text.utf8)
    }
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/// Sources: the specification of each format; for the `ftyp` brands the registry at mp4ra.org.
private let signatures: [Signature] = [
    Signature("GIF", "GIF87a"), Signature("GIF", "GIF89a"),
    Signature("TIFF", [0x49, 0x49, 0x2A, 0x00]), Signature("TIFF", [0x4D, 0x4D, 0x00, 0x2A]),
    Signature("BigTIFF", [0x49, 0x49, 0x2B, 0x00]), Signature("BigTIFF", [0x4D, 0x4D, 0x00, 0x2B]),
    Signature("HEIC", at: 4, "ftyphe"), Signature("HEIF", at: 4, "ftypmif1"), Signature("HEIF", at: 4, "ftypmsf1"),
    Signature("AVIF", at: 4, "ftypavi"),
    Signature("JPEG XL", [0xFF, 0x0A]), Signature("JPEG XL", at: 4, "JXL \r\n"),
    Signature("JPEG 2000", at: 4, "jP  \r\n"), Signature("JPEG 2000", [0xFF, 0x4F, 0xFF, 0x51]),
    Signature("Photoshop", "8BPS"), Signature("PDF", "%PDF-"), Signature("SVG", "<svg"),
    Signature("PNM", "P5\n"), Signature("PNM", "P6\n"), Signature("QOI", "qoif"),
    Signature("OpenEXR", [0x76, 0x2F, 0x31, 0x01]), Signature("BMP", "BM"),
]
