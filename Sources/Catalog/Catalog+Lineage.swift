import Postgres

extension Catalog {
    /// Records which pictures were made from which, all in one transaction.
    ///
    /// Root and depth are set for the children and for everything made from them, so that reports need no recursion. What is
    /// recorded already is left as it is; a recipe, seed or ordinal that was unknown is filled in. Waits for others that
    /// record lineage and for transactions that have added pictures.
    ///
    /// - Parameters:
    ///   - edges: in any order; the child of one may be the parent of another.
    ///   - isPartial: whether edges that can be recorded are recorded when others cannot; the outcome then has the refusals.
    /// - Throws: ``LineageRefused`` with every edge that cannot be recorded, unless `isPartial`; PostgresError.
    /// - Complexity: five statements, whatever the number of edges; about 2 s for 100,000.
    @discardableResult
    public func recordLineage(_ edges: [LineageEdge], isPartial: Bool = false) throws -> LineageOutcome {
        try connection.transaction {
            try lockLineage()
            return try write(try plan(edges), of: edges.count, isPartial: isPartial)
        }
    }

    /// What ``recordLineage(_:isPartial:)`` would do now; nothing is written or locked.
    public func lineageOutcome(of edges: [LineageEdge]) throws -> LineageOutcome { Self.outcome(of: try plan(edges)) }

    /// Records the lineage of pictures that may not be in the catalog yet, all in one transaction.
    ///
    /// A picture that comes later gets its lineage in the statement that adds it, whoever adds it. Two ways to make the same
    /// bytes from the same picture are both true: the first stays.
    ///
    /// - Throws: ``LineageRefused`` for a parent that is missing, a child that is its own parent, that would descend from
    ///   itself or that has another parent, and nothing is recorded; PostgresError.
    @discardableResult
    public func announceLineage(_ announcements: [LineageAnnouncement]) throws -> LineageOutcome {
        try connection.transaction {
            try lockLineage()
            let present = try images(of: announcements.map(\.child))
            let waiting = announcements.indices.filter { present[announcements[$0].child] == nil }
            var outcome = LineageOutcome()
            outcome.refusals = try objections(to: announcements, at: waiting)
            let known = announcements.indices.filter { present[announcements[$0].child] != nil }
            let plan = try plan(
                known.compactMap { place in
                    let announced = announcements[place]
                    return present[announced.child].map {
                        LineageEdge(
                            child: $0, parent: announced.parent, recipe: announced.recipe, seed: announced.seed,
                            ordinal: announced.ordinal)
                    }
                }, parentSuffices: true)
            outcome.refusals += plan.refusals.map { LineageRefusal(place: known[$0.place], reason: $0.reason) }
            outcome.refusals.sort { $0.place < $1.place }
            guard outcome.refusals.isEmpty else {
                throw LineageRefused(refusals: outcome.refusals, given: announcements.count)
            }
            let written = try write(plan, of: known.count, isPartial: false)
            outcome.recorded = written.recorded
            outcome.unchanged = written.unchanged
            outcome.pending = try insertPending(waiting.map { announcements[$0] })
            outcome.unchanged += waiting.count - outcome.pending
            return outcome
        }
    }

    /// Lets nobody else write lineage or add pictures until the transaction ends.
    private func lockLineage() throws {
        try connection.execute("select pg_advisory_xact_lock(hashtextextended('likeness.lineage', 0))")
    }

    private func plan(_ edges: [LineageEdge], parentSuffices: Bool = false) throws -> LineagePlan {
        if edges.isEmpty { return LineagePlan([], known: [], ancestors: [:]) }
        let known = try connection.rows(
            """
            select c.id is not null as has_child, p.id is not null as has_parent, e.recipe::text as recipe,
                jsonb_typeof(e.recipe) = 'array' as is_array, a.parent, a.recipe::text as recorded, a.seed, a.ordinal
            from unnest(\(edges.map(\.child)), \(edges.map(\.parent)), \(edges.map(\.recipe)))
                with ordinality as e (child, parent, recipe, place)
            left join likeness.images c on c.id = e.child
            left join likeness.images p on p.id = e.parent
            left join likeness.augmentations a on a.child = e.child
            order by e.place
            """)
        let above = try connection.rows(
            """
            with recursive above as (
                select child, parent from likeness.augmentations
                where child = any(\(Array(Set(edges.map(\.parent)))))
                union
                select a.child, a.parent from above join likeness.augmentations a on a.child = above.parent
            )
            select child, parent from above
            """)
        var ancestors: [ImageID: ImageID] = [:]
        for row in above { ancestors[try row[0]] = try row[1] }
        return LineagePlan(
            edges,
            known: try zip(edges, known).map { edge, row in
                let parent: ImageID? = try row["parent"]
                let ordinal: Int32? = try row["ordinal"]
                return KnownEdge(
                    hasChild: try row["has_child"], hasParent: try row["has_parent"], isArray: try row["is_array"],
                    making: Making(recipe: try row["recipe"], seed: edge.seed, ordinal: edge.ordinal),
                    recorded: try parent.map {
                        ($0, Making(recipe: try row["recorded"], seed: try row["seed"], ordinal: ordinal.map(Int.init)))
                    })
            }, ancestors: ancestors, parentSuffices: parentSuffices)
    }

