import Catalog
import Faults
import FoundationEssentials
import Postgres

/// Which original a query picture is, or is an augmented copy of.
public struct QueryOrigin: Sendable, Equatable, Encodable {
    /// How that is known.
    public enum Evidence: String, Sendable, Encodable {
        /// The catalog has the very bytes, and they are an original.
        case content
        /// The catalog has the very bytes, and its lineage says what they were made from.
        case lineage
        /// A picture of the original's family is near enough.
        case likeness
    }

    /// The original's number.
    public let imageID: Int64
    /// A file that holds the original, as bytes; nil when every one has vanished.
    public let pathBytes: [UInt8]?
    /// 64 hexadecimal digits.
    public let contentSHA256: String
    /// Squared L2 distance from the query to the original; nil when the original has no embedding of the model.
    public let distance: Float?
    /// How probably they are the same picture: 1 by content and lineage; nil by likeness without a calibration.
    public let probability: Double?
    /// How it is known.
    public let evidence: Evidence
    /// The member of the family that is nearest to the query; the query itself by content and lineage.
    public let nearestID: Int64
    /// Its distance.
    public let nearestDistance: Float
    /// The operations that made the nearest member of the original, in order; nil when it is the original or they are not
    /// known. By likeness they are what the query is most like, not what was done to it.
    public let recipe: JSONValue?

    /// The path as text: as it is when it is UTF-8, else with `\xE9` for each byte that is not.
    public var path: String? {
        pathBytes.map { String(validating: $0, as: UTF8.self) ?? printableName($0) }
    }

    enum CodingKeys: String, CodingKey {
        case imageID = "image_id", path, contentSHA256 = "content_sha256", distance, probability, evidence
        case nearestID = "nearest_id", nearestDistance = "nearest_distance", recipe
    }

    /// Every key is in every object: what is missing is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(imageID, forKey: .imageID)
        try container.encode(path, forKey: .path)
        try container.encode(contentSHA256, forKey: .contentSHA256)
        try container.encode(distance, forKey: .distance)
        try container.encode(probability, forKey: .probability)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(nearestID, forKey: .nearestID)
        try container.encode(nearestDistance, forKey: .nearestDistance)
        try container.encode(recipe, forKey: .recipe)
    }
}

/// What became of the search for an origin.
public enum OriginFinding: Sendable, Equatable, Encodable {
    /// There is one.
    case origin(QueryOrigin)
    /// The nearest picture is more probably another one; nil: there is no picture at all.
    case nothingNear(nearest: Float?, probability: Double?)

    /// The origin, or null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .origin(let origin): try container.encode(origin)
        case .nothingNear: try container.encodeNil()
        }
    }
}

/// Finds out which originals queries are, or are augmented copies of.
struct OriginSearch: Sendable {
    let database: Database
    let model: StoredModel
    /// Without a scope: an origin is sought among all pictures.
    let search: ScopedSearch
    let calibration: Calibration?

    /// Pictures that are less probably the same than this are not.
    static let leastProbability = 0.5

    /// For each query what was found. A query that the catalog has is looked up; for the others the index is asked.
    func find(_ queries: [QueryVector]) async throws -> [OriginFinding] {
        let strangers = queries.filter { $0.image == nil }
        var nearest = strangers.isEmpty ? [] : try await search.find(strangers, k: 1).results.map(\.first?.picture)
        var findings: [OriginFinding] = []
        for query in queries {
            if let image = query.image {
                findings.append(try await finding(query, by: image, at: 0, probability: 1, isKnown: true))
                continue
            }
            guard let picture = nearest.removeFirst() else {
                findings.append(.nothingNear(nearest: nil, probability: nil))
                continue
            }
            let probability = calibration?.probability(at: picture.distance)
            if let probability, probability < Self.leastProbability {
                findings.append(.nothingNear(nearest: picture.distance, probability: probability))
            } else {
                findings.append(
                    try await finding(
                        query, by: picture.image, at: picture.distance, probability: probability, isKnown: false))
            }
        }
        return findings
    }

    private func finding(
        _ query: QueryVector, by nearest: ImageID, at distance: Float, probability: Double?, isKnown: Bool
    ) async throws -> OriginFinding {
        let modelID = model.id
        let (origin, vector) = try await database.run { connection in
            let catalog = Catalog(connection)
            let origin = try catalog.origin(of: nearest)
            return (origin, try origin.flatMap { try catalog.embedding(of: $0.original, model: modelID) })
        }
        // It was deleted between two looks.
        guard let origin else { return .nothingNear(nearest: nil, probability: nil) }
        return .origin(
            QueryOrigin(
                imageID: origin.original.rawValue, pathBytes: origin.path, contentSHA256: origin.digest.description,
                distance: vector.map { Self.squaredDistance($0, query.vector) }, probability: probability,
                evidence: !isKnown ? .likeness : origin.depth > 0 ? .lineage : .content, nearestID: nearest.rawValue,
                nearestDistance: distance, recipe: origin.recipe.flatMap { JSONValue($0) }))
    }

    private static func squaredDistance(_ left: [Float], _ right: [Float]) -> Float {
        Float(zip(left, right).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) })
    }
}

extension JSONValue {
    /// Reads what PostgreSQL gave; nil for what is no JSON, which it does not give.
    public init?(_ json: JSON) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json.text.utf8)) else { return nil }
        self = value
    }
}
