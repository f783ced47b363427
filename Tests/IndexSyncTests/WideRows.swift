import Catalog
import Postgres
import TestSupport
import VectorIndexes

/// Rows of 64 numbers for tests of indexes, the same in every run.
enum WideRows {
    static let dimension = 64

    /// Rows that lie near four directions: sketches of them are short.
    static func near(_ count: Int, seed: UInt64 = 1) -> [[Float]] {
        var random = SplitMix(state: seed)
        return (0..<count).map { _ in
            let weights = (0..<4).map { _ in Float.random(in: -1...1, using: &random) }
            return (0..<dimension).map { place in
                let pattern = (0..<4).reduce(Float(0)) { $0 + weights[$1] * ((place >> $1) & 1 == 0 ? 1 : -1) }
                return pattern + Float.random(in: -0.01...0.01, using: &random)
            }
        }
    }

    /// Rows that differ in all directions alike.
    static func scattered(_ count: Int, seed: UInt64 = 1) -> [[Float]] {
        var random = SplitMix(state: seed)
        return (0..<count).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) } }
    }
}

extension SyncCatalog {
    /// Pictures with these embeddings, in one transaction.
    @discardableResult
    func insert(_ rows: [[Float]]) throws -> [ImageID] {
        try connection.transaction { try rows.map { try catalog.insert($0, model: model.id) } }
    }

    /// Many pictures whose embeddings differ in all directions, made by the server: numbers from 0.5 to 2.
    func insertScattered(_ count: Int) throws {
        try connection.execute(
            """
            with picture as (
                insert into likeness.images (content_sha256, width, height, bytes, format)
                select sha256(convert_to(n::text, 'UTF8')), 1, 1, 1, 'jpeg' from generate_series(1, \(count)) n
                returning id)
            insert into likeness.embeddings (image, model, dimension, vector)
            select id, \(model.id), \(Int32(model.dimension)), (
                select decode(string_agg(substr(md5(id || ' ' || place), 1, 6) || '3f', ''), 'hex')
                from generate_series(1, \(model.dimension)) place)
            from picture
            """)
    }

    /// What the published manifest says of an index; nil when it says nothing.
    func entry(_ name: String) throws -> Manifest.Index? {
        try VectorStore.open(folder)?.manifest.indexes.first { $0.specification.name == name }
    }

    /// The generation of an index that answers; 0 while none does.
    func built(_ name: String) throws -> Int {
        guard let entry = try entry(name), entry.built != nil else { return 0 }
        return entry.generation
    }

    /// The decisions that were recorded of an index, the oldest first.
    func decisions(on name: String) throws -> [String] {
        try connection.rows(
            """
            select h.decision as it from likeness.index_health h
            join likeness.vector_indexes v on v.id = h.index where v.name = \(name) order by h.id
            """
        ).map { try $0["it"] }
    }
}
