import Catalog
import Embeddings
import Faults
import FolderWatching
import Glibc
import Imaging
import Ingestion
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct IntakeLaneTests {
    @Test func `a picture gets the vector and the facts that it has without workers`() async throws {
        let scene = try Scene()
        let names = ["photos/full-size/exif-rotn-6.jpg", "photos/vehicles/truck/truck1.jpg"]
        for (position, name) in names.enumerated() { try scene.write(photo(name), "\(position).jpg") }
        let result = try await scene.take(scene.files())
        #expect(result.words == ["added", "added"])
        let descriptor = StructureDescriptor()
        for (content, name) in zip(result.batch.contents, names) {
            let bytes = try photo(name)
            let decoded = try ImageDecoder.decode(bytes, scale: descriptor.preparation.decodeScale)
            #expect(content.digest == ContentDigest(of: bytes))
            #expect(content.bytes == Int64(bytes.count))
            #expect(content.vector == (try await descriptor.embed(decoded.image)))
            #expect(content.width == decoded.header.orientedWidth && content.height == decoded.header.orientedHeight)
            #expect(content.camera == decoded.header.camera?.name)
            #expect(content.pixelDigest?.rawValue == decoded.pixelSHA256)
            let quality = PictureQuality(of: decoded.image)
            #expect(content.blur == Float(quality.blur) && content.contrast == Float(quality.contrast))
            #expect(content.brightness == Float(quality.brightness))
        }
        #expect(result.cost.files == 2 && result.cost.bytes == result.batch.contents.reduce(0) { $0 + $1.bytes })
        #expect(result.cost.read > 0 && result.cost.decode > 0 && result.cost.embed > 0)
    }

    @Test func `equal files of one group are embedded once and seen each`() async throws {
        let scene = try Scene()
        for name in ["a.jpg", "b.jpg", "c.jpg"] { try scene.write(photo("photos/vehicles/truck/truck1.jpg"), name) }
        let result = try await scene.take(scene.files())
        #expect(result.words == ["added", "added", "added"])
        #expect(scene.embedded == 1)
        #expect(result.batch.sightings.count == 3)
    }

    @Test func `equal files of two lanes at once are embedded once, until they are committed`() async throws {
        let scene = try Scene()
        let first = try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "a.jpg")
        let second = try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "b.jpg")
        let (one, other) = (scene.files(first), scene.files(second))
        async let left = scene.take(one)
        async let right = scene.take(other)
        let results = try await [left, right]
        #expect(results.map(\.words) == [["added"], ["added"]])
        #expect(scene.embedded == 1)
        #expect(results[0].batch.contents[0].vector == results[1].batch.contents[0].vector)
        withExtendedLifetime(results) {}
    }

    @Test func `a damaged content fails in every file and lane that has it`() async throws {
        let scene = try Scene()
        let damaged = Array(try photo("photos/vehicles/truck/truck1.jpg").prefix(1500))
        for name in ["a.jpg", "b.jpg"] { try scene.write(damaged, name) }
        let first = try await scene.take(scene.files())
        let second = try await scene.take(scene.files())
        #expect(first.words == ["truncated", "truncated"] && second.words == first.words)
        #expect(first.batch.failures.count == 2 && first.batch.sightings.isEmpty)
        withExtendedLifetime(first) {}
    }

    @Test func `what the catalog knows is only seen, what is in work elsewhere waits`() async throws {
        let scene = try Scene()
        let bytes = try (1...3).map { try photo("photos/vehicles/truck/truck\($0).jpg") }
        for (position, bytes) in bytes.enumerated() { try scene.write(bytes, "\(position).jpg") }
        let digests = bytes.map { ContentDigest(of: $0) }
        let asked = Mutex<[[ContentDigest]]>([])
        let result = try await IntakeLane(scene.intake).take(scene.files()) { question in
            asked.withLock { $0.append(question) }
            return [digests[0]: .known, digests[1]: .inWorkElsewhere]
        }
        #expect(result.words == ["known", "postponed", "added"])
        #expect(asked.withLock { $0 } == [digests])
        #expect(result.batch.sightings.map(\.content) == [digests[0], digests[2]])
        #expect(scene.embedded == 1)
    }

    @Test func `a lane that was stopped leaves its contents to others, and goes on itself`() async throws {
        struct Stopped: Error {}
        let scene = try Scene()
        for number in 1...9 { try scene.write(photo("photos/vehicles/truck/truck\(number).jpg"), "\(number).jpg") }
        let lane = IntakeLane(scene.intake)
        await #expect(throws: Stopped.self) { _ = try await lane.take(scene.files()) { _ in throw Stopped() } }
        let result = try await lane.take(scene.files()) { _ in [:] }
        #expect(result.words == Array(repeating: "added", count: 9))
    }

    @Test func `a group larger than the network's batches is embedded whole, the damaged ones left out`() async throws {
        let scene = try Scene()
        var expected: [String] = []
        for number in 1...40 {
            let bytes = try photo("photos/vehicles/truck/truck\(number).jpg")
            try scene.write(number % 3 == 0 ? Array(bytes.prefix(900)) : bytes, "\(100 + number).jpg")
            expected.append(number % 3 == 0 ? "truncated" : "added")
        }
        let result = try await scene.take(scene.files())
        #expect(result.words == expected)
        #expect(scene.embedded == Set(result.batch.contents.map(\.digest)).count)
    }

    @Test func `a picture without an embedding fails alone`() async throws {
        let scene = try Scene()
        for number in 1...3 { try scene.write(photo("photos/vehicles/truck/truck\(number).jpg"), "\(number).jpg") }
        let refusing = RefusingEmbedder()
        let intake = Intake(embedder: refusing, decoders: scene.decoders)
        let result = try await IntakeLane(intake).take(scene.files()) { _ in [:] }
        #expect(result.words.sorted() == ["added", "added", "not_embedded"])
        #expect(result.batch.contents.count == 2)
    }

    @Test func `a file that is not as it was found is to be looked at again`() async throws {
        let scene = try Scene()
        let bytes = try photo("photos/vehicles/truck/truck1.jpg")
        for name in ["gone.jpg", "grown.jpg", "link.jpg", "replaced.jpg", "same.jpg"] { try scene.write(bytes, name) }
        let files = scene.files()
        unlink(scene.folder.path.appending("gone.jpg").string)
        try scene.write(bytes + [0], "grown.jpg")
        unlink(scene.folder.path.appending("link.jpg").string)
        symlink("same.jpg", scene.folder.path.appending("link.jpg").string)
        // The same bytes, size and time, and another file.
        let replacement = try scene.write(bytes, "new.jpg")
        var times = [timespec(), timespec()]
        for index in 0...1 {
            times[index].tv_sec = Int(files[3].modified / 1_000_000_000)
            times[index].tv_nsec = Int(files[3].modified % 1_000_000_000)
        }
        utimensat(AT_FDCWD, replacement.string, &times, 0)
        rename(replacement.string, scene.folder.path.appending("replaced.jpg").string)
        let result = try await scene.take(files)
        #expect(result.words == ["changed", "changed", "changed", "changed", "added"])
        #expect(result.batch.failures.isEmpty && result.batch.sightings.count == 1)
    }

    @Test func `a file that is written while it is read is not taken`() async throws {
        let scene = try Scene()
        let path = try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "a.jpg")
        // Large enough that reading it takes longer than a clock tick of the file system.
        truncate(path.string, 200 << 20)
        let stop = Atomic(false)
        let file = try FileDescriptor.open(path, .writeOnly)
        let writer = Task.detached {
            while !stop.load(ordering: .relaxed) { _ = try file.writeAll(toAbsoluteOffset: 100 << 20, [1]) }
            try file.close()
        }
        let result = try await scene.take(scene.files())
        stop.store(true, ordering: .relaxed)
        try await writer.value
        #expect(result.words == ["changed"])
        #expect(result.batch.isEmpty)
    }

    @Test func `files that cannot be read fail, and may pass`() async throws {
        let scene = try Scene(limits: DecodeLimits(maxFileBytes: 3000))
        try scene.write([], "a-empty.jpg")
        try scene.write([UInt8](repeating: 1, count: 3001), "b-large.jpg")
        let files = scene.files()
        let result = try await scene.take(files)
        #expect(result.words == ["empty", "too_large"])
        #expect(result.failures.map(\.recovery) == [.quarantineItem, .quarantineItem])
        #expect(result.failures.last?.message == "has 3001 bytes, more than the limit of 3000")
    }
}

/// An embedder that finds no embedding for one of the pictures of a batch, nor for the second picture that comes alone.
private final class RefusingEmbedder: Embedder {
    private let descriptor = StructureDescriptor()
    private let alone = Atomic(0)
    var model: EmbeddingModel { descriptor.model }
    var preparation: PicturePreparation { descriptor.preparation }
    var preferredBatch: Int { 8 }

    func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float] {
        if batch.count > 1 { throw .embeddingNotFinite(position: 1) }
        if alone.add(1, ordering: .relaxed).newValue == 2 { throw .embeddingNotFinite(position: 0) }
        return try await descriptor.embed(batch)
    }
}