    private static func outcome(of plan: LineagePlan) -> LineageOutcome {
        var outcome = LineageOutcome()
        outcome.recorded = plan.added.count
        outcome.completed = plan.completed.count
        outcome.unchanged = plan.unchanged
        outcome.refusals = plan.refusals
        return outcome
    }

    private func write(_ plan: LineagePlan, of given: Int, isPartial: Bool) throws -> LineageOutcome {
        guard isPartial || plan.refusals.isEmpty else { throw LineageRefused(refusals: plan.refusals, given: given) }
        if !plan.added.isEmpty {
            let edges = plan.added.map(\.edge)
            try connection.execute(
                """
                insert into likeness.augmentations (child, parent, root, depth, recipe, seed, ordinal)
                select child, parent, root, depth, recipe, case when has_seed then seed end, nullif(ordinal, -1)
                from unnest(
                    \(edges.map(\.child)), \(edges.map(\.parent)), \(plan.added.map(\.root)),
                    \(plan.added.map { Int32(clamping: $0.depth) }), \(edges.map(\.recipe)),
                    \(edges.map { $0.seed != nil }), \(edges.map { $0.seed ?? 0 }),
                    \(edges.map { $0.ordinal.map { Int32(clamping: $0) } ?? -1 })
                ) as new (child, parent, root, depth, recipe, has_seed, seed, ordinal)
                """)
            // Those that were roots of families have been set themselves; what was made from them follows.
            try connection.execute("select likeness.place_descendants(\(edges.map(\.child)))")
        }
        if !plan.completed.isEmpty {
            try connection.execute(
                """
                update likeness.augmentations a set
                    recipe = case when a.recipe = '[]' then new.recipe else a.recipe end,
                    seed = coalesce(a.seed, case when has_seed then new.seed end),
                    ordinal = coalesce(a.ordinal, nullif(new.ordinal, -1))
                from unnest(
                    \(plan.completed.map(\.child)), \(plan.completed.map(\.recipe)),
                    \(plan.completed.map { $0.seed != nil }), \(plan.completed.map { $0.seed ?? 0 }),
                    \(plan.completed.map { $0.ordinal.map { Int32(clamping: $0) } ?? -1 })
                ) as new (child, recipe, has_seed, seed, ordinal)
                where a.child = new.child
                """)
        }
        return Self.outcome(of: plan)
    }

    /// What speaks against announcing pictures that are not in the catalog: a parent that is missing, or another one.
    private func objections(
        to announcements: [LineageAnnouncement], at places: [Int]
    ) throws -> [LineageRefusal] {
        if places.isEmpty { return [] }
        let rows = try connection.rows(
            """
            select i.id is not null as has_parent, p.parent, jsonb_typeof(e.recipe) = 'array' as is_array
            from unnest(\(places.map { announcements[$0].child }), \(places.map { announcements[$0].parent }),
                \(places.map { announcements[$0].recipe })) with ordinality as e (child, parent, recipe, place)
            left join likeness.images i on i.id = e.parent
            left join likeness.pending_lineage p on p.child_sha256 = e.child
            order by e.place
            """)
        var parents: [ContentDigest: ImageID] = [:]
        return try zip(places, rows).compactMap { place, row in
            let announced = announcements[place]
            let waiting: ImageID? = try row["parent"]
            let recorded = waiting ?? parents[announced.child]
            parents[announced.child] = announced.parent
            if !(try row["has_parent", as: Bool.self]) {
                return LineageRefusal(place: place, reason: .noParent(announced.parent))
            }
            if !(try row["is_array", as: Bool.self]) {
                return LineageRefusal(place: place, reason: .recipeIsNoArray(announced.recipe.text))
            }
            guard let recorded, recorded != announced.parent else { return nil }
            return LineageRefusal(
                place: place,
                reason: .hasAnotherParent(
                    "the announced picture \(announced.child.abbreviation)…", recorded: recorded,
                    given: announced.parent))
        }
    }

    /// Adds the announcements that are not there yet; their number.
    private func insertPending(_ announcements: [LineageAnnouncement]) throws -> Int {
        if announcements.isEmpty { return 0 }
        return try connection.execute(
            """
            insert into likeness.pending_lineage (child_sha256, parent, recipe, seed, ordinal)
            select child, parent, recipe, case when has_seed then seed end, nullif(ordinal, -1)
            from unnest(
                \(announcements.map(\.child)), \(announcements.map(\.parent)), \(announcements.map(\.recipe)),
                \(announcements.map { $0.seed != nil }), \(announcements.map { $0.seed ?? 0 }),
                \(announcements.map { $0.ordinal.map { Int32(clamping: $0) } ?? -1 })
            ) as new (child, parent, recipe, has_seed, seed, ordinal)
            on conflict (child_sha256) do nothing
            """)
    }
}
