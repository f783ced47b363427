import Catalog
import Glibc
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import VectorIndexes

/// A catalog in a database of its own, with a small model and a flat index, and an empty home.
struct SyncCatalog {
    let database: TestDatabase
    let home: TemporaryFolder
    let catalog: Catalog
    let model: StoredModel

    var connection: Connection { catalog.connection }
    var folders: IndexFolders { IndexFolders(home: home.path) }
    var folder: FilePath { folders.folder(ofModel: model.name) }

    init(dimension: Int = 4) throws {
        let template = try TestServer.shared.template(named: "sync_tests") { target in
            let connection = try Connection(target)
            try Migrator().migrate(connection)
            connection.close()
        }
        database = try TestServer.shared.makeDatabase(template: template)
        home = try TemporaryFolder(isReachableByAll: true)
        catalog = Catalog(try database.connect())
        model = try catalog.addSmallModel(dimension: dimension)
        try catalog.createIndex(name: "default", model: model.id, type: .flat)
    }

    /// A session over a connection of its own.
    func session(_ connection: Connection? = nil, folder: FilePath? = nil) throws -> StoreSession {
        let catalog = Catalog(try connection ?? database.connect())
        let session = try StoreSession.open(catalog: catalog, model: model, folder: folder ?? self.folder)
        _ = try session.match(try catalog.indexes(model: model.id))
        return session
    }

    /// Ends the connections of a program on the server.
    func terminate(_ applicationName: String) throws {
        try connection.execute(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name like \(applicationName + "%")
            """)
    }

    /// The pictures that the published store finds nearest to a vector.
    func nearest(_ vector: [Float], k: Int = 1) throws -> [ImageID] {
        guard let store = try VectorStore.open(folder),
            store.manifest.indexes.contains(where: { $0.specification.name == "default" })
        else { return [] }
        let found = try store.index(named: "default").search(vector, k: k).first ?? []
        return found.map { ImageID(rawValue: $0.id.rawValue) }
    }

    /// The ids of the published store.
    func stored() throws -> [ImageID] {
        try VectorStore.open(folder)?.liveIDs().map { ImageID(rawValue: $0.rawValue) } ?? []
    }

    /// States of the generations of an index, the oldest row first, with their reasons.
    func generations(of name: String) throws -> [String] {
        try connection.rows(
            """
            select g.state || ': ' || g.reason as it from likeness.index_generations g
            join likeness.vector_indexes v on v.id = g.index where v.name = \(name) order by g.id
            """
        ).map { try $0["it"] }
    }
}

extension Catalog {
    /// The model of these tests.
    func addSmallModel(dimension: Int = 4) throws -> StoredModel {
        try addModel(
            name: "small",
            identity: ModelIdentity(
                architecture: "tiny", weights: nil, dimension: dimension, preprocessing: "none", precision: "float32"))
    }

    /// A picture with an embedding, in one statement.
    @discardableResult
    func insert(_ vector: [Float], model: ModelID) throws -> ImageID {
        let content = (0..<32).map { _ in UInt8.random(in: 0...255) }
        let row = try connection.firstRow(
            """
            with picture as (
                insert into likeness.images (content_sha256, width, height, bytes, format)
                values (\(content), 1, 1, 1, 'jpeg') returning id)
            insert into likeness.embeddings (image, model, dimension, vector)
            select id, \(model), \(Int32(vector.count)), \(littleEndian(vector)) from picture returning image
            """)
        guard let row else { throw NotInTime(description: "no row was inserted") }
        return try row["image"]
    }

    /// Gives a picture another vector.
    func replace(_ image: ImageID, with vector: [Float]) throws {
        try connection.execute(
            "update likeness.embeddings set vector = \(littleEndian(vector)) where image = \(image)")
    }

    func delete(_ image: ImageID) throws {
        try connection.execute("delete from likeness.images where id = \(image)")
    }

    private func littleEndian(_ vector: [Float]) -> [UInt8] {
        vector.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
    }
}

/// A vector of length 1 in a direction of its own for each number.
func direction(_ number: Int) -> [Float] {
    let angle = Float(number) * 0.1
    return [sin(angle), cos(angle), 0, 0]
}
