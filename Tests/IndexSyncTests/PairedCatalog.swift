import Catalog
import Postgres

extension SyncCatalog {
    /// The pairs of near-duplicates with their distances.
    func pairs() throws -> [Pair: Float] {
        let rows = try connection.rows(
            "select first_image, second_image, distance from likeness.near_duplicate_edges where model = \(model.id)")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (Pair(try $0[0], try $0[1]), try $0[2]) })
    }

    /// The pairs, without their distances.
    func paired() throws -> Set<Pair> { Set(try pairs().keys) }

    /// The groups as people see them.
    func groups() throws -> Set<[ImageID]> {
        Set(
            try connection.rows("select image_ids from likeness.duplicate_groups").map {
                try $0[0, as: [Int64].self].map { ImageID(rawValue: $0) }
            })
    }

    /// The nearest other picture of each, with its distance.
    func nearestNeighbors() throws -> [ImageID: SearchHit] {
        let rows = try connection.rows(
            "select image, nearest, distance from likeness.nearest_neighbors where model = \(model.id)")
        return Dictionary(
            uniqueKeysWithValues: try rows.map {
                (try $0[0], SearchHit(image: try $0[1], distance: try $0[2]))
            })
    }

    /// How many pictures' neighbors are still to be searched, hidden and unusable ones included.
    func waitingSearches() throws -> Int {
        try connection.firstRow("select count(*) from likeness.neighbor_searches where model = \(model.id)")?[0] ?? 0
    }

    func setState(_ state: String, of image: ImageID) throws {
        try connection.execute("update likeness.images set state = \(state) where id = \(image)")
    }
}

/// Two pictures, the one with the smaller number first.
struct Pair: Hashable {
    let first: ImageID
    let second: ImageID

    init(_ a: ImageID, _ b: ImageID) {
        first = min(a, b)
        second = max(a, b)
    }
}
