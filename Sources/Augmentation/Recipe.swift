/// What may be done to a picture to make a copy of it: operations in order, each with a probability and with ranges that
/// its parameters are drawn from.
public struct Recipe: Sendable, Equatable {
    /// One operation of a recipe.
    public struct Step: Sendable, Equatable {
        /// What is done.
        public let kind: OperationKind
        /// How often it is done, 0 … 1.
        public let probability: Double
        /// What an occlusion shows.
        let fill: OcclusionFill
        /// The range of each of ``OperationKind/parameters``.
        let ranges: [ClosedRange<Double>]

        /// Checks the ranges.
        ///
        /// - Parameters:
        ///   - ranges: a range for each parameter by its name; those that have a usual one may be left out.
        /// - Throws: which of the values cannot be.
        public init(
            _ kind: OperationKind, probability: Double = 1, fill: OcclusionFill = .gray,
            _ ranges: [String: ClosedRange<Double>] = [:]
        ) throws(RecipeProblem) {
            guard (0...1).contains(probability) else { throw .probability(probability) }
            var named = ranges
            var complete: [ClosedRange<Double>] = []
            for parameter in kind.parameters {
                guard let range = named.removeValue(forKey: parameter.name) ?? parameter.usual else {
                    throw .missing(parameter.name, kind)
                }
                for bound in [range.lowerBound, range.upperBound] { try parameter.check(bound, of: kind) }
                complete.append(range)
            }
            if let unknown = named.keys.min() { throw .unknownKey(unknown, kind) }
            self.init(unchecked: kind, probability: probability, fill: fill, ranges: complete)
        }

        fileprivate init(
            unchecked kind: OperationKind, probability: Double = 1, fill: OcclusionFill = .gray,
            ranges: [ClosedRange<Double>] = []
        ) {
            self.kind = kind
            self.probability = probability
            self.fill = fill
            self.ranges = ranges
        }
    }

    /// The operations in order, at least one.
    public let steps: [Step]

    /// A recipe of these steps.
    ///
    /// - Throws: ``RecipeProblem/empty`` when there are none.
    public init(_ steps: [Step]) throws(RecipeProblem) {
        if steps.isEmpty { throw .empty }
        self.steps = steps
    }

    private init(unchecked steps: [Step]) { self.steps = steps }

    /// The classic one: a rotation by up to 10 degrees, a square of 0.8 to 0.9 of the short side at 224 pixels, a flip
    /// half of the time, brightness, contrast and saturation each from 0.8 to 1.2; files of quality 90.
    public static let `default` = Recipe(unchecked: [
        Step(unchecked: .rotate, ranges: [-10...10]),
        Step(unchecked: .crop, ranges: [0.8...0.9, 0...1, 0...1, 224...224]),
        Step(unchecked: .flip, probability: 0.5),
        Step(unchecked: .brightness, ranges: [0.8...1.2]),
        Step(unchecked: .contrast, ranges: [0.8...1.2]),
        Step(unchecked: .saturation, ranges: [0.8...1.2]),
        Step(unchecked: .jpeg, ranges: [90...90]),
    ])
}

/// What a recipe lets occlusions show; the raw value is its word for it.
public enum OcclusionFill: String, Sendable, CaseIterable {
    case gray, noise
}

extension OperationParameter {
    /// Holds a value against the limits.
    func check(_ value: Double, of kind: OperationKind) throws(RecipeProblem) {
        guard limits.contains(value) else { throw .outOfLimits(name, kind, value, limits) }
        if isWhole && value != value.rounded() { throw .notWhole(name, kind, value) }
    }
}
