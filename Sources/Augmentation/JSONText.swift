/// A number as JSON, and as people write it: 10, not 10.0.
func number(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A value of an operation, encoded or in a recipe.
enum JSONField: Equatable {
    case number(Double)
    case text(String)
    case list([JSONField])

    /// The range from a number to another; one number when they are equal.
    static func range(_ range: ClosedRange<Double>) -> JSONField {
        range.lowerBound == range.upperBound
            ? .number(range.lowerBound) : .list([.number(range.lowerBound), .number(range.upperBound)])
    }

    /// As JSON. Our texts are words that need no escapes.
    var json: String {
        switch self {
        case .number(let value): Augmentation.number(value)
        case .text(let text): "\"\(text)\""
        case .list(let fields): "[\(fields.map(\.json).joined(separator: ", "))]"
        }
    }
}

/// An object on one line, its keys in this order.
func jsonObject(_ fields: [(key: String, value: JSONField)]) -> String {
    "{\(fields.map { "\"\($0.key)\": \($0.value.json)" }.joined(separator: ", "))}"
}
