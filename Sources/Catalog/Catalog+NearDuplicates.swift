import Postgres

/// What a person says of two pictures.
public enum DuplicateVerdict: String, Sendable, CaseIterable, PostgresEncodable, PostgresDecodable {
    /// Near-duplicates, whatever their distance.
    case same
    /// No near-duplicates, whatever their distance.
    case different
}

/// Who set a threshold.
public enum ThresholdSource: String, Sendable, PostgresEncodable, PostgresDecodable {
    /// Nobody.
    case `default`
    /// It was computed from the catalog's own pictures.
    case calibration
    /// Somebody chose it.
    case person
}

extension Catalog {
    /// Up to which squared L2 distance, itself included, two pictures are near-duplicates.
    public func duplicateThreshold(model: ModelID) throws -> Float {
        let row = try connection.firstRow(
            """
            select coalesce((select threshold from likeness.duplicate_thresholds where model = \(model)),
                likeness.default_duplicate_threshold())
            """)
        return try row?[0] ?? 0
    }

    /// Sets up to which distance two pictures are near-duplicates, and makes all groups again.
    ///
    /// When it grows, all pictures are to be searched again: pairs beyond the old one were not recorded. One transaction of
    /// its own, or a part of the one that is open; some seconds for a million pairs.
    ///
    /// - Parameter threshold: squared L2 distance, 0 to 4.
    public func setDuplicateThreshold(_ threshold: Float, model: ModelID, by source: ThresholdSource) throws {
        try connection.transaction {
            let previous = try lockThreshold(model)
            try connection.execute(
                """
                update likeness.duplicate_thresholds set threshold = \(threshold), set_by = \(source), set_at = now()
                where model = \(model)
                """)
            if threshold > previous {
                try connection.execute(
                    """
                    insert into likeness.neighbor_searches (model, image)
                    select e.model, e.image
                    from likeness.embeddings e join likeness.images i on i.id = e.image and i.state = 'active'
                    where e.model = \(model) order by e.model, e.image on conflict do nothing
                    """)
            }
            if threshold != previous { try regroupAll(model: model, threshold: threshold) }
        }
    }

    /// Writes what searches found: pairs within the threshold, nearest neighbors and the groups that follow; the pictures
    /// are then no longer among those to be searched.
    ///
    /// Doing it again changes nothing. Pictures that were deleted meanwhile, or have no embedding any more, are passed over.
    /// A nearest neighbor that is known to be nearer stays. When the threshold has grown since the search, the pictures stay
    /// to be searched. One transaction of its own, or a part of the one that is open; writers of one model wait for one another.
    ///
    /// Cost: some milliseconds for a hundred searches of ten neighbors, and the size of the groups that they join.
    ///
    /// - Parameters:
    ///   - searches: at most some thousands, at most one a picture.
    ///   - threshold: the one that the searches went by, squared L2 distance.
    ///   - position: up to where in the feed the searches saw the embeddings. Searches of pictures that changed after it are
    ///     passed over, as they are among the neighbors of others: they are to be searched, by the change. nil: nothing has changed.
    public func writeEdges(
        _ searches: [NeighborSearch], model: ModelID, threshold: Float, since position: FeedPosition? = nil
    ) throws {
        if searches.isEmpty { return }
        try connection.transaction {
            let current = try lockThreshold(model)
            try lock(searches, model: model, againstChanges: position != nil)
            try refreshDuplicateGroups(model: model)
            let changed = try position.map { try changedImages(model: model, after: $0) } ?? []
            let valid = searches.filter { !changed.contains($0.image) }
            let searched = valid.map(\.image)
            try write(valid, threshold, without: changed, model: model)
            if threshold >= current {
                try connection.execute(
                    "delete from likeness.neighbor_searches where model = \(model) and image = any(\(searched))")
            }
            try group(model: model, threshold: current, links: Self.links(touching: searched, model: model))
        }
    }

    /// Keeps the pictures of some searches from being deleted until the transaction ends, and their embeddings from being
    /// changed.
    private func lock(_ searches: [NeighborSearch], model: ModelID, againstChanges: Bool) throws {
        let images = Array(Set(searches.flatMap { [$0.image] + $0.neighbors.map(\.image) }))
        // In one order, and before anything refers to them: whoever deletes them waits, or has already done so.
        try connection.execute(
            "select from likeness.images where id = any(\(images)) order by id for key share")
        if !againstChanges { return }
        // Whoever changes one waits, and then finds what is written here; or has done so, and then the feed tells of it.
        try connection.execute(
            """
            select from likeness.embeddings where model = \(model) and image = any(\(images)) order by image for share
            """)
    }

