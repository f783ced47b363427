import Foundation
import Imaging
import TestSupport

/// Real photographs with a number behind their end, so that there are as many contents as wanted.
struct PhotoFiles {
    private let photos: [Data]

    /// Reads all JPEGs below a folder.
    init(photosBelow folder: String) throws {
        photos = try jpegs(below: folder).map { try Data(contentsOf: $0) }
        if photos.isEmpty { throw Failure("no JPEG below \(folder)") }
    }

    /// The bytes of picture `number`, any number.
    func bytes(_ number: Int) -> Data { photos[number % photos.count] + Data("\(number)".utf8) }

    /// Writes files `0/0.jpg` and so on.
    ///
    /// - Parameters:
    ///   - perFolder: the most files of a folder.
    ///   - first: the number of the first content; other numbers are other contents.
    func write(_ count: Int, to folder: URL, perFolder: Int, first: Int) throws {
        for number in 0..<count {
            let place = folder.appending(path: "\(number / perFolder)")
            if number % perFolder == 0 {
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            }
            try bytes(first + number).write(to: place.appending(path: "\(number).jpg"))
        }
    }
}

/// JPEGs of 12 megapixels as a camera writes them: photographs, scaled up, with noise in place of the detail that scaling
/// cannot give. Behind the end of each stands a number, so that there are as many contents as wanted.
struct LargePhotos {
    private static let (width, height) = (4000, 3000)
    /// As many are drawn; the others have the same pixels.
    private static let different = 24
    private let photos: [URL]

    /// The largest photographs below a folder.
    init(photosBelow folder: String) throws {
        photos = try jpegs(below: folder).map { url in
            (url, try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }.sorted { $0.1 > $1.1 }.prefix(12).map(\.0)
        if photos.isEmpty { throw Failure("no JPEG below \(folder)") }
    }

    /// Writes files `0.jpg` and so on, contents from the number `first` on.
    func write(_ count: Int, to folder: URL, first: Int) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let drawn = try (0..<min(count, Self.different)).map { try draw($0) }
        for number in 0..<count {
            try (drawn[number % drawn.count] + Data("\(first + number)".utf8))
                .write(to: folder.appending(path: "\(number).jpg"))
        }
    }

    /// The JPEG of a picture; every twelfth is of the same photograph, with other noise.
    private func draw(_ number: Int) throws -> Data {
        let photo = try ImageDecoder.decode(Array(Data(contentsOf: photos[number % photos.count]))).image
        var image = photo.resized(width: Self.width, height: Self.height)
        var random = SplitMix(state: UInt64(number))
        for place in stride(from: 0, to: image.pixels.count - 8, by: 8) {
            let noise = random.next()
            for byte in 0..<8 {
                // The sum of two dice, from -7 to 7: what a sensor has in the shade.
                let dice = Int(noise >> UInt64(8 * byte) & 7) + Int(noise >> UInt64(8 * byte + 4) & 7) - 7
                image.pixels[place + byte] = UInt8(clamping: Int(image.pixels[place + byte]) + dice)
            }
        }
        return Data(try JPEGEncoder.encode(image, quality: 88))
    }
}

/// All files named .jpg below a folder, in the order of their paths.
func jpegs(below folder: String) throws -> [URL] {
    let found = FileManager.default.enumerator(
        at: URL(filePath: folder), includingPropertiesForKeys: [.fileSizeKey, .isRegularFileKey])
    guard let found else { throw Failure("\(folder) cannot be listed") }
    let urls = found.compactMap { $0 as? URL }.filter { $0.pathExtension.lowercased() == "jpg" }
    return try urls.filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
        .sorted { $0.path < $1.path }
}
