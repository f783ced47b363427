import Catalog
import Embeddings
import IndexSync
import Postgres
import Search
import TestSupport
import VectorIndexes

/// A catalog of random families with an index of every type, each of which looks everywhere, so that its answers are exact.
struct FamilyCatalog {
    static let dimension = 24

    let database: TestDatabase
    let home: TemporaryFolder
    let synthetic: SyntheticCatalog
    /// All that may be found.
    private(set) var images: [ImageID]
    /// By picture.
    private(set) var vectors: [ImageID: [Float]] = [:]
    /// The original of each picture that is made from another.
    private(set) var roots: [ImageID: ImageID] = [:]
    /// What each of these was made from.
    private(set) var parents: [ImageID: ImageID] = [:]

    var catalog: Catalog { synthetic.catalog }
    var model: StoredModel { synthetic.model }

    /// - Parameter seed: decides sizes of families, from one picture to 40, and the vectors.
    init(seed: UInt64, families: Int = 40) async throws {
        let template = try TestServer.shared.template(named: "search_tests") { target in
            let connection = try Connection(target)
            try Migrator().migrate(connection)
            connection.close()
        }
        database = try TestServer.shared.makeDatabase(template: template)
        home = try TemporaryFolder(isReachableByAll: true)
        synthetic = try SyntheticCatalog(database.target, dimension: Self.dimension)
        var random = SplitMix(state: seed)
        var rows: [(name: String, vector: [Float])] = []
        var sizes: [Int] = []
        for family in 0..<families {
            let center = (0..<Self.dimension).map { _ in Float.random(in: -1...1, using: &random) }
            sizes.append(family % 4 == 0 ? 1 : Int.random(in: 2...40, using: &random))
            for member in 0..<(sizes.last ?? 0) {
                let spread = Float.random(in: 0...0.6, using: &random)
                let vector = center.map { $0 + spread * Float.random(in: -1...1, using: &random) }
                let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                rows.append(("\(family) \(member)", vector.map { $0 / norm }))
            }
        }
        images = try synthetic.add(rows)
        for (image, row) in zip(images, rows) { vectors[image] = row.vector }
        var edges: [LineageEdge] = []
        var start = 0
        for size in sizes {
            for member in 1..<max(1, size) {
                // Copies of copies too.
                let parent = images[start + Int.random(in: 0..<member, using: &random)]
                let step = #"[{"operation": "step \#(member)"}]"#
                edges.append(LineageEdge(child: images[start + member], parent: parent, recipe: JSON(step)))
                roots[images[start + member]] = images[start]
                parents[images[start + member]] = parent
            }
            start += size
        }
        try synthetic.catalog.recordLineage(edges)
        let everywhere: [(String, StoredIndexType, String)] = [
            ("flat", .flat, "{}"), ("hnsw", .hnsw, #"{"efSearch": 4096}"#),
            ("ivfflat", .ivfflat, #"{"nlist": 8, "nprobe": 8}"#),
            ("ivfpq", .ivfpq, #"{"nlist": 4, "nprobe": 4, "m": 8, "bits": 4, "rerank": 1000}"#),
        ]
        for (name, type, parameters) in everywhere {
            try synthetic.catalog.createIndex(
                name: name, model: synthetic.model.id, type: type, parameters: JSON(parameters))
        }
        try await sync()
    }

    func sync() async throws {
        _ = try await IndexSync(database: Database(database.target), folders: IndexFolders(home: home.path)).once()
    }

    /// Adds pictures, gives some another vector, deletes some and hides some, in transactions of their own; the index files
    /// are not told.
    mutating func change(using random: inout SplitMix) throws {
        let centers = images.shuffled(using: &random).prefix(30)
        let added = try centers.enumerated().map { number, center in
            try synthetic.add([("new \(number)", vector(near: center, using: &random))])[0]
        }
        for (image, center) in zip(added, centers) {
            vectors[image] = try catalog.embedding(of: image, model: model.id)
            if roots[center] == nil || Bool.random(using: &random) { continue }
            roots[image] = family(center)
            parents[image] = family(center)
        }
        try catalog.recordLineage(
            added.compactMap { image in
                parents[image].map { LineageEdge(child: image, parent: $0, recipe: JSON(#"[{"operation": "late"}]"#)) }
            })
        let origins = Set(parents.values)
        let copies = images.filter { roots[$0] != nil && !origins.contains($0) }.shuffled(using: &random)
        for image in copies.prefix(20) {
            let other = vector(near: centers.randomElement(using: &random) ?? image, using: &random)
            try synthetic.replace(image, other)
            vectors[image] = other
        }
        let (deleted, hidden) = (Array(copies[15..<30]), Array(copies[30..<40]))
        try synthetic.delete(deleted)
        try catalog.connection.execute("update likeness.images set state = 'hidden' where id = any(\(hidden))")
        images = (images + added).filter { !deleted.contains($0) && !hidden.contains($0) }
    }

    private func vector(near image: ImageID, using random: inout SplitMix) -> [Float] {
        let vector = (vectors[image] ?? []).map { $0 + 0.1 * Float.random(in: -1...1, using: &random) }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / norm }
    }

    func engine(_ index: String) -> QueryEngine {
        QueryEngine(
            database: Database(database.target), folders: IndexFolders(home: home.path), model: model, indexName: index
        ) { StructureDescriptor() }
    }

    /// The number in the name of the operation that made a copy.
    func step(of copy: ImageID) -> Int {
        (images.firstIndex(of: copy) ?? 0) - (images.firstIndex(of: family(copy)) ?? 0)
    }

    func family(_ image: ImageID) -> ImageID { roots[image] ?? image }

    /// What an answer must be, by comparing with every picture: numbers and folded members, nearest first.
    func expected(
        _ query: ImageID, k: Int, _ scope: SearchScope, among: [ImageID]? = nil
    ) -> [(image: ImageID, folded: Int?)] {
        let asked = vectors[query] ?? []
        let admitted = (among ?? images).filter { image in
            if scope.excludesOwnFamily, family(image) == family(query) { return false }
            switch scope.only {
            case nil: return true
            case .originals: return roots[image] == nil
            case .augmented: return roots[image] != nil
            }
        }
        let sorted = admitted.map { image in
            (
                image,
                zip(asked, vectors[image] ?? []).reduce(0.0) {
                    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
                }
            )
        }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
        if !scope.collapsesFamilies { return sorted.prefix(k).map { ($0, nil) } }
        var seen: Set<ImageID> = []
        let nearest = sorted.filter { seen.insert(family($0)).inserted }
        // The query's own family is out of the search, so that it is in no family that is folded.
        return nearest.prefix(k).map { image in
            (image, admitted.count { family($0) == family(image) } - 1)
        }
    }
}
