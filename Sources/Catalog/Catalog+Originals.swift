import Postgres

/// A picture that copies can be made of: it is in the answers, was made from no other, and has a file.
public struct Original: Sendable, Hashable {
    /// Its number.
    public let image: ImageID
    /// What its bytes are known by.
    public let digest: ContentDigest
    /// The files that held it when they were last looked at, those seen first at the front; at least one.
    public let paths: [[UInt8]]
}

/// An augmented copy that was announced or is in the catalog.
public struct RecordedCopy: Sendable, Hashable {
    /// The picture it was made from.
    public let parent: ImageID
    /// Which of the parent's copies it is, counted from 0.
    public let ordinal: Int
    /// The operations that made it, as `jsonb` shows them.
    public let recipe: JSON
    /// What its bytes are known by.
    public let digest: ContentDigest
}

extension Catalog {
    /// The active pictures that are no augmented copies and have a file that has not vanished, in ascending order.
    ///
    /// - Parameter images: those to choose from; nil: all.
    /// - Complexity: reads every picture and its files; some 300 bytes of memory each.
    public func originals(among images: [ImageID]? = nil) throws -> [Original] {
        let isChosen: SQL = images.map { "i.id = any(\($0))" } ?? "true"
        var originals: [Original] = []
        let rows = try connection.rows(
            """
            select i.id, i.content_sha256, array_agg(f.path order by f.id)
            from likeness.images i join likeness.image_files f on f.image = i.id and f.vanished_at is null
            where i.state = 'active' and \(isChosen)
                and not exists (select from likeness.augmentations a where a.child = i.id)
            group by i.id order by i.id
            """)
        originals.reserveCapacity(rows.count)
        for row in rows {
            originals.append(Original(image: try row[0], digest: try row[1], paths: try row[2]))
        }
        return originals
    }

    /// A file below a folder that holds a picture which is no augmented copy; nil when there is none.
    ///
    /// - Parameter folder: absolute path without links in it.
    /// - Complexity: O(n) in the number of files below the folder.
    public func originalFile(under folder: [UInt8]) throws -> [UInt8]? {
        try connection.firstRow(
            """
            select f.path from likeness.image_files f
            where f.vanished_at is null and \(Self.isUnder(folder))
                and not exists (select from likeness.augmentations a where a.child = f.image)
            limit 1
            """)?[0]
    }

    /// The copies that were made of some pictures with a seed, whether they have come into the catalog or not.
    ///
    /// - Parameter parents: at most some thousands.
    public func recordedCopies(of parents: [ImageID], seed: Int64) throws -> [RecordedCopy] {
        try connection.rows(
            """
            select a.parent, a.ordinal, a.recipe, i.content_sha256
            from likeness.augmentations a join likeness.images i on i.id = a.child
            where a.parent = any(\(parents)) and a.seed = \(seed) and a.ordinal is not null
            union all
            select parent, ordinal, recipe, child_sha256 from likeness.pending_lineage
            where parent = any(\(parents)) and seed = \(seed) and ordinal is not null
            """
        ).map { row in
            let ordinal: Int32 = try row[1]
            return RecordedCopy(parent: try row[0], ordinal: Int(ordinal), recipe: try row[2], digest: try row[3])
        }
    }

    /// Whether an ingest daemon that works now takes what comes into a folder.
    ///
    /// - Parameter folder: absolute path without links in it and without a slash at its end.
    public func isWatched(_ folder: [UInt8]) throws -> Bool {
        try connection.firstRow(
            """
            select from likeness.watched_roots r
            join likeness.root_mounts m on m.root = r.id and m.state = 'active'
            join likeness.ingest_activity a
                on a.host = m.host and r.id = any(a.roots) and a.updated_at > now() - interval '2 minutes'
            where r.state = 'active' and (
                r.folder = \(folder) or r.folder = '\\x2f'
                or substr(\(folder), 1, octet_length(r.folder) + 1) = r.folder || '\\x2f')
            limit 1
            """) != nil
    }
}
