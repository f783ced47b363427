/// What can be done to a picture; the raw value is the word that recipes and the catalog use.
public enum OperationKind: String, Sendable, CaseIterable {
    case rotate, crop, flip, perspective
    case brightness, contrast, saturation, grayscale
    case blur, noise, occlusion, jpeg

    /// The words of all operations, for messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The numbers that a recipe gives ranges for, in the order in which they are drawn.
    ///
    /// The order is part of what a seed means: a changed one gives other copies.
    var parameters: [OperationParameter] {
        switch self {
        case .rotate: [OperationParameter("degrees", -180...180)]
        case .crop:
            [
                OperationParameter("share", 0.01...1), .position("x"), .position("y"),
                OperationParameter("size", 1...4096, isWhole: true),
            ]
        case .flip, .grayscale: []
        case .perspective: [OperationParameter("displacement", -0.2...0.2)]
        case .brightness, .contrast, .saturation: [OperationParameter("factor", 0...4)]
        case .blur: [OperationParameter("sigma", 0...20)]
        case .noise: [OperationParameter("standard_deviation", 0...100)]
        case .occlusion:
            [
                OperationParameter("share", 0...1), OperationParameter("aspect", 0.1...10, usually: 0.5...2),
                .position("x"), .position("y"),
            ]
        case .jpeg: [OperationParameter("quality", 1...100, isWhole: true)]
        }
    }

    /// Whether it only moves what is seen; operations of this kind that follow each other are one resampling.
    var isGeometric: Bool {
        switch self {
        case .rotate, .crop, .flip, .perspective: true
        default: false
        }
    }
}

/// A number of an operation: its name, and the values that it may have.
struct OperationParameter {
    let name: String
    let limits: ClosedRange<Double>
    /// Whether only whole numbers make sense.
    let isWhole: Bool
    /// What a recipe that leaves it out means; nil when it may not.
    let usual: ClosedRange<Double>?

    init(
        _ name: String, _ limits: ClosedRange<Double>, isWhole: Bool = false, usually usual: ClosedRange<Double>? = nil
    ) {
        self.name = name
        self.limits = limits
        self.isWhole = isWhole
        self.usual = usual
    }

    /// Where a rectangle lies within the room that it has: 0 at the left or the top, 1 at the right or the bottom.
    static func position(_ name: String) -> OperationParameter { OperationParameter(name, 0...1, usually: 0...1) }
}
