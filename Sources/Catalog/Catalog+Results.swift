import Postgres

/// A picture that a search found.
public struct SearchHit: Sendable, Hashable {
    /// The picture.
    public var image: ImageID
    /// Squared L2 distance to the query: 0 identical, 2 orthogonal.
    public var distance: Float

    /// Names a picture and its distance.
    public init(image: ImageID, distance: Float) {
        self.image = image
        self.distance = distance
    }
}

/// A hit with what the catalog knows of the picture.
public struct CatalogResult: Sendable, Hashable {
    /// The picture.
    public let image: ImageID
    /// Squared L2 distance to the query, as the search gave it.
    public let distance: Float
    /// A file that holds the picture, the one asked with or else the one seen last, as bytes; nil when all have vanished.
    public let path: [UInt8]?
    /// The digest of the file's bytes.
    public let digest: ContentDigest
    /// Width in pixels, as seen.
    public let width: Int
    /// Height in pixels, as seen.
    public let height: Int
    /// The picture it was made from; nil for an original.
    public let parent: ImageID?
    /// The original it descends from; nil for an original.
    public let root: ImageID?
    /// The operations that made it, as JSON; nil for an original.
    public let recipe: JSON?
}

/// The answers to several queries, and how much of the catalog the index has not seen.
public struct JoinedResults: Sendable {
    /// For each query its results in the order of the hits. Pictures that were deleted or hidden meanwhile are left out.
    public let results: [[CatalogResult]]
    /// Changes after the position of the index; nil when no position was given.
    public let pendingChanges: Int?
}

extension Catalog {
    /// Joins the hits of several queries to the catalog, in one round trip.
    ///
    /// - Parameters:
    ///   - hits: for each query its hits, nearest first.
    ///   - paths: of a picture with several files the one among these is named.
    ///   - model, position: of the index that found them, for counting what it has not seen; nil leaves that out.
    public func results(
        for hits: [[SearchHit]], preferring paths: [[UInt8]] = [],
        indexPosition: (model: ModelID, position: FeedPosition)? = nil
    ) throws -> JoinedResults {
        let all = hits.joined()
        var pending: SQL = "null::bigint"
        if let (model, position) = indexPosition {
            pending = "(select count(*) from (\(Self.pending("1", model: model, after: position, order: ""))) changes)"
        }
        let queries = hits.enumerated().flatMap { query, hits in hits.map { _ in Int32(query) } }
        // The first row is of no query: it carries the number of changes when there are no hits.
        let rows = try connection.rows(
            """
            select -1 as query, 0 as rank, null::bigint as image, null::bytea as path, null::bytea as digest,
                0 as width, 0 as height, null::bigint as parent, null::bigint as root, null::jsonb as recipe,
                \(pending) as pending
            union all
            select h.query, h.rank, i.id, f.path, i.content_sha256, i.width, i.height, a.parent, a.root, a.recipe, null
            from unnest(\(queries), \((0..<Int32(all.count)).map { $0 }), \(all.map(\.image))) as h (query, rank, image)
            join likeness.images i on i.id = h.image and i.state = 'active'
            left join lateral (
                select path from likeness.image_files f where f.image = i.id and f.vanished_at is null
                order by f.path = any(\(paths)) desc, f.last_seen desc, f.id desc limit 1
            ) f on true
            left join likeness.augmentations a on a.child = i.id
            order by query, rank
            """)
        let distances = all.map(\.distance)
        var results = [[CatalogResult]](repeating: [], count: hits.count)
        for row in rows.dropFirst() {
            let rank: Int = try row["rank"]
            results[try row["query"]].append(
                CatalogResult(
                    image: try row["image"], distance: distances[rank], path: try row["path"],
                    digest: try row["digest"], width: try row["width"], height: try row["height"],
                    parent: try row["parent"], root: try row["root"], recipe: try row["recipe"]))
        }
        return JoinedResults(results: results, pendingChanges: try rows.first?["pending"])
    }

    /// The numbers of pictures by their content; what is not in the catalog is left out.
    public func images(of digests: [ContentDigest]) throws -> [ContentDigest: ImageID] {
        let rows = try connection.rows(
            "select content_sha256, id from likeness.images where content_sha256 = any(\(digests))")
        var images: [ContentDigest: ImageID] = [:]
        for row in rows { images[try row[0]] = try row[1] }
        return images
    }
}
