import Postgres

/// Whether a search among the originals with an augmented copy found its own, for one operation that made the copy.
public struct AugmentationOutcome: Sendable, Hashable {
    /// The copy that was asked with.
    public var image: ImageID
    /// One operation of its recipe, or `all` for the recipe as a whole.
    public var operation: String
    /// How strong it was: 0 changes nothing, 1 is the strongest of its range; nil where it has no strength.
    public var strength: Double?
    /// Place of its original among the originals nearest to the copy, from 1; nil when it was not among those found.
    public var rank: Int?
    /// Squared L2 distance of copy and original; nil when it was not computed.
    public var distance: Float?

    /// Describes an outcome.
    public init(image: ImageID, operation: String, strength: Double?, rank: Int?, distance: Float?) {
        self.image = image
        self.operation = operation
        self.strength = strength
        self.rank = rank
        self.distance = distance
    }
}

extension Catalog {
    /// Records what searches with augmented copies found; of a copy and an operation the last measurement counts.
    ///
    /// Pictures that were deleted meanwhile are passed over. One statement.
    ///
    /// - Parameter outcomes: at most some thousands, each copy and operation once.
    public func writeOutcomes(_ outcomes: [AugmentationOutcome], model: ModelID, indexType: StoredIndexType) throws {
        // Arrays hold no NULL here: what is negative stands for it.
        try connection.execute(
            """
            insert into likeness.augmentation_outcomes (model, index_type, image, operation, strength, rank, distance)
            select \(model), \(indexType.rawValue), o.image, o.operation,
                case when o.strength >= 0 then least(o.strength, 1) end, case when o.rank > 0 then o.rank end,
                case when o.distance >= 0 then o.distance end
            from unnest(
                \(outcomes.map(\.image)), \(outcomes.map(\.operation)), \(outcomes.map { $0.strength ?? -1 }),
                \(outcomes.map { Int32(clamping: $0.rank ?? -1) }), \(outcomes.map { $0.distance ?? -1 })
            ) as o (image, operation, strength, rank, distance)
            where exists (select from likeness.images i where i.id = o.image)
            on conflict (model, index_type, image, operation) do update set strength = excluded.strength,
                rank = excluded.rank, distance = excluded.distance, measured_at = now()
            """)
    }
}
