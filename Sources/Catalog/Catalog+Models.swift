import Postgres

/// What makes a model the one that it is: vectors are comparable when all of this is equal.
public struct ModelIdentity: Sendable, Hashable, CustomStringConvertible {
    /// What computes the vectors: `resnet50`, `structure-2048`.
    public var architecture: String
    /// The digest of the weights file; nil for a descriptor without weights.
    public var weights: ContentDigest?
    /// Numbers in a vector, 1 to 65536.
    public var dimension: Int
    /// What is done to a picture before it enters the model.
    public var preprocessing: String
    /// The number format that it computes in: `fp32`, `bf16`.
    public var precision: String

    /// Names all that makes it what it is.
    public init(
        architecture: String, weights: ContentDigest?, dimension: Int, preprocessing: String, precision: String
    ) {
        self.architecture = architecture
        self.weights = weights
        self.dimension = dimension
        self.preprocessing = preprocessing
        self.precision = precision
    }

    /// Everything that makes it the one that it is, in one line; what index files are marked with.
    public var fingerprint: String {
        [architecture, weights?.description ?? "no weights", preprocessing, precision].joined(separator: " ")
    }

    /// In words, for messages: `resnet50 float32, 2048 dimensions, weights 3fa1c2d4…, squash-224`.
    public var description: String {
        let weights = weights.map { "weights \($0.abbreviation)…" } ?? "no weights"
        return "\(architecture) \(precision), \(dimension) dimensions, \(weights), \(preprocessing)"
    }
}

/// A model as the catalog has it.
public struct StoredModel: Sendable, Hashable {
    /// Its number, which never means another model.
    public let id: ModelID
    /// What people call it.
    public let name: String
    /// What makes it the one that it is.
    public let identity: ModelIdentity
    /// When it was added.
    public let addedAt: Timestamp

    /// Numbers in a vector.
    public var dimension: Int { identity.dimension }
}

/// A model and how much was embedded with it.
public struct ModelUse: Sendable, Hashable {
    /// The model.
    public let model: StoredModel
    /// Pictures with an embedding of this model, hidden ones included.
    public let embeddings: Int
}

extension Catalog {
    /// The descriptor that needs no weights, and is the default only when there is no other model.
    private static let builtInArchitecture = "structure-2048"

    /// Adds a model; the same one again changes nothing.
    ///
    /// - Returns: the model as it is stored now.
    /// - Throws: ``CatalogError/modelNameTaken(name:have:given:)`` when the name is that of a model with another identity,
    ///   ``CatalogError/modelHasAnotherName(name:given:)`` when the identity is in the catalog by another name.
    @discardableResult
    public func addModel(name: String, identity: ModelIdentity) throws -> StoredModel {
        // Two that add the same at once: the second finds what the first has added.
        try connection.execute(
            """
            insert into likeness.embedding_models
                (name, architecture, weights_sha256, dimension, preprocessing, "precision")
            values (\(name), \(identity.architecture), \(identity.weights), \(Int32(clamping: identity.dimension)),
                \(identity.preprocessing), \(identity.precision))
            on conflict do nothing
            """)
        if let stored = try storedModel(named: name) {
            if stored.identity == identity { return stored }
            throw CatalogError.modelNameTaken(
                name: name, have: stored.identity.description, given: identity.description)
        }
        guard let other = try models().first(where: { $0.model.identity == identity }) else {
            // Only when it was deleted between the two statements.
            return try addModel(name: name, identity: identity)
        }
        throw CatalogError.modelHasAnotherName(name: other.model.name, given: name)
    }

    /// All models with the number of their embeddings, in the order in which they were added.
    ///
    /// Cost: counts every embedding in an index; about 0.1 s for a million.
    public func models() throws -> [ModelUse] {
        let rows = try connection.rows(
            """
            select \(Self.modelColumns), (select count(*) from likeness.embeddings e where e.model = m.id) as embeddings
            from likeness.embedding_models m order by m.id
            """)
        return try rows.map { ModelUse(model: try Self.model($0), embeddings: try $0["embeddings"]) }
    }

    /// All models in the order in which they were added, without what counting costs.
    public func storedModels() throws -> [StoredModel] {
        try connection.rows("select \(Self.modelColumns) from likeness.embedding_models m order by m.id")
            .map(Self.model)
    }

    /// The model of a name.
    ///
    /// - Throws: ``CatalogError/noSuchModel(name:known:)``.
    public func model(named name: String) throws -> StoredModel {
        if let model = try storedModel(named: name) { return model }
        let known = try connection.rows("select name from likeness.embedding_models order by id")
        throw CatalogError.noSuchModel(name: name, known: try known.map { try $0["name"] })
    }

    /// The model that is meant when none is named: the first one with learned weights, or the built-in descriptor when
    /// it is the only one; nil in an empty catalog.
    public func defaultModel() throws -> StoredModel? {
        try connection.firstRow(
            """
            select \(Self.modelColumns) from likeness.embedding_models m
            order by m.architecture = \(Self.builtInArchitecture), m.id limit 1
            """
        ).map(Self.model)
    }

    private func storedModel(named name: String) throws -> StoredModel? {
        try connection.firstRow(
            "select \(Self.modelColumns) from likeness.embedding_models m where m.name = \(name)"
        ).map(Self.model)
    }

    private static let modelColumns: SQL =
        "m.id, m.name, m.architecture, m.weights_sha256, m.dimension, m.preprocessing, m.\"precision\", m.added_at"

    private static func model(_ row: Row) throws -> StoredModel {
        StoredModel(
            id: try row["id"], name: try row["name"],
            identity: ModelIdentity(
                architecture: try row["architecture"], weights: try row["weights_sha256"],
                dimension: try row["dimension"], preprocessing: try row["preprocessing"],
                precision: try row["precision"]),
            addedAt: try row["added_at"])
    }
}
