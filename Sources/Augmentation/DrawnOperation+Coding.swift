extension DrawnOperation: Codable {
    /// The key and the value of everything that was drawn.
    var fields: [(key: String, value: JSONField)] {
        let parameters: [(key: String, value: JSONField)]
        switch self {
        case .rotate(let degrees): parameters = [("degrees", .number(degrees))]
        case .crop(let crop):
            parameters = [
                ("share", .number(crop.share)), ("x", .number(crop.x)), ("y", .number(crop.y)),
                ("size", .number(Double(crop.size))),
            ]
        case .flip, .grayscale: parameters = []
        case .perspective(let corners):
            let pairs = corners.clockwise.map { JSONField.list([.number($0.dx), .number($0.dy)]) }
            parameters = [("corners", .list(pairs))]
        case .brightness(let factor), .contrast(let factor), .saturation(let factor):
            parameters = [("factor", .number(factor))]
        case .blur(let sigma): parameters = [("sigma", .number(sigma))]
        case .noise(let noise):
            parameters = [
                ("standard_deviation", .number(noise.standardDeviation)), ("seed", .number(Double(noise.seed))),
            ]
        case .occlusion(let occlusion):
            var values: [(key: String, value: JSONField)] = [
                ("share", .number(occlusion.share)), ("aspect", .number(occlusion.aspect)),
                ("x", .number(occlusion.x)), ("y", .number(occlusion.y)),
            ]
            switch occlusion.fill {
            case .gray: values.append(("fill", .text(OcclusionFill.gray.rawValue)))
            case .noise(let seed):
                values += [("fill", .text(OcclusionFill.noise.rawValue)), ("seed", .number(Double(seed)))]
            }
            parameters = values
        case .jpeg(let quality): parameters = [("quality", .number(Double(quality)))]
        }
        return [("operation", .text(kind.rawValue))] + parameters
    }

    /// Writes `{"operation": NAME, …}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (key, value) in fields { try container.encode(value, forKey: Key(key)) }
    }

    /// Reads what was written; other keys are passed over.
    ///
    /// - Throws: `DecodingError` when a number is missing or not within what the operation can do.
    public init(from decoder: any Decoder) throws {
        let values = try EncodedOperation(decoder)
        switch values.kind {
        case .rotate: self = .rotate(degrees: try values.number("degrees"))
        case .crop:
            self = .crop(
                SquareCrop(
                    share: try values.number("share"), x: try values.number("x"), y: try values.number("y"),
                    size: Int(try values.number("size"))))
        case .flip: self = .flip
        case .perspective: self = .perspective(try values.corners())
        case .brightness: self = .brightness(factor: try values.number("factor"))
        case .contrast: self = .contrast(factor: try values.number("factor"))
        case .saturation: self = .saturation(factor: try values.number("factor"))
        case .grayscale: self = .grayscale
        case .blur: self = .blur(sigma: try values.number("sigma"))
        case .noise:
            self = .noise(
                GaussianNoise(standardDeviation: try values.number("standard_deviation"), seed: try values.seed()))
        case .occlusion:
            self = .occlusion(
                Occlusion(
                    share: try values.number("share"), aspect: try values.number("aspect"),
                    x: try values.number("x"), y: try values.number("y"), fill: try values.fill()))
        case .jpeg: self = .jpeg(quality: Int(try values.number("quality")))
        }
    }
}

extension [DrawnOperation] {
    /// The list as the catalog's `jsonb` takes it: `[{"operation": "rotate", "degrees": 4.2}, {"operation": "flip"}]`.
    public var json: String { "[\(map { jsonObject($0.fields) }.joined(separator: ", "))]" }
}

private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// The object of one operation; every number that is taken out of it is held against its limits.
private struct EncodedOperation {
    let kind: OperationKind
    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(String.self, forKey: Key("operation"))
        guard let kind = OperationKind(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: Key("operation"), in: container, debugDescription: RecipeProblem.unknownOperation(name).message)
        }
        self.kind = kind
    }

    func number(_ name: String) throws -> Double {
        let value = try container.decode(Double.self, forKey: Key(name))
        try check(value, as: name, for: name)
        return value
    }

    private func check(_ value: Double, as name: String, for key: String) throws {
        guard let parameter = kind.parameters.first(where: { $0.name == name }) else { return }
        do throws(RecipeProblem) {
            try parameter.check(value, of: kind)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: Key(key), in: container, debugDescription: error.message)
        }
    }

    func seed() throws -> UInt32 { try container.decode(UInt32.self, forKey: Key("seed")) }

    func fill() throws -> Occlusion.Fill {
        let word = try container.decode(String.self, forKey: Key("fill"))
        switch OcclusionFill(rawValue: word) {
        case .gray: return .gray
        case .noise: return .noise(seed: try seed())
        case nil:
            throw DecodingError.dataCorruptedError(
                forKey: Key("fill"), in: container, debugDescription: "expected gray or noise, not \(word)")
        }
    }

    func corners() throws -> CornerDisplacements {
        let pairs = try container.decode([[Double]].self, forKey: Key("corners"))
        guard pairs.count == 4, pairs.allSatisfy({ $0.count == 2 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: Key("corners"), in: container, debugDescription: "expected four pairs of numbers")
        }
        for value in pairs.joined() { try check(value, as: "displacement", for: "corners") }
        let corners = pairs.map { CornerDisplacements.Corner(dx: $0[0], dy: $0[1]) }
        return CornerDisplacements(
            topLeft: corners[0], topRight: corners[1], bottomRight: corners[2], bottomLeft: corners[3])
    }
}

extension JSONField: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): try container.encode(value)
        case .text(let text): try container.encode(text)
        case .list(let fields): try container.encode(fields)
        }
    }
}
