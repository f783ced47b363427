import Embeddings
import Imaging
import Testing

@Suite struct StructureDescriptorTests {
    private static let folder = "photos/edited-copies"
    private static let bridgeEdits = [
        "blur-a-little", "blur-a-lot", "high-contrast", "high-saturation", "sharpen-a-little", "sharpen-a-lot",
        "shrink-a-little", "shrink-a-lot", "square-128x128", "square-256x256", "square-512x512", "bridge-1-original",
    ]

    private func describe(_ path: String) async throws -> [Float] {
        let descriptor = StructureDescriptor()
        return try await descriptor.embed(SharedData.picture(path, scale: descriptor.preparation.decodeScale))
    }

    private func squaredDistance(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    // Measured: the farthest of these 13 copies lies at 0.012, the nearest of 330 unrelated photos at 0.195. Flips and
    // rotations are other pictures to this descriptor and are left out.
    @Test func `every edited copy is ten times nearer to its original than any unrelated photo`() async throws {
        var unrelated: [[Float]] = []
        for name in try SharedData.names(in: "\(Self.folder)/base_images") where !name.contains("ukbench00120") {
            unrelated.append(try await describe("\(Self.folder)/base_images/\(name)"))
        }
        for kind in ["bike", "car", "juggernaut", "truck"] {
            for number in [1, 50, 100, 200, 300, 400] {
                unrelated.append(try await describe("photos/vehicles/\(kind)/\(kind)\(number).jpg"))
            }
        }
        #expect(unrelated.count == 33)
        let bridge = try await describe("\(Self.folder)/bridge/aaa-orig.jpg")
        let bottle = try await describe("\(Self.folder)/base_images/ukbench00120.jpg")
        var copies: [(name: String, copy: [Float], original: [Float])] = []
        for edit in Self.bridgeEdits {
            copies.append((edit, try await describe("\(Self.folder)/bridge/\(edit).jpg"), bridge))
        }
        copies.append(
            ("resize", try await describe("\(Self.folder)/mixed_images/ukbench00120_resize.jpg"), bottle))
        for (name, copy, original) in copies {
            let distance = squaredDistance(copy, original)
            let nearest = unrelated.map { squaredDistance(copy, $0) }.min() ?? 0
            #expect(10 * distance < nearest, "\(name): \(distance), nearest unrelated \(nearest)")
        }
    }

    @Test(arguments: [0, 1, 127, 254, 255] as [UInt8])
    func `a picture of one gray gives a finite vector of length 1`(gray: UInt8) async throws {
        for (width, height) in [(1, 1), (640, 3)] {
            let picture = RGBImage(
                width: width, height: height, pixels: [UInt8](repeating: gray, count: 3 * width * height))
            let vector = try await StructureDescriptor().embed(picture)
            #expect(vector.count == 2048)
            #expect(vector.allSatisfy { $0.isFinite })
            #expect(abs(vector.reduce(0.0) { $0 + Double($1) * Double($1) } - 1) < 1e-5)
        }
    }

    @Test(arguments: [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]] as [[UInt8]])
    func `the purest colors stay inside their histograms`(color: [UInt8]) async throws {
        let picture = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 64).flatMap { _ in color })
        let vector = try await StructureDescriptor().embed(picture)
        #expect(vector.allSatisfy { $0.isFinite })
        // Every cell is alike, and no gradient votes.
        for cell in stride(from: 0, to: 2048, by: 32) {
            #expect(vector[cell..<cell + 16].allSatisfy { $0 == 0 })
            #expect(vector[cell..<cell + 32].filter { $0 > 0 }.count >= 3)
        }
    }

    @Test func `a gradient votes for its own direction`() async throws {
        // Brighter to the right: direction 0; brighter downward: a quarter turn, direction 4.
        for (bin, brightness) in [(0, { x, _ in x }), (4, { _, y in y })] as [(Int, (Int, Int) -> Int)] {
            var pixels: [UInt8] = []
            for y in 0..<128 {
                for x in 0..<128 { pixels += [UInt8](repeating: UInt8(2 * brightness(x, y)), count: 3) }
            }
            let vector = try await StructureDescriptor().embed(RGBImage(width: 128, height: 128, pixels: pixels))
            for cell in stride(from: 0, to: 2048, by: 32) {
                let strongest = (0..<16).max { vector[cell + $0] < vector[cell + $1] }
                #expect(strongest == bin)
            }
        }
    }

    @Test func `values that no picture has are refused`() async throws {
        let descriptor = StructureDescriptor()
        let batch = descriptor.makeBatch(capacity: 1)
        batch.append { $0.update(repeating: .nan) }
        await #expect(throws: EmbeddingError.inputNotFinite(position: 0)) { _ = try await descriptor.embed(batch) }
    }

    @Test func `its model is a model like any other, with a name and a hash of its own`() {
        let model = StructureDescriptor().model
        #expect(model.defaultName == "structure-2048")
        #expect(model.dimension == 2048)
        #expect(model.precision == .float32)
        #expect(model == StructureDescriptor().model)
        let hash = hexadecimal(model.weightsSHA256)
        #expect(
            hash == "171968048b4bf71dcab3b5c8e4bab53b6d2d323e30babcbb813d966cffd72300",
            "other formulas are another model: change the version in the specification as well")
    }
}
