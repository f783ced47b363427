import Augmentation
import FoundationEssentials
import Testing

func decodedOperations(_ json: String) throws -> [DrawnOperation] {
    try JSONDecoder().decode([DrawnOperation].self, from: Data(json.utf8))
}

@Suite struct DrawnOperationCodingTests {
    static let all: [DrawnOperation] = [
        .rotate(degrees: 4.2), .crop(SquareCrop(share: 0.85, x: 0, y: 0.25, size: 224)), .flip,
        .perspective(CornerDisplacements([(0.1, -0.1), (0, 0.2), (0.05, 0), (-0.2, 0)])), .brightness(factor: 1.1),
        .contrast(factor: 0.9), .saturation(factor: 1), .grayscale, .blur(sigma: 1.5),
        .noise(GaussianNoise(standardDeviation: 8, seed: 4_294_967_295)),
        .occlusion(Occlusion(share: 0.1, aspect: 2, x: 0.5, y: 0.5, fill: .gray)),
        .occlusion(Occlusion(share: 0.1, aspect: 2, x: 0.5, y: 0.5, fill: .noise(seed: 7))), .jpeg(quality: 90),
    ]

    @Test func `operations have the catalog's shape`() {
        let expected =
            #"[{"operation": "rotate", "degrees": 4.2}, "#
            + #"{"operation": "crop", "share": 0.85, "x": 0, "y": 0.25, "size": 224}, {"operation": "flip"}, "#
            + #"{"operation": "perspective", "corners": [[0.1, -0.1], [0, 0.2], [0.05, 0], [-0.2, 0]]}, "#
            + #"{"operation": "brightness", "factor": 1.1}, {"operation": "contrast", "factor": 0.9}, "#
            + #"{"operation": "saturation", "factor": 1}, {"operation": "grayscale"}, "#
            + #"{"operation": "blur", "sigma": 1.5}, "#
            + #"{"operation": "noise", "standard_deviation": 8, "seed": 4294967295}, "#
            + #"{"operation": "occlusion", "share": 0.1, "aspect": 2, "x": 0.5, "y": 0.5, "fill": "gray"}, "#
            + #"{"operation": "occlusion", "share": 0.1, "aspect": 2, "x": 0.5, "y": 0.5, "fill": "noise", "seed": 7}, "#
            + #"{"operation": "jpeg", "quality": 90}]"#
        #expect(Self.all.json == expected)
    }

    @Test func `operations have words for people`() {
        #expect(
            Self.all.map(\.words) == [
                "rotate 4.2°", "crop 85 %", "flip", "perspective 20 %", "brightness ×1.10", "contrast ×0.90",
                "saturation ×1.00", "grayscale", "blur 1.5 px", "noise ±8.0", "occlusion 10 %", "occlusion 10 %",
                "jpeg 90",
            ])
    }

    @Test func `operations are read from both ways of writing them`() throws {
        #expect(try decodedOperations(Self.all.json) == Self.all)
        let encoded = try JSONEncoder().encode(Self.all)
        #expect(try JSONDecoder().decode([DrawnOperation].self, from: encoded) == Self.all)
    }

    @Test(arguments: [
        #"[{"operation": "shear"}]"#, #"[{"degrees": 1}]"#, #"[{"operation": "rotate"}]"#,
        #"[{"operation": "rotate", "degrees": 181}]"#,
        #"[{"operation": "crop", "share": 0.5, "x": 0, "y": 0, "size": 1000000000}]"#,
        #"[{"operation": "crop", "share": 0.5, "x": 0, "y": 0, "size": 1.5}]"#,
        #"[{"operation": "perspective", "corners": [[0, 0], [0, 0], [0, 0]]}]"#,
        #"[{"operation": "perspective", "corners": [[0, 0], [0, 0], [0, 0], [0, 0.3]]}]"#,
        #"[{"operation": "noise", "standard_deviation": 1, "seed": -1}]"#,
        #"[{"operation": "occlusion", "share": 0.1, "aspect": 2, "x": 0.5, "y": 0.5, "fill": "red"}]"#,
        #"[{"operation": "jpeg", "quality": 0}]"#,
    ])
    func `operations that cannot be are not read`(json: String) {
        #expect(throws: DecodingError.self) { try decodedOperations(json) }
    }

    @Test func `operations out of other hands may carry more than is known`() throws {
        #expect(try decodedOperations(#"[{"operation": "flip", "axis": "vertical"}]"#) == [.flip])
    }
}
