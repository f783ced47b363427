import Augmentation
import Dispatch
import Imaging
import Synchronization
import Testing

@Suite struct DeterminismTests {
    /// All operations, one after the other.
    static let everything = """
        [
            {"operation": "rotate", "degrees": [-180, 180]}, {"operation": "perspective", "displacement": [-0.2, 0.2]},
            {"operation": "crop", "share": [0.3, 1], "size": [40, 120]}, {"operation": "flip", "probability": 0.5},
            {"operation": "brightness", "factor": [0.5, 2]}, {"operation": "contrast", "factor": [0.5, 2]},
            {"operation": "saturation", "factor": [0, 3]}, {"operation": "jpeg", "quality": [5, 95]},
            {"operation": "blur", "probability": 0.5, "sigma": [0, 3]},
            {"operation": "noise", "standard_deviation": [0, 30]},
            {"operation": "occlusion", "share": [0, 0.3], "fill": "noise"}, {"operation": "rotate", "degrees": 3},
            {"operation": "occlusion", "share": [0, 0.1]}, {"operation": "grayscale", "probability": 0.2}
        ]
        """

    static func plan(seed: Int64) throws -> AugmentationPlan {
        AugmentationPlan(recipe: try Recipe(json: Array(everything.utf8), file: "everything.json"), seed: seed)
    }

    @Test func `neither threads nor order nor what was drawn before change a byte`() throws {
        let plan = try Self.plan(seed: 42)
        let trucks = try (1...3).map { try truck($0) }
        let copies = (0..<60).map { (parent: $0 % 3, ordinal: $0 / 3) }
        @Sendable func file(_ copy: (parent: Int, ordinal: Int), _ renderer: CopyRenderer) throws -> [UInt8] {
            let parent = trucks[copy.parent]
            let operations = plan.operations(ofCopy: copy.ordinal, parent: parent.sha256)
            return try renderer.file(operations, of: parent.picture)
        }
        let expected = try copies.map { try file($0, CopyRenderer()) }
        #expect(Set(expected).count == 60)
        let one = CopyRenderer()
        #expect(try copies.reversed().map { try file($0, one) } == expected.reversed())
        for threads in [2, 5] {
            let found = Mutex([[UInt8]](repeating: [], count: 60))
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                let renderer = CopyRenderer()
                for index in stride(from: thread, to: 60, by: threads) {
                    let bytes = try? file(copies[index], renderer)
                    found.withLock { $0[index] = bytes ?? [] }
                }
            }
            #expect(found.withLock { $0 } == expected)
        }
    }

    @Test func `what the catalog keeps makes the same copy again`() throws {
        let truck = try truck(4)
        let plan = try Self.plan(seed: 1)
        for ordinal in 0..<40 {
            let operations = plan.operations(ofCopy: ordinal, parent: truck.sha256)
            let decoded = try decodedOperations(operations.json)
            #expect(decoded == operations)
            let again = try CopyRenderer().file(decoded, of: truck.picture)
            #expect(try CopyRenderer().file(operations, of: truck.picture) == again)
        }
    }

    /// What was drawn and what was rendered when this was written: a seed means the same copies in every version.
    @Test func `a seed means the same copies for ever`() throws {
        let parent = [UInt8](0..<32)
        let usual = AugmentationPlan(seed: 7).operations(ofCopy: 3, parent: parent)
        #expect(
            usual.json == """
                [{"operation": "rotate", "degrees": 4.6429}, \
                {"operation": "crop", "share": 0.8152, "x": 0.0402, "y": 0.713, "size": 224}, \
                {"operation": "brightness", "factor": 1.0842}, {"operation": "contrast", "factor": 0.8276}, \
                {"operation": "saturation", "factor": 0.8667}, {"operation": "jpeg", "quality": 90}]
                """)
        let operations = try Self.plan(seed: -7).operations(ofCopy: 0, parent: parent)
        #expect(
            operations.json == """
                [{"operation": "rotate", "degrees": 57.3721}, \
                {"operation": "perspective", \
                "corners": [[0.0781, 0.0157], [-0.0074, 0.1103], [0.0296, 0.0701], [0.1692, 0.0358]]}, \
                {"operation": "crop", "share": 0.4984, "x": 0.1719, "y": 0.084, "size": 67}, \
                {"operation": "brightness", "factor": 0.9012}, {"operation": "contrast", "factor": 1.0003}, \
                {"operation": "saturation", "factor": 1.7619}, {"operation": "jpeg", "quality": 30}, \
                {"operation": "blur", "sigma": 0.8644}, \
                {"operation": "noise", "standard_deviation": 5.447, "seed": 2368280836}, \
                {"operation": "occlusion", "share": 0.1309, "aspect": 1.4368, "x": 0.4276, "y": 0.3041, \
                "fill": "noise", "seed": 39784363}, \
                {"operation": "rotate", "degrees": 3}, \
                {"operation": "occlusion", "share": 0.037, "aspect": 0.6998, "x": 0.7543, "y": 0.7534, "fill": "gray"}, \
                {"operation": "jpeg", "quality": 90}]
                """)
        let picture = ParentPicture(pattern(90, 70))
        let renderer = CopyRenderer()
        #expect(adler32(try renderer.image(usual.dropLast(), of: picture).pixels) == 0xBA3C_25AB)
        // Without the JPEG in between, which is libjpeg's matter.
        let ours = operations.filter { $0.kind != .jpeg }
        #expect(adler32(try renderer.image(ours, of: picture).pixels) == 0xA8E3_CA19)
    }
}
