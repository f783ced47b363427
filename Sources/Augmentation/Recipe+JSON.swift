extension Recipe {
    /// The recipe as the file that it can be read from: an operation a line, usual ranges left out.
    public var json: String {
        "[\n" + steps.map { "    " + jsonObject($0.fields) }.joined(separator: ",\n") + "\n]\n"
    }

    /// Reads a recipe: a JSON list of `{"operation": NAME, "probability": 0…1, PARAMETER: RANGE, …}`.
    ///
    /// A range is `[LOW, HIGH]`, or a number when they are equal. A probability that is left out is 1.
    ///
    /// - Parameters:
    ///   - json: the file, UTF-8.
    ///   - file: its name, for messages.
    /// - Throws: ``AugmentationError/recipe(_:file:line:)`` with the first thing that is wrong, and its line.
    public init(json: [UInt8], file: String) throws(AugmentationError) {
        do throws(JSONReader.Problem) {
            self = try Self.recipe(try JSONReader.document(json))
        } catch {
            throw .recipe(error.problem, file: file, line: error.line)
        }
    }

    private static func recipe(_ document: JSONReader.Node) throws(JSONReader.Problem) -> Recipe {
        guard case .array(let elements) = document.value else {
            throw document.problem(.notAList(found: document.words))
        }
        var steps: [Step] = []
        for element in elements { steps.append(try step(element)) }
        do throws(RecipeProblem) {
            return try Recipe(steps)
        } catch {
            throw document.problem(error)
        }
    }

    private static func step(_ node: JSONReader.Node) throws(JSONReader.Problem) -> Step {
        guard case .object(let members) = node.value else { throw node.problem(.notAStep(found: node.words)) }
        guard let named = members.first(where: { $0.key == "operation" })?.value else {
            throw node.problem(.noOperation)
        }
        guard case .string(let name) = named.value else {
            throw named.problem(.wrongType("operation", nil, expected: "a word", found: named.words))
        }
        guard let kind = OperationKind(rawValue: name) else { throw named.problem(.unknownOperation(name)) }
        var probability = 1.0
        var fill = OcclusionFill.gray
        var ranges: [String: ClosedRange<Double>] = [:]
        for (key, value) in members {
            if key == "operation" { continue }
            if key == "probability" {
                guard case .number(let number) = value.value else {
                    throw value.problem(.wrongType(key, kind, expected: "a number from 0 to 1", found: value.words))
                }
                guard (0...1).contains(number) else { throw value.problem(.probability(number)) }
                probability = number
            } else if key == "fill" && kind == .occlusion {
                guard case .string(let word) = value.value, let known = OcclusionFill(rawValue: word) else {
                    throw value.problem(.wrongType(key, kind, expected: "\"gray\" or \"noise\"", found: value.words))
                }
                fill = known
            } else if let parameter = kind.parameters.first(where: { $0.name == key }) {
                ranges[key] = try range(value, of: parameter, kind)
            } else {
                throw value.problem(.unknownKey(key, kind))
            }
        }
        do throws(RecipeProblem) {
            return try Step(kind, probability: probability, fill: fill, ranges)
        } catch {
            throw node.problem(error)
        }
    }

    private static func range(
        _ node: JSONReader.Node, of parameter: OperationParameter, _ kind: OperationKind
    ) throws(JSONReader.Problem) -> ClosedRange<Double> {
        var bounds: [Double] = []
        switch node.value {
        case .number(let value): bounds = [value, value]
        case .array(let elements) where elements.count == 2:
            for case .number(let value) in elements.map(\.value) { bounds.append(value) }
        default: break
        }
        guard bounds.count == 2 else {
            let expected = "a number or a range [LOW, HIGH]"
            throw node.problem(.wrongType(parameter.name, kind, expected: expected, found: node.words))
        }
        guard bounds[0] <= bounds[1] else {
            throw node.problem(.upsideDown(parameter.name, kind, bounds[0], bounds[1]))
        }
        do throws(RecipeProblem) {
            for bound in bounds { try parameter.check(bound, of: kind) }
        } catch {
            throw node.problem(error)
        }
        return bounds[0]...bounds[1]
    }
}

extension Recipe.Step {
    fileprivate var fields: [(key: String, value: JSONField)] {
        var fields: [(key: String, value: JSONField)] = [("operation", .text(kind.rawValue))]
        if probability != 1 || kind.parameters.isEmpty { fields.append(("probability", .number(probability))) }
        for (parameter, range) in zip(kind.parameters, ranges) where range != parameter.usual {
            fields.append((parameter.name, .range(range)))
        }
        if kind == .occlusion { fields.append(("fill", .text(fill.rawValue))) }
        return fields
    }
}
