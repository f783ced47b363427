import Faults
import FoundationEssentials
import Imaging
import Testing

@Suite struct DamagedFileTests {
    private static let crash = "bad-jpegs/jpeg-decoder/tests__crashtest__images__"
    private static let odd = "bad-jpegs/jpeg-decoder/tests__reftest__images__"

    @Test(arguments: ["bad-jpegs/jpeg-decoder", "bad-jpegs/exif-orientation"])
    func `every bad file gives a picture or a reason, within its memory`(folder: String) throws {
        let files = try SharedPhotos.files(in: folder)
        #expect(files.count >= 18)
        for path in files {
            let bytes = try SharedPhotos.bytes(path)
            do throws(ImagingError) {
                let decoded = try ImageDecoder.decode(bytes)
                let pixels = decoded.image.width * decoded.image.height
                #expect(pixels == decoded.header.width * decoded.header.height, "\(path)")
                #expect(decoded.image.pixels.count == 3 * pixels, "\(path)")
            } catch {
                #expect(!error.errorClass.isEmpty && !error.message.contains("\n"), "\(path)")
                #expect(error.recovery == .quarantineItem, "\(path)")
            }
        }
        let status = String(
            decoding: try #require(FileManager.default.contents(atPath: "/proc/self/status")), as: UTF8.self)
        let peak = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        let kibibytes = try #require(Int(peak.filter(\.isNumber)))
        // Of the whole process, in which other tests run: 65535 × 65535 pixels alone would be three times as much.
        #expect(kibibytes < 4 << 20)
    }

    @Test(arguments: [
        "photos/full-size/YCbCr.jpg", "photos/full-size/CMYK.jpg",
        "photos/edited-copies/base_images/ukbench00120.jpg", "photos/edited-copies/base_images/ukbench01380.jpg",
        "photos/edited-copies/base_images/ukbench09268.jpg", "photos/edited-copies/base_images/ukbench09348.jpg",
        odd + "ycck.jpg", odd + "mozilla__jpg-progressive.jpg", odd + "progressive3.jpg", odd + "restarts.jpg",
    ])
    func `a file that is cut off is never half a picture`(path: String) throws {
        let bytes = try SharedPhotos.bytes(path)
        _ = try ImageDecoder.decode(bytes)
        for sixteenth in 1...15 {
            let error = #expect(throws: ImagingError.self, "\(sixteenth)/16") {
                try ImageDecoder.decode(Array(bytes.prefix(bytes.count * sixteenth / 16)), scale: .full)
            }
            #expect(error?.errorClass == "truncated", "\(sixteenth)/16 of \(path): \(String(describing: error))")
        }
    }

    @Test func `a cut file tells how much of it was there`() throws {
        let file = try JPEGEncoder.encode(pattern(640, 480), quality: 90)
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(Array(file.prefix(file.count / 2))) }
        guard case .truncated(.inRows(let decoded, 480), .jpeg) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((192...288).contains(decoded), "half of the bytes are about half of the rows")
        #expect(error?.message.contains("% of its 480 rows") == true)
        #expect(error?.hint != nil)
    }

    @Test func `a cut progressive file tells the scan that it ends in`() throws {
        let file = try JPEGEncoder.encode(pattern(640, 480), quality: 90, isProgressive: true)
        let scans = file.positions(ofMarker: 0xDA)
        try #require(scans.count > 3)
        // In the middle of the third scan, and exactly before it, where nothing is left half done.
        for (end, scan) in [((scans[2] + scans[3]) / 2, 3), (scans[2], 2)] {
            #expect(throws: ImagingError.truncated(.inScan(scan), .jpeg)) {
                try ImageDecoder.decode(Array(file.prefix(end)))
            }
        }
    }

    @Test(arguments: [false, true])
    func `a file that lacks nothing but its end marker is whole`(isProgressive: Bool) throws {
        let file = try JPEGEncoder.encode(pattern(64, 48), quality: 90, isProgressive: isProgressive)
        let whole = try ImageDecoder.decode(file)
        #expect(try ImageDecoder.decode(Array(file.dropLast(2))) == whole)
    }

    @Test func `bytes behind the picture do not matter`() throws {
        let file = try JPEGEncoder.encode(pattern(64, 48), quality: 90)
        #expect(try ImageDecoder.decode(file + [0, 1, 2, 3]) == ImageDecoder.decode(file))
    }

    @Test func `a file cut within its header is cut off, not damaged`() throws {
        let file = try JPEGEncoder.encode(pattern(64, 48), quality: 90)
        for count in [1, 2, 3, 20, 100] {
            #expect(throws: ImagingError.truncated(.inHeader(bytes: count), .jpeg)) {
                try ImageDecoder.header(of: Array(file.prefix(count)))
            }
        }
    }

    @Test func `an empty file is called empty`() {
        #expect(throws: ImagingError.empty) { try ImageDecoder.decode([UInt8]()) }
    }

    @Test func `what is no image shows its first bytes`() {
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.header(of: Array("likeness\n".utf8)) }
        #expect(error == .notAnImage(firstBytes: Array("likeness".utf8)))
        #expect(error?.message == "not an image: begins with 6c 69 6b 65 6e 65 73 73")
        #expect(error?.errorClass == "not_an_image")
    }

    @Test(
        arguments: [
            ("GIF", Array("GIF89a\u{1}".utf8)), ("TIFF", [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0]),
            ("HEIC", [0, 0, 0, 24] + Array("ftypheic".utf8)), ("AVIF", [0, 0, 0, 32] + Array("ftypavif".utf8)),
            ("BMP", Array("BM6".utf8)),
        ] as [(String, [UInt8])])
    func `another format is called by its name`(name: String, bytes: [UInt8]) {
        #expect(throws: ImagingError.unsupportedFormat(name: name)) { try ImageDecoder.decode(bytes) }
    }

    @Test func `a lossless JPEG is called unsupported`() throws {
        let bytes = try SharedPhotos.bytes(Self.odd + "lossless__1__jpeg_lossless_sel1.jpg")
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(bytes) }
        #expect(error?.errorClass == "unsupported_jpeg")
    }

    @Test func `a bad Huffman table is told in libjpeg's words`() throws {
        let bytes = try SharedPhotos.bytes(Self.crash + "derive-huffman-codes-overflow.jpg")
        #expect(throws: ImagingError.corrupt("bogus Huffman table definition", .jpeg)) {
            try ImageDecoder.decode(bytes)
        }
    }
}
