import Postgres

/// What a search found around a picture.
public struct NeighborSearch: Sendable, Hashable {
    /// The picture that was asked with.
    public var image: ImageID
    /// Its neighbors, in any order; the picture itself among them does not count.
    public var neighbors: [SearchHit]

    /// Describes a search.
    public init(image: ImageID, neighbors: [SearchHit]) {
        self.image = image
        self.neighbors = neighbors
    }
}

extension Catalog {
    /// Pictures whose near-duplicates are still to be searched, in ascending order: new and changed ones, and those that
    /// lost their nearest neighbor.
    ///
    /// Cost: by an index alone, whatever the size of the catalog; passes over hidden pictures, which wait until they are shown.
    ///
    /// - Parameters:
    ///   - image: only those with greater numbers; nil for all.
    ///   - limit: at most so many.
    public func imagesWithoutEdges(model: ModelID, after image: ImageID? = nil, limit: Int) throws -> [ImageID] {
        try connection.rows(
            """
            select s.image \(Self.waitingSearches(model)) and s.image > \(image ?? ImageID(rawValue: .min))
            order by s.image limit \(max(0, limit))
            """
        ).map { try $0[0] }
    }

    /// How many pictures' near-duplicates are still to be searched; hidden ones do not count.
    ///
    /// Cost: about 0.3 s for a million.
    public func countImagesWithoutEdges(model: ModelID) throws -> Int {
        try connection.firstRow("select count(*) \(Self.waitingSearches(model))")?[0] ?? 0
    }

    /// Executes the body in a transaction in which no statement waits longer than this for a lock that somebody else holds.
    ///
    /// - Throws: `PostgresError.lockNotAvailable` after that time, and what the body throws.
    public func transaction<T>(waitingForLocks patience: Duration, _ body: () throws -> T) throws -> T {
        try connection.transaction {
            let milliseconds = max(1, Int64(patience / .milliseconds(1)))
            try connection.execute("select set_config('lock_timeout', \("\(milliseconds)ms"), true)")
            return try body()
        }
    }

    /// Pictures whose embedding changed after a position, as far as the feed still has it.
    func changedImages(model: ModelID, after position: FeedPosition) throws -> Set<ImageID> {
        Set(
            try connection.rows(
                """
                select image from (\(Self.pending("image", model: model, after: position, order: ""))) pending
                """
            ).map { try $0[0] })
    }

    private static func waitingSearches(_ model: ModelID) -> SQL {
        """
        from likeness.neighbor_searches s join likeness.images i on i.id = s.image and i.state = 'active'
        where s.model = \(model)
        """
    }
}
