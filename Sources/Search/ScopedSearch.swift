import Catalog
import Postgres
import VectorIndexes

/// A picture that was found, and what it stands for.
struct FoundPicture: Sendable {
    let picture: CatalogResult
    /// Other members of its family that could have been found; nil when families are not collapsed.
    var folded: Int?
}

/// What a search for several queries found.
struct FoundPictures: Sendable {
    /// For each query, nearest first; fewer than `k` only when there are no more.
    var results: [[FoundPicture]]
    /// Changes of the catalog that the index has not seen.
    var pending = 0
    var search: Duration = .zero
    var join: Duration = .zero
}

/// Searches an opened index within a scope, and joins what it finds to the catalog.
///
/// An answer is short only when the index has no more. What may not be in it is told to the index as a filter: pictures
/// outside of the scope; those that were deleted or hidden since the index saw them, as soon as one was found; and with
/// collapsed families all members of those found so far. Each round so brings something new or is the last, and asks for
/// four times as much as the one before. How a filter is best kept, by an exact search over the few rows that pass or by a
/// wider search, is for the index to decide.
struct ScopedSearch: Sendable {
    let database: Database
    let thread: SearchThread
    let model: ModelID
    let index: any SearchableIndex
    /// What the index has seen.
    let position: FeedPosition
    let scope: SearchScope

    /// One query on its way to its answer.
    private struct Progress {
        var results: [FoundPicture] = []
        var families: Set<ImageID> = []
        var excluded: Set<VectorID> = []
        var asked: Int
        var isDone = false
    }

    /// The k nearest of each query.
    ///
    /// - Parameter k: 1 to ``SearchLimits/neighbors``' upper bound.
    func find(_ queries: [QueryVector], k: Int) async throws -> FoundPictures {
        let began = ContinuousClock.now
        let base = try await baseFilter()
        var progress = try await excludedFamilies(of: queries).map { Progress(excluded: $0, asked: k) }
        var found = FoundPictures(results: [])
        found.join = ContinuousClock.now - began
        while true {
            let open = progress.indices.filter { !progress[$0].isDone }
            if open.isEmpty { break }
            let start = ContinuousClock.now
            let neighbors = try await search(open.map { (queries[$0].vector, progress[$0]) }, base)
            let searched = ContinuousClock.now
            let joined = try await join(neighbors, of: queries)
            found.pending = joined.pendingChanges ?? 0
            let families = scope.collapsesFamilies ? joined.results.joined().map(Self.family) : []
            let members = try await members(of: families)
            for (place, query) in open.enumerated() {
                advance(
                    &progress[query], neighbors[place], joined.results[place], members: members, base: base, k: k)
            }
            found.search += searched - start
            found.join += ContinuousClock.now - searched
        }
        found.results = progress.map { Array($0.results.prefix(k)) }
        return found
    }

    /// Takes what a round brought into the answer of a query, and decides whether another is needed.
    private func advance(
        _ progress: inout Progress, _ neighbors: [Neighbor], _ joined: [CatalogResult], members: [ImageID: [ImageID]],
        base: IDFilter?, k: Int
    ) {
        let isExhausted = neighbors.count < progress.asked
        let present = Set(joined.map { VectorID($0.image.rawValue) })
        let gone = neighbors.map(\.id).filter { !present.contains($0) }
        if scope.collapsesFamilies {
            for picture in joined where progress.families.insert(Self.family(picture)).inserted {
                let family = (members[Self.family(picture)] ?? []).map { VectorID($0.rawValue) }
                let others = family.count { $0.rawValue != picture.image.rawValue && base?.admits($0) ?? true }
                progress.results.append(FoundPicture(picture: picture, folded: others))
                progress.excluded.formUnion(family)
            }
            progress.excluded.formUnion(neighbors.map(\.id))
            // What an index that is not exact finds later may be nearer.
            progress.results.sort { ($0.picture.distance, $0.picture.image) < ($1.picture.distance, $1.picture.image) }
        } else {
            progress.results = joined.map { FoundPicture(picture: $0) }
            progress.excluded.formUnion(gone)
        }
        progress.isDone = progress.results.count >= k || isExhausted
        progress.asked = min(4 * progress.asked, SearchLimits.neighbors.upperBound)
    }

    private static func family(_ picture: CatalogResult) -> ImageID { picture.root ?? picture.image }

    /// Searches for all queries that exclude nothing at once, for the others one by one.
    private func search(
        _ queries: [(vector: [Float], progress: Progress)], _ base: IDFilter?
    ) async throws -> [[Neighbor]] {
        var answers = [[Neighbor]](repeating: [], count: queries.count)
        let plain = queries.indices.filter { queries[$0].progress.excluded.isEmpty }
        if let first = plain.first {
            let found = try await thread.search(
                index, plain.flatMap { queries[$0].vector }, k: queries[first].progress.asked, filter: base)
            for (place, neighbors) in zip(plain, found) { answers[place] = neighbors }
        }
        for (place, query) in queries.enumerated() where !query.progress.excluded.isEmpty {
            answers[place] =
                try await thread.search(
                    index, query.vector, k: query.progress.asked, filter: base.without(query.progress.excluded)
                ).first ?? []
        }
        return answers
    }

    /// What may be found by any query; nil for everything.
    private func baseFilter() async throws -> IDFilter? {
        let (scope, rows) = (scope, index.count)
        guard scope.matching != nil || scope.only != nil else { return nil }
        return try await database.run { connection in
            let catalog = Catalog(connection)
            if let matching = scope.matching {
                let images = try matching(catalog)
                return .among(IDFilter.ids(try scope.only.map { try catalog.images($0, among: images) } ?? images))
            }
            return try scope.only.map { try IDFilter.only($0, in: catalog, rows: rows) }
        }
    }

    /// For each query the members of its family, if they are to be left out.
    private func excludedFamilies(of queries: [QueryVector]) async throws -> [Set<VectorID>] {
        guard scope.excludesOwnFamily else { return queries.map { _ in [] } }
        let (model, images) = (model, queries.map(\.image))
        return try await database.run { connection in
            let catalog = Catalog(connection)
            let families = try catalog.families(of: images.compactMap { $0 })
            let members = try catalog.members(of: Array(Set(families.values)), model: model)
            return images.map { image in
                guard let image else { return [] }
                return IDFilter.ids((families[image].flatMap { members[$0] } ?? []) + [image])
            }
        }
    }

    private func members(of families: [ImageID]) async throws -> [ImageID: [ImageID]] {
        if families.isEmpty { return [:] }
        let (model, families) = (model, Array(Set(families)))
        return try await database.run { try Catalog($0).members(of: families, model: model) }
    }

    private func join(_ neighbors: [[Neighbor]], of queries: [QueryVector]) async throws -> JoinedResults {
        let hits = neighbors.map { row in
            row.map { SearchHit(image: ImageID(rawValue: $0.id.rawValue), distance: $0.distance) }
        }
        // A picture that lies in several places is shown where it was asked for.
        let paths = queries.compactMap(\.subject.absolutePath)
        let (model, position) = (model, position)
        return try await database.run { connection in
            try Catalog(connection).results(for: hits, preferring: paths, indexPosition: (model, position))
        }
    }
}
