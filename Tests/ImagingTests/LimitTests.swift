import Imaging
import Testing

@Suite struct LimitTests {
    @Test func `186 bytes do not ask for 13 gigabytes`() throws {
        let bytes = try SharedPhotos.bytes(
            "bad-jpegs/jpeg-decoder/tests__crashtest__images__max_size.jpg")
        let limit = DecodeLimits.standard.maxPixels
        let error = #expect(throws: ImagingError.tooManyPixels(width: 65_535, height: 65_535, limit: limit)) {
            try ImageDecoder.decode(bytes)
        }
        #expect(error?.errorClass == "too_large")
    }

    @Test func `the limit on pixels is exact`() throws {
        let file = try JPEGEncoder.encode(gradient(40, 30), quality: 80)
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxPixels: 1200))
        #expect(throws: ImagingError.tooManyPixels(width: 40, height: 30, limit: 1199)) {
            try ImageDecoder.header(of: file, limits: DecodeLimits(maxPixels: 1199))
        }
    }

    @Test func `the limit on the file is exact`() throws {
        let file = try JPEGEncoder.encode(gradient(40, 30), quality: 80)
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxFileBytes: file.count))
        #expect(throws: ImagingError.fileTooLarge(bytes: file.count, limit: file.count - 1)) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxFileBytes: file.count - 1))
        }
    }

    @Test(arguments: [false, true])
    func `the memory that an error names is enough`(isProgressive: Bool) throws {
        let file = try JPEGEncoder.encode(gradient(800, 600), quality: 80, isProgressive: isProgressive)
        let error = #expect(throws: ImagingError.self) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: 1000))
        }
        guard case .needsTooMuchMemory(let needed?, limit: 1000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed >= 800 * 600 * (isProgressive ? 6 : 3), "the picture and, if progressive, its coefficients")
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed))
        #expect(throws: ImagingError.needsTooMuchMemory(bytes: needed, limit: needed - 1)) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxMemoryBytes: needed - 1))
        }
    }

    @Test func `a header that promises a huge progressive picture is refused before it is believed`() throws {
        var file = try JPEGEncoder.encode(gradient(16, 16), quality: 80, isProgressive: true)
        let frame = try #require(file.positions(ofMarker: 0xC2).first)
        for (offset, byte) in [0x3F, 0xFF, 0x3F, 0xFF].enumerated() { file[frame + 5 + offset] = UInt8(byte) }
        let error = #expect(throws: ImagingError.self) { try ImageDecoder.decode(file) }
        #expect(error?.errorClass == "too_much_memory")
    }

    @Test func `a progressive picture may have so many scans and no more`() throws {
        let file = try JPEGEncoder.encode(pattern(64, 64), quality: 80, isProgressive: true)
        let scans = file.positions(ofMarker: 0xDA)
        let last = try #require(scans.last)
        _ = try ImageDecoder.decode(file, limits: DecodeLimits(maxScans: scans.count))
        #expect(throws: ImagingError.tooManyScans(limit: scans.count - 1)) {
            try ImageDecoder.decode(file, limits: DecodeLimits(maxScans: scans.count - 1))
        }
        let scan = file[last...].dropLast(2)
        let bomb = Array(file.dropLast(2)) + Array(repeatElement(scan, count: 200).joined()) + file.suffix(2)
        #expect(throws: ImagingError.tooManyScans(limit: 100)) { try ImageDecoder.decode(bomb) }
    }

    @Test func `a side beyond libjpeg's is named as such`() throws {
        var file = try JPEGEncoder.encode(gradient(16, 16), quality: 80)
        let frame = try #require(file.positions(ofMarker: 0xC0).first)
        file[frame + 7] = 0xFF
        file[frame + 8] = 0xFF
        #expect(throws: ImagingError.sideTooLong(width: 65_535, height: 16, limit: 65_500)) {
            try ImageDecoder.header(of: file)
        }
    }
}
