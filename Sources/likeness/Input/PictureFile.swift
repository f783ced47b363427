import Catalog
import Faults
import Imaging

/// Reads a picture of the catalog from where it was seen.
enum PictureFile {
    /// The bytes of the first file that still holds the picture.
    ///
    /// - Throws: why the first of them does not.
    static func bytes(of digest: ContentDigest, in paths: [[UInt8]]) throws(PictureIsGone) -> [UInt8] {
        var reason = PictureIsGone(path: paths.first, reason: nil)
        for (place, path) in paths.enumerated() {
            do throws(UnreadableFile) {
                let content = try FileContent.read(path)
                if content.sha256 == digest.rawValue { return content.bytes }
            } catch {
                if place == 0 { reason = PictureIsGone(path: path, reason: error.reason) }
            }
        }
        throw reason
    }
}

/// No file holds a picture any more.
struct PictureIsGone: Fault {
    /// Where it was; nil when all its files are known to have vanished.
    let path: [UInt8]?
    /// Why that cannot be read; nil: it can, and is another picture now.
    let reason: String?

    var message: String {
        guard let path else { return "every file that held the picture has vanished" }
        return "\(printableName(path)): "
            + (reason ?? "is not the picture any more that the catalog has under this path")
    }
    var hint: String? { "Bring the catalog up to date: likeness ingest FOLDER, or likeness watch FOLDER" }
    var recovery: Recovery { .quarantineItem }
}
