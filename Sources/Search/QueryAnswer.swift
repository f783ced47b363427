import Faults

/// The answer to one query picture; encoded, it is the object that `query --format json` prints.
public struct QueryAnswer: Sendable, Equatable, Encodable {
    /// The file that was asked with, for people; nil when the query was an image of the catalog.
    public let query: String?
    /// The file that was asked with, as bytes; nil likewise. Not encoded.
    public let queryPath: [UInt8]?
    /// The image of the catalog that was asked with, or that the file's bytes are; nil when the catalog does not have it.
    public let queryID: Int64?
    /// The model's name.
    public let model: String
    /// The index's name.
    public let index: String
    /// Which training of the index answered.
    public let generation: Int
    /// Changes of the catalog that the index has not seen.
    public let pending: Int
    /// Nearest first; never fewer than asked for while the index has more.
    public let results: [QueryResult]
    /// Which original it is or was made from; nil when that was not asked.
    public let origin: OriginFinding?
    /// Where the time went.
    public let timings: QueryTimings

    enum CodingKeys: String, CodingKey {
        case query, queryID = "query_id", model, index, generation, pending, results, origin, timings = "timings_ms"
    }

    /// The contract has every key in every object: what is missing is null. Only `origin` is there when it was asked for.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(query, forKey: .query)
        try container.encode(queryID, forKey: .queryID)
        try container.encode(model, forKey: .model)
        try container.encode(index, forKey: .index)
        try container.encode(generation, forKey: .generation)
        try container.encode(pending, forKey: .pending)
        try container.encode(results, forKey: .results)
        try container.encodeIfPresent(origin, forKey: .origin)
        try container.encode(timings, forKey: .timings)
    }
}

/// One picture of an answer, joined to its row in the catalog.
public struct QueryResult: Sendable, Equatable, Encodable {
    /// 1 is nearest.
    public let rank: Int
    /// The picture's number.
    public let imageID: Int64
    /// Squared L2 between L2-normalized embeddings: 0 identical, 2 orthogonal, at most 4.
    public let distance: Float
    /// How probably it is the same picture as the query, 0 to 1; nil while distances of the model were not calibrated.
    public let probability: Double?
    /// A file that holds the picture, as bytes; nil when every one has vanished.
    public let pathBytes: [UInt8]?
    /// 64 hexadecimal digits.
    public let contentSHA256: String
    /// Columns of pixels, upright.
    public let width: Int
    /// Rows of pixels, upright.
    public let height: Int
    /// What it is an augmented copy of; nil for an original.
    public let parentID: Int64?
    /// The original at the top of its family; nil for an original.
    public let rootID: Int64?
    /// The operations that made it of its parent, in order.
    public let recipe: JSONValue?
    /// Other members of its family that it stands for: those within the scope; nil when families are not collapsed.
    public let folded: Int?

    /// The path as text: as it is when it is UTF-8, else with `\xE9` for each byte that is not.
    public var path: String? {
        pathBytes.map { String(validating: $0, as: UTF8.self) ?? printableName($0) }
    }

    enum CodingKeys: String, CodingKey {
        case rank, imageID = "image_id", distance, probability, path, contentSHA256 = "content_sha256"
        case width, height, parentID = "parent_id", rootID = "root_id", recipe, folded
    }

    /// Every key is in every object: what is missing is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rank, forKey: .rank)
        try container.encode(imageID, forKey: .imageID)
        try container.encode(distance, forKey: .distance)
        try container.encode(probability, forKey: .probability)
        try container.encode(path, forKey: .path)
        try container.encode(contentSHA256, forKey: .contentSHA256)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(parentID, forKey: .parentID)
        try container.encode(rootID, forKey: .rootID)
        try container.encode(recipe, forKey: .recipe)
        try container.encode(folded, forKey: .folded)
    }
}

/// Where the time of a query went, in milliseconds of wall clock. What several queries share is told in each of them.
public struct QueryTimings: Sendable, Equatable, Encodable {
    /// Reading, hashing and decoding the file.
    public var decode = 0.0
    /// Loading the network and computing the embedding; 0 when the catalog has it.
    public var embed = 0.0
    /// Opening the index and searching.
    public var search = 0.0
    /// Joining ids to rows of the catalog.
    public var join = 0.0
    /// From the start of the query to its answer, the connection to the database included.
    public var total = 0.0
}
