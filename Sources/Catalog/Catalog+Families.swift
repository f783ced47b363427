import Postgres

/// Originals, or what was made from them.
public enum FamilyPart: String, Sendable, CaseIterable {
    /// Pictures without lineage above them.
    case originals
    /// Pictures that were made from others.
    case augmented
}

extension Catalog {
    /// The family of each picture; a picture without lineage is its own. What the catalog does not have is left out.
    public func families(of images: [ImageID]) throws -> [ImageID: ImageID] {
        let rows = try connection.rows(
            """
            select i.id, coalesce(a.root, i.id) from likeness.images i
            left join likeness.augmentations a on a.child = i.id where i.id = any(\(images))
            """)
        var families: [ImageID: ImageID] = [:]
        for row in rows { families[try row[0]] = try row[1] }
        return families
    }

    /// The members of families that an index of the model may hold, by the originals at the top.
    public func members(of families: [ImageID], model: ModelID) throws -> [ImageID: [ImageID]] {
        let rows = try connection.rows(
            """
            select m.family, m.image
            from (
                select id as family, id as image from likeness.images where id = any(\(families))
                union all
                select root, child from likeness.augmentations where root = any(\(families))
            ) m
            join likeness.images i on i.id = m.image and i.state = 'active'
            where exists (select from likeness.embeddings e where e.image = m.image and e.model = \(model))
            order by m.image
            """)
        var members: [ImageID: [ImageID]] = [:]
        for row in rows { members[try row[0], default: []].append(try row[1]) }
        return members
    }

    /// How many pictures were made from others.
    public func augmentedCount() throws -> Int {
        try connection.firstRow("select count(*) from likeness.augmentations")?[0] ?? 0
    }

    /// The originals, or the others, hidden ones included, in no order; all of them, or those among some.
    public func images(_ part: FamilyPart, among images: [ImageID]? = nil) throws -> [ImageID] {
        let wanted: SQL = images.map { "unnest(\($0)) as i (id)" } ?? "likeness.images i"
        let exists: SQL = part == .originals ? "not exists" : "exists"
        var found: [ImageID] = []
        try connection.copyOut(
            "select i.id from \(wanted) where \(exists) (select from likeness.augmentations a where a.child = i.id)"
        ) { found.append(try $0[0]) }
        return found
    }

    /// What the catalog knows of a picture and how it was made of its original; nil when there is no such picture.
    public func origin(of image: ImageID) throws -> PictureOrigin? {
        let row = try connection.firstRow(
            """
            with recursive above (image, parent, recipe, step) as (
                select i.id, a.parent, a.recipe, 0
                from likeness.images i left join likeness.augmentations a on a.child = i.id where i.id = \(image)
                union all
                select x.parent, a.parent, a.recipe, x.step + 1
                from above x left join likeness.augmentations a on a.child = x.parent where x.parent is not null
            )
            select o.id, o.content_sha256, f.path,
                (select count(*) from above where parent is not null) as depth,
                (
                    select jsonb_agg(s.operation order by above.step desc, s.place)
                    from above cross join jsonb_array_elements(above.recipe) with ordinality as s (operation, place)
                ) as recipe
            from (select image from above where parent is null) top
            join likeness.images o on o.id = top.image
            left join lateral (
                select path from likeness.image_files f where f.image = o.id and f.vanished_at is null
                order by f.last_seen desc, f.id desc limit 1
            ) f on true
            """)
        return try row.map { row in
            PictureOrigin(
                original: try row["id"], digest: try row["content_sha256"], path: try row["path"],
                depth: try row["depth"], recipe: try row["recipe"])
        }
    }
}

/// The original that a picture descends from.
public struct PictureOrigin: Sendable, Hashable {
    /// The original: the picture itself when nothing is above it.
    public let original: ImageID
    /// The digest of the original's file.
    public let digest: ContentDigest
    /// A file that holds the original, as bytes; nil when all have vanished.
    public let path: [UInt8]?
    /// Steps from the original to the picture, 0 for an original.
    public let depth: Int
    /// All operations on the way from the original to the picture, in order; nil when none is known.
    public let recipe: JSON?
}
