import Embeddings
import Imaging
import Testing

@Suite struct BatchTests {
    @Test(arguments: [Precision.float32, .bfloat16])
    func `an embedding has the same bits in every batch`(precision: Precision) async throws {
        guard precision.isSupported else {
            await #expect(throws: EmbeddingError.self) { try await SharedNetworks.of(precision) }
            return
        }
        let network = try await SharedNetworks.of(precision)
        let files = try GoldenEmbeddings().files
        let pictures = try files[..<11].map { try SharedData.picture($0) }
        var alone: [Float] = []
        for picture in pictures { alone += try await network.embed(picture) }
        for size in [1, 3, 8, 11] {
            let batch = network.makeBatch(capacity: size)
            for picture in pictures[..<size] { batch.append { network.preparation.prepare(picture, into: $0) } }
            let together = try await network.embed(batch)
            #expect(together == Array(alone[..<(size * 2048)]), "a batch of \(size)")
        }
    }

    @Test func `full batches that are computed at once have the bits of pictures alone`() async throws {
        let network = try await SharedNetworks.of(.fastestSupported)
        let pictures = try GoldenEmbeddings().files[..<11].map { try SharedData.picture($0) }
        var embeddings: [[Float]] = []
        for picture in pictures { embeddings.append(try await network.embed(picture)) }
        let alone = embeddings
        try await withThrowingTaskGroup { group in
            for first in 0..<40 {
                group.addTask {
                    let batch = network.makeBatch()
                    let chosen = (first..<first + 8).map { $0 % pictures.count }
                    for place in chosen { batch.append { network.preparation.prepare(pictures[place], into: $0) } }
                    let together = try await network.embed(batch)
                    #expect(together == chosen.flatMap { alone[$0] }, "the batch from picture \(first) on")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a batch is used again`() async throws {
        let descriptor = StructureDescriptor()
        let batch = descriptor.makeBatch(capacity: 2)
        let bright = RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 250, count: 12))
        let dark = RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 3, count: 12))
        batch.append { descriptor.preparation.prepare(bright, into: $0) }
        #expect(!batch.isFull)
        batch.append { descriptor.preparation.prepare(dark, into: $0) }
        #expect(batch.isFull)
        let both = try await descriptor.embed(batch)
        batch.removeAll()
        #expect(batch.count == 0)
        batch.append { descriptor.preparation.prepare(dark, into: $0) }
        #expect(try await descriptor.embed(batch) == Array(both[2048...]))
    }

    @Test func `a picture that fails to prepare does not count`() {
        struct Refused: Error {}
        let batch = PreparedBatch(capacity: 1, inputLength: 4)
        #expect(throws: Refused.self) { try batch.append { _ in throw Refused() } }
        #expect(batch.count == 0)
    }

    @Test func `an empty batch has no embeddings`() async throws {
        let network = try await SharedNetworks.of(.float32)
        #expect(try await network.embed(network.makeBatch()).isEmpty)
        #expect(try await StructureDescriptor().embed(StructureDescriptor().makeBatch()).isEmpty)
    }

    @Test func `a batch prepared for another model is refused`() async throws {
        let network = try await SharedNetworks.of(.float32)
        let descriptor = StructureDescriptor()
        await #expect(throws: EmbeddingError.wrongBatch(have: 49_152, need: 150_528)) {
            _ = try await network.embed(descriptor.makeBatch(capacity: 1))
        }
        await #expect(throws: EmbeddingError.wrongBatch(have: 150_528, need: 49_152)) {
            _ = try await descriptor.embed(network.makeBatch(capacity: 1))
        }
    }

    @Test(arguments: [Float.infinity, -.infinity, .nan])
    func `a picture whose values are not finite is named by its position`(value: Float) async throws {
        let network = try await SharedNetworks.of(.float32)
        let batch = network.makeBatch(capacity: 2)
        batch.append { $0.update(repeating: 0) }
        batch.append {
            $0.update(repeating: 0)
            $0[$0.count - 1] = value
        }
        await #expect(throws: EmbeddingError.inputNotFinite(position: 1)) { _ = try await network.embed(batch) }
    }

    @Test func `the cost of the network names every layer`() async throws {
        let network = try await SharedNetworks.of(.float32)
        let cost = try await network.measureCost(batch: 1, repetitions: 1)
        #expect(cost.batch == 1)
        #expect(cost.steps.filter { $0.name.contains("conv") && !$0.name.hasPrefix("reorder") }.count == 49)
        #expect(cost.steps.filter { $0.name.contains("downsample.0") && !$0.name.hasPrefix("reorder") }.count == 4)
        #expect(cost.primitives > .zero && cost.primitivesAlone > .zero && cost.network > .zero)
    }
}
