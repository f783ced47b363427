import Embeddings
import FolderWatching
import Imaging
import Ingestion
import SystemPackage
import TestSupport
import Testing

@Suite struct HostileFileTests {
    /// What decoding in this process says.
    private func expected(_ bytes: [UInt8], _ scene: Scene) -> String {
        do throws(ImagingError) {
            _ = try ImageDecoder.decode(bytes, scale: scene.intake.preparation.decodeScale, limits: .shared)
            return "added"
        } catch {
            return error.errorClass
        }
    }

    private func compare(_ files: [FoundFile], _ scene: Scene) async throws {
        for start in stride(from: 0, to: files.count, by: 64) {
            let group = Array(files[start..<min(start + 64, files.count)])
            let result = try await scene.take(group)
            for (file, words) in zip(group, result.words) {
                let bytes = try FileContent.read(file.path).bytes
                #expect(words == expected(bytes, scene), "\(String(decoding: file.path, as: UTF8.self))")
            }
        }
    }

    @Test func `every damaged picture has the outcome that it has without workers`() async throws {
        let scene = try Scene()
        let files = scene.files(try SharedData.path("bad-jpegs"))
        #expect(files.count > 250)
        try await compare(files, scene)
    }

    @Test func `every beginning of a good picture is refused by name or is a picture`() async throws {
        let scene = try Scene()
        let whole = try photo("photos/vehicles/truck/truck1.jpg")
        let progressive = try JPEGEncoder.encode(
            ImageDecoder.decode(whole).image, quality: 80, isProgressive: true)
        for bytes in [whole, progressive] {
            for length in stride(from: 0, through: bytes.count, by: 41) {
                try scene.write(Array(bytes.prefix(length)), "\(bytes.count)-\(length).jpg")
            }
        }
        try await compare(scene.files(), scene)
    }

    @Test func `a picture that needs more memory than all workers share is refused, one that needs less gets it`()
        async throws
    {
        let limits = DecodeLimits(maxMemoryBytes: 40 << 20)
        let scene = try Scene(limits: limits)
        let pixels = [UInt8](repeating: 7, count: 3 * 4000 * 4000)
        let large = RGBImage(width: 4000, height: 4000, pixels: pixels)
        let small = RGBImage(width: 3000, height: 3000, pixels: Array(pixels.prefix(3 * 3000 * 3000)))
        try scene.write(JPEGEncoder.encode(large, quality: 50, isProgressive: true), "a.jpg")
        try scene.write(JPEGEncoder.encode(small, quality: 50, isProgressive: true), "b.jpg")
        let result = try await scene.take(scene.files())
        #expect(result.words == ["too_much_memory", "added"])
        #expect(result.failures.first?.message.hasSuffix("the limit is 41943040") == true)
    }
}
