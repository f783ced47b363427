import Catalog
import Postgres

/// A catalog of pictures that have no files, with vectors that the caller makes: for what comes after ingestion.
public struct SyntheticCatalog {
    /// On a connection of its own.
    public let catalog: Catalog
    /// The model of all its vectors.
    public let model: StoredModel

    /// Adds the model to a migrated database, or finds it.
    public init(_ target: ConnectionTarget, dimension: Int, model name: String = "synthetic") throws {
        catalog = Catalog(try Connection(target))
        model = try catalog.addModel(
            name: name,
            identity: ModelIdentity(
                architecture: "synthetic", weights: nil, dimension: dimension, preprocessing: "none",
                precision: "fp32"))
    }

    /// Adds pictures in one transaction.
    ///
    /// - Parameter vectors: one a picture, of the model's dimension.
    /// - Returns: their numbers, in the order of the vectors.
    @discardableResult
    public func add(_ vectors: [(name: String, vector: [Float])]) throws -> [ImageID] {
        var batch = IngestBatch()
        for (name, vector) in vectors {
            batch.contents.append(
                IngestedContent(
                    digest: ContentDigest(of: name.utf8), width: 100, height: 100, bytes: 1, format: "jpeg",
                    vector: vector))
        }
        try catalog.write(batch, model: model)
        let digests = vectors.map { ContentDigest(of: $0.name.utf8) }
        let images = try catalog.images(of: digests)
        return digests.compactMap { images[$0] }
    }

    /// Gives a picture another vector.
    public func replace(_ image: ImageID, _ vector: [Float]) throws {
        let bytes = vector.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        try catalog.connection.execute(
            "update likeness.embeddings set vector = \(bytes) where image = \(image) and model = \(model.id)")
    }

    /// Deletes pictures in one transaction.
    public func delete(_ images: [ImageID]) throws {
        try catalog.connection.execute("delete from likeness.images where id = any(\(images))")
    }
}
