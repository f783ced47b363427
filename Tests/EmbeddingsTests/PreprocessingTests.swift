import Embeddings
import Imaging
import Testing

@Suite struct PreprocessingTests {
    /// What the red of a black pixel becomes.
    private let black = (Float(0) - 0.485) / 0.229

    private func prepared(_ preprocessing: Preprocessing, _ picture: RGBImage) -> [Float] {
        let length = Preprocessing.inputLength
        return [Float](unsafeUninitializedCapacity: length) { buffer, count in
            preprocessing.write(picture, into: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
            count = length
        }
    }

    @Test func `channels are normalized with the mean and deviation of ImageNet`() {
        let picture = RGBImage(
            width: 224, height: 224, pixels: (0..<224 * 224).flatMap { _ in [255, 0, 51] as [UInt8] })
        let values = prepared(.squash224, picture)
        let plane = 224 * 224
        #expect(values[0] == (Float(1) - 0.485) / 0.229)
        #expect(values[2 * plane - 1] == (Float(0) - 0.456) / 0.224)
        #expect(abs(values[3 * plane - 1] - (0.2 - 0.406) / 0.225) < 1e-6)
    }

    @Test func `the crop takes the middle of a picture that is twice as wide as high`() {
        // 512 × 256: red in the left quarter and the right one, blue between. The crop is columns 144 to 367.
        let pixels = (0..<256).flatMap { _ in
            (0..<512).flatMap { (128..<384).contains($0) ? [0, 0, 255] as [UInt8] : [255, 0, 0] }
        }
        let values = prepared(.resize256Crop224, RGBImage(width: 512, height: 256, pixels: pixels))
        #expect(values[..<(224 * 224)].allSatisfy { $0 == values[0] })
        #expect(values[0] == black)
    }

    @Test(arguments: [(1, 60_000), (60_000, 1), (1, 1), (3, 224)])
    func `pictures of any shape are prepared`(width: Int, height: Int) {
        let picture = RGBImage(
            width: width, height: height, pixels: [UInt8](repeating: 0, count: 3 * width * height))
        for preprocessing in Preprocessing.allCases {
            let values = prepared(preprocessing, picture)
            #expect(values[..<(224 * 224)].allSatisfy { $0 == black })
        }
    }

    @Test func `the names of precisions and preprocessings, which catalogs store, stay`() {
        #expect(Precision.allCases.map(\.rawValue) == ["fp32", "bf16"])
        #expect(
            Preprocessing.allCases.map(\.rawValue)
                == ["squash224-bilinear-imagenet", "resize256-crop224-bilinear-imagenet"])
        #expect(Precision.fastestSupported.isSupported)
    }

    @Test func `a preparation is known by the name that its model has for it`() async throws {
        for preprocessing in Preprocessing.allCases {
            #expect(PicturePreparation(rawValue: preprocessing.rawValue) == .imageNet(preprocessing))
            #expect(PicturePreparation.imageNet(preprocessing).rawValue == preprocessing.rawValue)
        }
        let network = try await SharedNetworks.of(.float32)
        for embedder in [StructureDescriptor(), network] as [any Embedder] {
            #expect(PicturePreparation(rawValue: embedder.model.preprocessing) == embedder.preparation)
        }
        #expect(PicturePreparation(rawValue: "squash") == nil)
    }

    @Test func `a preparation writes what its model takes`() {
        let picture = RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 51, count: 12))
        let length = PicturePreparation.structure.inputLength
        let structure = [Float](unsafeUninitializedCapacity: length) { buffer, count in
            PicturePreparation.structure.prepare(
                picture, into: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
            count = length
        }
        #expect(structure.count == 3 * 128 * 128)
        #expect(structure.allSatisfy { $0 == 51 })
        #expect(PicturePreparation.imageNet(.squash224).inputLength == Preprocessing.inputLength)
        #expect(PicturePreparation.structure.decodeScale == .atLeast(width: 256, height: 256))
    }
}
