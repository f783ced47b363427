/// Which copies a recipe and a seed give of any parent.
public struct AugmentationPlan: Sendable, Equatable {
    /// What may be done.
    public let recipe: Recipe
    /// Which of all the copies that the recipe allows.
    public let seed: Int64

    /// Takes any seed.
    public init(recipe: Recipe = .default, seed: Int64) {
        self.recipe = recipe
        self.seed = seed
    }

    /// What is done to a parent to make one of its copies.
    ///
    /// It depends on nothing but the plan and the two arguments: not on other copies, the order of work, or the machine.
    /// Every step draws all its parameters whether it is taken or not, so that a changed probability changes nothing
    /// else. Numbers are drawn uniformly and rounded to four decimals, which is what the catalog shows.
    ///
    /// - Parameters:
    ///   - parent: the SHA-256 of the parent's file, 32 bytes.
    ///   - ordinal: which of the parent's copies, from 0.
    /// - Returns: The operations in order, in the end always a ``DrawnOperation/jpeg(quality:)``: the recipe's, or that
    ///   of ``CopyRenderer/usualQuality``.
    public func operations(ofCopy ordinal: Int, parent: [UInt8]) -> [DrawnOperation] {
        precondition(ordinal >= 0, "copies are counted from 0, not \(ordinal)")
        precondition(parent.count == 32, "a SHA-256 has 32 bytes, not \(parent.count)")
        var random = CopyRandom(seed: seed, parent: parent, ordinal: ordinal)
        var operations: [DrawnOperation] = []
        for step in recipe.steps {
            let isTaken = random.fraction() < step.probability
            let operation = step.draw(&random)
            if isTaken { operations.append(operation) }
        }
        if operations.last?.kind != .jpeg { operations.append(.jpeg(quality: CopyRenderer.usualQuality)) }
        return operations
    }
}

extension Recipe.Step {
    /// Draws the parameters.
    fileprivate func draw(_ random: inout CopyRandom) -> DrawnOperation {
        func value(_ index: Int, _ random: inout CopyRandom) -> Double {
            random.value(in: ranges[index], isWhole: kind.parameters[index].isWhole)
        }
        switch kind {
        case .rotate: return .rotate(degrees: value(0, &random))
        case .crop:
            let (share, x, y) = (value(0, &random), value(1, &random), value(2, &random))
            return .crop(SquareCrop(share: share, x: x, y: y, size: Int(value(3, &random))))
        case .flip: return .flip
        case .perspective:
            func corner() -> CornerDisplacements.Corner {
                let dx = value(0, &random)
                return CornerDisplacements.Corner(dx: dx, dy: value(0, &random))
            }
            let (topLeft, topRight, bottomRight) = (corner(), corner(), corner())
            return .perspective(
                CornerDisplacements(
                    topLeft: topLeft, topRight: topRight, bottomRight: bottomRight, bottomLeft: corner()))
        case .brightness: return .brightness(factor: value(0, &random))
        case .contrast: return .contrast(factor: value(0, &random))
        case .saturation: return .saturation(factor: value(0, &random))
        case .grayscale: return .grayscale
        case .blur: return .blur(sigma: value(0, &random))
        case .noise:
            let deviation = value(0, &random)
            return .noise(GaussianNoise(standardDeviation: deviation, seed: random.seed()))
        case .occlusion:
            let (share, aspect) = (value(0, &random), value(1, &random))
            let (x, y) = (value(2, &random), value(3, &random))
            let seed = random.seed()
            return .occlusion(
                Occlusion(share: share, aspect: aspect, x: x, y: y, fill: fill == .gray ? .gray : .noise(seed: seed)))
        case .jpeg: return .jpeg(quality: Int(value(0, &random)))
        }
    }
}

extension CopyRandom {
    /// A number of the range, all equally likely: whole, or rounded to four decimals where that leaves it in the range.
    fileprivate mutating func value(in range: ClosedRange<Double>, isWhole: Bool) -> Double {
        let length = range.upperBound - range.lowerBound
        let fraction = fraction()
        if isWhole { return range.lowerBound + (fraction * (length + 1)).rounded(.down) }
        let rounded = ((range.lowerBound + fraction * length) * 10_000).rounded() / 10_000
        return min(max(rounded, range.lowerBound), range.upperBound)
    }

    /// 32 bits.
    fileprivate mutating func seed() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 32) }
}