    /// Writes the pairs and the nearest neighbors of some searches.
    private func write(
        _ searches: [NeighborSearch], _ threshold: Float, without changed: Set<ImageID>, model: ModelID
    ) throws {
        var images: [ImageID] = [], neighbors: [ImageID] = [], distances: [Float] = []
        for search in searches {
            for neighbor in search.neighbors
            where neighbor.image != search.image && neighbor.distance.isFinite && !changed.contains(neighbor.image) {
                images.append(search.image)
                neighbors.append(neighbor.image)
                distances.append(max(0, neighbor.distance))
            }
        }
        try connection.execute(
            """
            with found as materialized (
                select f.image, f.neighbor, f.distance
                from unnest(\(images), \(neighbors), \(distances)) as f (image, neighbor, distance)
                join likeness.embeddings a on a.image = f.image and a.model = \(model)
                join likeness.embeddings b on b.image = f.neighbor and b.model = \(model)
            ), paired as (
                insert into likeness.near_duplicate_edges as e (model, first_image, second_image, distance)
                select \(model), least(image, neighbor) as first, greatest(image, neighbor) as second, min(distance)
                from found where distance <= \(threshold)
                group by first, second order by first, second
                on conflict (model, first_image, second_image) do update set distance = excluded.distance
                where e.distance is distinct from excluded.distance
            )
            insert into likeness.nearest_neighbors as n (model, image, nearest, distance)
            select distinct on (image) \(model), image, neighbor, distance
            from (
                select image, neighbor, distance from found
                union all select neighbor, image, distance from found
            ) pairs
            order by image, distance, neighbor
            on conflict (model, image) do update
            set nearest = excluded.nearest, distance = excluded.distance, searched_at = now()
            where excluded.distance < n.distance
            """)
    }

    /// Makes the groups again that lost a pair, by a picture that was deleted or a judgment.
    ///
    /// One transaction of its own, or a part of the one that is open. Does nothing, for little, when no group lost one.
    public func refreshDuplicateGroups(model: ModelID) throws {
        try connection.transaction {
            let stale = try connection.rows(
                "select from likeness.stale_duplicate_groups where model = \(model) limit 1")
            if stale.isEmpty { return }
            let threshold = try lockThreshold(model)
            let members: [ImageID] = try connection.rows(
                """
                with stale as (
                    delete from likeness.stale_duplicate_groups where model = \(model) returning group_number
                )
                delete from likeness.duplicate_members m using stale s
                where m.model = \(model) and m.group_number = s.group_number returning m.image
                """
            ).map { try $0[0] }
            try group(model: model, threshold: threshold, links: Self.links(touching: members, model: model))
        }
    }

    /// Records what a person says of two pictures; the last word counts, and stays.
    ///
    /// One transaction of its own, or a part of the one that is open.
    ///
    /// - Parameter judge: who says so.
    /// - Throws: ``CatalogError/noSuchPicture(_:)``, ``CatalogError/samePicture(_:)``.
    public func judge(_ a: ImageID, _ b: ImageID, _ verdict: DuplicateVerdict, by judge: String) throws {
        guard a != b else { throw CatalogError.samePicture(a) }
        try connection.transaction {
            for image in [a, b] where try !hasImage(image) { throw CatalogError.noSuchPicture("\(image)") }
            try connection.execute(
                """
                insert into likeness.duplicate_judgments (first_image, second_image, verdict, judged_by)
                values (\(min(a, b)), \(max(a, b)), \(verdict), \(judge))
                on conflict (first_image, second_image) do update
                set verdict = excluded.verdict, judged_by = excluded.judged_by, judged_at = now()
                """)
            let models: [ModelID] = try connection.rows(
                """
                select model from likeness.embeddings where image in (\(a), \(b))
                group by model having count(*) = 2 order by model
                """
            ).map { try $0[0] }
            for model in models {
                let threshold = try lockThreshold(model)
                try connection.execute(
                    """
                    insert into likeness.stale_duplicate_groups (model, group_number)
                    select distinct model, group_number from likeness.duplicate_members
                    where model = \(model) and image in (\(a), \(b)) on conflict do nothing
                    """)
                try refreshDuplicateGroups(model: model)
                try group(model: model, threshold: threshold, links: Self.links(touching: [a, b], model: model))
            }
        }
    }

