import Faults
import FoundationEssentials
import Imaging

/// Pictures made small, for people to look at.
enum Thumbnail {
    /// The picture of a file, at most `side` pixels wide and high; one that is smaller stays as it is.
    static func image(decoding bytes: [UInt8], side: Int) throws(ImagingError) -> RGBImage {
        let image = try ImageDecoder.decode(bytes, scale: .atLeast(width: side, height: side)).image
        let scale = Double(side) / Double(max(image.width, image.height))
        if scale >= 1 { return image }
        return image.resized(
            width: max(1, Int((Double(image.width) * scale).rounded())),
            height: max(1, Int((Double(image.height) * scale).rounded())))
    }

    /// The same as text that stands in a page for a file: a small JPEG, some kilobytes.
    static func dataURI(decoding bytes: [UInt8], side: Int) throws(ImagingError) -> String {
        let jpeg = try JPEGEncoder.encode(try image(decoding: bytes, side: side), quality: 80)
        return "data:image/jpeg;base64," + Data(jpeg).base64EncodedString()
    }
}
