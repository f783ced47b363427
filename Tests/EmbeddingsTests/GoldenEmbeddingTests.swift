import Embeddings
import Imaging
import Testing

@Suite struct GoldenEmbeddingTests {
    @Test func `the network agrees with the golden embeddings to 1e-4 from the given inputs`() async throws {
        let golden = try GoldenEmbeddings()
        let network = try await SharedNetworks.of(.float32)
        let inputs = try SharedData.floats("golden/inputs-2x3x224x224.f32")
        let batch = network.makeBatch()
        let length = network.preparation.inputLength
        for picture in 0..<2 {
            let rows = inputs[picture * length..<(picture + 1) * length]
            batch.append { _ = $0.update(fromContentsOf: rows) }
        }
        let embeddings = try await network.embed(batch)
        #expect(embeddings.count == 2 * 2048)
        for picture in 0..<2 {
            let row = embeddings[2048 * picture..<2048 * (picture + 1)]
            let largest = zip(row, golden.embedding(picture)).map { abs($0 - $1) }.max() ?? .infinity
            #expect(largest <= 1e-4)
        }
    }

    @Test(arguments: [(Precision.float32, 0.99999), (Precision.bfloat16, 0.999)])
    func `every golden file gets its embedding from its JPEG`(precision: Precision, floor: Double) async throws {
        guard precision.isSupported else {
            await #expect(throws: EmbeddingError.self) { try await SharedNetworks.of(precision) }
            return
        }
        let golden = try GoldenEmbeddings()
        #expect(golden.files.count == 24)
        let network = try await SharedNetworks.of(precision)
        let batch = network.makeBatch(capacity: golden.files.count)
        for file in golden.files {
            let picture = try SharedData.picture(file)
            batch.append { network.preparation.prepare(picture, into: $0) }
        }
        let embeddings = try await network.embed(batch)
        for (position, file) in golden.files.enumerated() {
            let row = embeddings[2048 * position..<2048 * (position + 1)]
            let agreement = cosine(row, golden.embedding(position))
            #expect(agreement >= floor, "\(file): \(agreement)")
            let length = row.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(length - 1) < 1e-5, "\(file) has length \(length)")
        }
    }

    @Test(arguments: [
        "exif-rotn-1.jpg", "exif-rotn-3.jpg", "exif-rotn-6.jpg", "exif-rotn-8.jpg", "RGB.jpg", "YCbCr.jpg", "CMYK.jpg",
        "original.jpg",
    ])
    func `a picture decoded at a reduced scale keeps its embedding`(name: String) async throws {
        let network = try await SharedNetworks.of(.float32)
        let full = try await network.embed(SharedData.picture("photos/full-size/\(name)"))
        let reduced = try await network.embed(
            SharedData.picture("photos/full-size/\(name)", scale: network.preparation.decodeScale))
        let agreement = cosine(full, reduced)
        #expect(agreement >= 0.995, "\(name): \(agreement)")
    }

    @Test func `preprocessing gives the golden inputs bit by bit`() throws {
        let inputs = try SharedData.floats("golden/inputs-2x3x224x224.f32")
        let files = try GoldenEmbeddings().files
        for position in 0..<2 {
            let picture = try SharedData.picture(files[position])
            let length = Preprocessing.inputLength
            let prepared = [Float](unsafeUninitializedCapacity: length) { buffer, count in
                Preprocessing.squash224.write(picture, into: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
                count = length
            }
            let differences = zip(prepared, inputs[position * length..<(position + 1) * length]).map { abs($0 - $1) }
            #expect(differences.max() == 0, "\(files[position])")
        }
    }
}
