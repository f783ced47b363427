import Faults

/// What is wrong with a recipe.
public enum RecipeProblem: Error, Sendable, Equatable {
    /// The text is no JSON: what was expected, and what stands there.
    case notJSON(expected: String, found: String)
    /// The document is no list.
    case notAList(found: String)
    /// The list has no steps.
    case empty
    /// An element of the list is no object.
    case notAStep(found: String)
    /// A step does not say which operation it is.
    case noOperation
    /// There is no operation of this name.
    case unknownOperation(String)
    /// The operation has nothing of this name.
    case unknownKey(String, OperationKind)
    /// A key stands twice in one step.
    case repeatedKey(String)
    /// The operation needs a range of this name.
    case missing(String, OperationKind)
    /// A value has another type than its key wants.
    case wrongType(String, OperationKind?, expected: String, found: String)
    /// The first number of a range is larger than the second.
    case upsideDown(String, OperationKind, Double, Double)
    /// A value is not within what the operation can do.
    case outOfLimits(String, OperationKind, Double, ClosedRange<Double>)
    /// A value is a fraction where only whole numbers make sense.
    case notWhole(String, OperationKind, Double)
    /// A probability is not within 0 … 1.
    case probability(Double)
}

extension RecipeProblem {
    /// In one line, with the value and what is expected.
    var message: String {
        switch self {
        case .notJSON(let expected, let found): "expected \(expected), not \(found)"
        case .notAList(let found): "a recipe is a list of operations, not \(found)"
        case .empty: "a recipe has at least one operation, not none"
        case .notAStep(let found): "an operation is an object, not \(found)"
        case .noOperation: "an object without the key \"operation\""
        case .unknownOperation(let name): "there is no operation \(quoted(name))"
        case .unknownKey(let key, let kind): "\(kind.rawValue) has no key \(quoted(key))"
        case .repeatedKey(let key): "the key \(quoted(key)) stands twice in one operation"
        case .missing(let key, let kind): "\(kind.rawValue) needs \(quoted(key))"
        case .wrongType(let key, let kind, let expected, let found):
            "\(kind.map { "\($0.rawValue)'s " } ?? "")\(quoted(key)) must be \(expected), not \(found)"
        case .upsideDown(let key, let kind, let low, let high):
            "\(kind.rawValue)'s \(quoted(key)) goes from \(number(low)) down to \(number(high))"
        case .outOfLimits(let key, let kind, let value, let limits):
            "\(kind.rawValue)'s \(quoted(key)) must be from \(number(limits.lowerBound)) to "
                + "\(number(limits.upperBound)), not \(number(value))"
        case .notWhole(let key, let kind, let value):
            "\(kind.rawValue)'s \(quoted(key)) must be a whole number, not \(number(value))"
        case .probability(let value): "a probability must be from 0 to 1, not \(number(value))"
        }
    }

    /// What there is instead.
    var detail: String? {
        switch self {
        case .noOperation, .unknownOperation: "The operations are: \(OperationKind.names)."
        case .unknownKey(_, let kind), .missing(_, let kind):
            "\(kind.rawValue) has: \(kind.keys.joined(separator: ", "))."
        case .upsideDown(_, _, let low, let high): "The smaller number goes first: [\(number(high)), \(number(low))]."
        default: nil
        }
    }
}

extension OperationKind {
    /// The keys of an operation in a recipe.
    var keys: [String] {
        ["operation", "probability"] + parameters.map(\.name) + (self == .occlusion ? ["fill"] : [])
    }
}

private func quoted(_ text: String) -> String { "\"\(printableName(text.utf8))\"" }