    /// The picture that a file holds now; nil when the catalog knows none.
    ///
    /// - Parameter path: absolute, as bytes.
    public func image(at path: [UInt8]) throws -> ImageID? {
        try connection.firstRow(
            "select image from likeness.image_files where sha256(path) = sha256(\(path)) and vanished_at is null")?[0]
    }

    /// The threshold of a model, whose row is locked until the transaction ends; made when there is none.
    private func lockThreshold(_ model: ModelID) throws -> Float {
        try connection.execute(
            """
            insert into likeness.duplicate_thresholds (model, threshold, set_by)
            values (\(model), likeness.default_duplicate_threshold(), 'default') on conflict do nothing
            """)
        return try connection.firstRow(
            "select threshold from likeness.duplicate_thresholds where model = \(model) for update")?[0] ?? 0
    }

    private func regroupAll(model: ModelID, threshold: Float) throws {
        try connection.execute("delete from likeness.stale_duplicate_groups where model = \(model)")
        try connection.execute("delete from likeness.duplicate_members where model = \(model)")
        try group(
            model: model, threshold: threshold,
            links: """
                select first_image, second_image, distance from likeness.near_duplicate_edges where model = \(model)
                union all
                select j.first_image, j.second_image, null from likeness.duplicate_judgments j
                join likeness.embeddings a on a.image = j.first_image and a.model = \(model)
                join likeness.embeddings b on b.image = j.second_image and b.model = \(model)
                where j.verdict = 'same'
                """)
    }

    /// Pairs of some pictures, recorded or judged to be the same, each with its distance.
    private static func links(touching images: [ImageID], model: ModelID) -> SQL {
        """
        select e.first_image, e.second_image, e.distance
        from unnest(\(images)) as t (image)
        join likeness.near_duplicate_edges e on e.first_image = t.image and e.model = \(model)
        union
        select e.first_image, e.second_image, e.distance
        from unnest(\(images)) as t (image)
        join likeness.near_duplicate_edges e on e.second_image = t.image and e.model = \(model)
        union
        select j.first_image, j.second_image, null
        from unnest(\(images)) as t (image)
        join likeness.duplicate_judgments j on t.image in (j.first_image, j.second_image) and j.verdict = 'same'
        join likeness.embeddings a on a.image = j.first_image and a.model = \(model)
        join likeness.embeddings b on b.image = j.second_image and b.model = \(model)
        """
    }

    /// Joins the groups of pictures that pairs join; pictures without a group come into one.
    ///
    /// - Parameter links: a query of pairs with their distance; those beyond the threshold or judged to be different are left
    ///   out here, unless they are judged to be the same.
    private func group(model: ModelID, threshold: Float, links: SQL) throws {
        var sets = DisjointSets()
        var groups: Set<Int64> = []
        var loners: Set<Int64> = []
        try connection.stream(
            """
            select l.first_image, l.second_image, a.group_number, b.group_number
            from (\(links)) l (first_image, second_image, distance)
            left join likeness.duplicate_judgments j
                on j.first_image = l.first_image and j.second_image = l.second_image
            left join likeness.duplicate_members a on a.model = \(model) and a.image = l.first_image
            left join likeness.duplicate_members b on b.model = \(model) and b.image = l.second_image
            where j.verdict = 'same' or (j.verdict is null and l.distance <= \(threshold))
            """
        ) { row in
            let members: [(image: Int64, group: Int64?)] = [
                (try row[0], try row[2]), (try row[1], try row[3]),
            ]
            for member in members {
                if let group = member.group { groups.insert(group) } else { loners.insert(member.image) }
            }
            sets.join(members[0].group ?? members[0].image, members[1].group ?? members[1].image)
        }
        let moves = groups.map { (from: $0, to: sets.representative(of: $0)) }.filter { $0.from != $0.to }
        if !moves.isEmpty {
            try connection.execute(
                """
                update likeness.duplicate_members m set group_number = moved.target
                from unnest(\(moves.map(\.from)), \(moves.map(\.to))) as moved (source, target)
                where m.model = \(model) and m.group_number = moved.source
                """)
        }
        if loners.isEmpty { return }
        let joined = loners.sorted()
        try connection.execute(
            """
            insert into likeness.duplicate_members (model, image, group_number)
            select \(model), joined.image, joined.target
            from unnest(\(joined), \(joined.map { sets.representative(of: $0) })) as joined (image, target)
            """)
    }
}
