import Augmentation
import Testing

@Suite struct PlanTests {
    private let parent = [UInt8](repeating: 9, count: 32)

    private func plan(_ json: String, seed: Int64 = 1) throws -> AugmentationPlan {
        AugmentationPlan(recipe: try Recipe(json: Array(json.utf8), file: "r.json"), seed: seed)
    }

    @Test func `seed, parent and ordinal each give other copies`() {
        let base = AugmentationPlan(seed: 1).operations(ofCopy: 0, parent: parent)
        #expect(AugmentationPlan(seed: 1).operations(ofCopy: 0, parent: parent) == base)
        #expect(AugmentationPlan(seed: 2).operations(ofCopy: 0, parent: parent) != base)
        #expect(AugmentationPlan(seed: -1).operations(ofCopy: 0, parent: parent) != base)
        #expect(AugmentationPlan(seed: 1).operations(ofCopy: 1, parent: parent) != base)
        for index in parent.indices {
            var other = parent
            other[index] ^= 1
            #expect(AugmentationPlan(seed: 1).operations(ofCopy: 0, parent: other) != base)
        }
    }

    @Test func `every operation stays within its range and reaches both ends of it`() throws {
        let plan = AugmentationPlan(seed: 5)
        var degrees: [Double] = []
        var shares: [Double] = []
        var factors: [Double] = []
        var flips = 0
        for ordinal in 0..<2000 {
            for operation in plan.operations(ofCopy: ordinal, parent: parent) {
                switch operation {
                case .rotate(let value): degrees.append(value)
                case .crop(let crop):
                    shares.append(crop.share)
                    #expect((0...1).contains(crop.x) && (0...1).contains(crop.y) && crop.size == 224)
                case .flip: flips += 1
                case .brightness(let factor), .contrast(let factor), .saturation(let factor): factors.append(factor)
                case .jpeg(let quality): #expect(quality == 90)
                default: Issue.record("the default recipe has no \(operation.kind)")
                }
            }
        }
        func isSpread(_ values: [Double], _ range: ClosedRange<Double>, count: Int) -> Bool {
            let (low, high) = (values.min() ?? .nan, values.max() ?? .nan)
            let margin = (range.upperBound - range.lowerBound) / 50
            return values.count == count && range.contains(low) && range.contains(high)
                && low < range.lowerBound + margin && high > range.upperBound - margin
        }
        #expect(isSpread(degrees, -10...10, count: 2000))
        #expect(isSpread(shares, 0.8...0.9, count: 2000))
        #expect(isSpread(factors, 0.8...1.2, count: 6000))
        // Half of them, give or take five standard errors.
        #expect(abs(flips - 1000) < 112)
    }

    @Test func `a changed probability leaves the other operations as they were`() throws {
        func drawn(_ probability: Double) throws -> [DrawnOperation] {
            try plan(
                """
                [{"operation": "blur", "probability": \(probability), "sigma": [0, 9]},
                 {"operation": "rotate", "degrees": [-90, 90]}]
                """
            ).operations(ofCopy: 4, parent: parent)
        }
        #expect(try drawn(0) == Array(try drawn(1).dropFirst()))
    }

    @Test func `probability 0 is never and 1 is always`() throws {
        let never = try plan(#"[{"operation": "flip", "probability": 0}]"#)
        let always = try plan(#"[{"operation": "flip"}]"#)
        for ordinal in 0..<200 {
            #expect(never.operations(ofCopy: ordinal, parent: parent) == [.jpeg(quality: 90)])
            #expect(always.operations(ofCopy: ordinal, parent: parent) == [.flip, .jpeg(quality: 90)])
        }
    }

    @Test func `whole numbers are drawn with both ends`() throws {
        let plan = try plan(#"[{"operation": "jpeg", "quality": [40, 42]}]"#)
        let drawn = Set((0..<200).flatMap { plan.operations(ofCopy: $0, parent: parent).map(\.json) })
        #expect(drawn.count == 3)
    }

    @Test func `a range of one value is that value`() throws {
        let plan = try plan(#"[{"operation": "rotate", "degrees": 0.123456}]"#)
        #expect(plan.operations(ofCopy: 0, parent: parent).first == .rotate(degrees: 0.123456))
    }

    @Test func `drawn numbers have four decimals`() throws {
        for ordinal in 0..<50 {
            for case .rotate(let degrees) in AugmentationPlan(seed: 3).operations(ofCopy: ordinal, parent: parent) {
                let decimals = "\(degrees)".split(separator: ".").last ?? ""
                #expect(decimals.count <= 4, "\(degrees)")
            }
        }
    }
}

extension DrawnOperation {
    fileprivate var json: String { [self].json }
}
