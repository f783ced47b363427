import Glibc

/// Whether a file met in a folder is taken for a picture: by the ending of its name, or by its first bytes.
///
/// A folder of photos holds other things (notes, databases of thumbnails), which are no failures. What is called a
/// picture and is none, is one. Likeness's own files are none.
///
/// - Parameters:
///   - path: of the file; relative to `folder` if that is given.
///   - folder: descriptor of an open folder.
func looksLikePicture(_ path: [UInt8], below folder: Int32 = AT_FDCWD) -> Bool {
    let name = lastName(of: path)
    if isOwnFile(name) { return false }
    if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex {
        let ending = String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        if pictureEndings.contains(ending) { return true }
    }
    do {
        let start = try contentOfSmallFile(path, limit: 12, below: folder).bytes
        return pictureStarts.contains { start.dropFirst($0.offset).starts(with: $0.bytes) }
    } catch {
        // What this user may not read may well be a picture: it is told as one that cannot be read.
        return error.code == EACCES
    }
}

/// Whether a file is Likeness's own: the marker of a root, rules of what to ignore, or a copy that is being written and
/// gets its name when it is whole (`.<digits>.partial`).
func isOwnFile(_ name: some Collection<UInt8>) -> Bool {
    name.elementsEqual(RootMarker.name) || name.elementsEqual(IgnoreRules.fileName) || isPartialFile(name)
}

private func isPartialFile(_ name: some Collection<UInt8>) -> Bool {
    name.first == UInt8(ascii: ".") && name.suffix(partialEnding.count).elementsEqual(partialEnding)
}

private let partialEnding = Array(".partial".utf8)

private let pictureEndings: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif",
]

/// The formats that Likeness decodes; for others it takes a name that says so.
private let pictureStarts: [(offset: Int, bytes: [UInt8])] = [
    (0, [0xFF, 0xD8, 0xFF]), (0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (8, Array("WEBP".utf8)),
]
