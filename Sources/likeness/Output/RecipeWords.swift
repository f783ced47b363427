import Augmentation
import Faults
import FoundationEssentials
import Search

/// A recipe as people read it.
struct RecipeWords {
    private let steps: [[String: JSONValue]]

    init(_ recipe: JSONValue) {
        guard case .array(let steps) = recipe else {
            self.steps = []
            return
        }
        self.steps = steps.compactMap { if case .object(let members) = $0 { members } else { nil } }
    }

    /// The names of the operations, in order: `rotate + flip`; nil when none is known.
    var names: String? { joined(steps.compactMap(Self.name)) }

    /// The operations with how much of each, in order: `rotate 4.2° + flip`; nil when none is known.
    var full: String? {
        joined(
            steps.compactMap { step in
                guard let data = try? JSONEncoder().encode(step),
                    let operation = try? JSONDecoder().decode(DrawnOperation.self, from: data)
                else { return Self.named(step) }
                return operation.words
            })
    }

    private func joined(_ words: [String]) -> String? { words.isEmpty ? nil : words.joined(separator: " + ") }

    private static func name(_ step: [String: JSONValue]) -> String? {
        guard case .string(let name)? = step["operation"] else { return nil }
        return printableName(name.utf8)
    }

    /// An operation that was made elsewhere, with those of its parameters that are one number or word.
    private static func named(_ step: [String: JSONValue]) -> String? {
        guard let name = name(step) else { return nil }
        let parameters = step.filter { $0.key != "operation" }.sorted { $0.key < $1.key }.compactMap {
            key, value -> String? in
            switch value {
            case .integer(let number): "\(printableName(key.utf8)) \(number)"
            case .number(let number): "\(printableName(key.utf8)) \(number)"
            case .string(let text): "\(printableName(key.utf8)) \(printableName(text.utf8))"
            case .null, .bool, .array, .object: nil
            }
        }
        return parameters.isEmpty ? name : "\(name) (\(parameters.joined(separator: ", ")))"
    }
}
