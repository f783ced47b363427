import Catalog
import Postgres
import Synchronization
import TestSupport

/// Keeps the databases of one test until it ends: a stored property of the suite, of which every test has its own.
final class TestDatabases: Sendable {
    private let kept = Mutex<[TestDatabase]>([])

    /// A database without the schema.
    func empty() throws -> TestDatabase { keep(try TestServer.shared.makeDatabase()) }

    /// A database with the schema of this build.
    func migrated() throws -> TestDatabase {
        let template = try TestServer.shared.template(named: "catalog_tests") { target in
            let connection = try Connection(target)
            try Migrator().migrate(connection)
            connection.close()
        }
        return keep(try TestServer.shared.makeDatabase(template: template))
    }

    /// A catalog in a database of its own.
    func catalog() throws -> TestCatalog { try TestCatalog(database: migrated()) }

    private func keep(_ database: TestDatabase) -> TestDatabase {
        kept.withLock { $0.append(database) }
        return database
    }
}

/// A catalog in a database of its own, with a model of four dimensions.
struct TestCatalog {
    let database: TestDatabase
    let catalog: Catalog
    let model: StoredModel

    var connection: Connection { catalog.connection }

    init(database: TestDatabase) throws {
        self.database = database
        catalog = Catalog(try database.connect())
        model = try catalog.addModel(name: "small", identity: .small(dimension: 4))
    }

    /// Another catalog on a connection of its own to the same database.
    func another() throws -> Catalog { Catalog(try database.connect()) }

    /// Ingests pictures `/pictures/<name>` with vectors that the names decide; their numbers.
    @discardableResult
    func ingest(_ names: String...) throws -> [ImageID] {
        try catalog.write(.pictures(names), model: model)
        let images = try catalog.images(of: names.map { .named($0) })
        return names.map { images[.named($0)]! }
    }
}

extension ModelIdentity {
    static func small(dimension: Int, precision: String = "float32") -> ModelIdentity {
        ModelIdentity(
            architecture: "tiny", weights: .named("weights"), dimension: dimension, preprocessing: "squash-224",
            precision: precision)
    }
}

extension ContentDigest {
    /// The digest of a text, as if that were a file.
    static func named(_ text: String) -> ContentDigest { ContentDigest(of: text.utf8) }
}

extension IngestBatch {
    /// Pictures with a file each, `/pictures/<name>`.
    static func pictures(_ names: some Sequence<String>, dimension: Int = 4) -> IngestBatch {
        var batch = IngestBatch()
        for name in names {
            batch.contents.append(.named(name, dimension: dimension))
            batch.sightings.append(.named(name))
        }
        return batch
    }
}

extension IngestedContent {
    static func named(_ name: String, dimension: Int = 4) -> IngestedContent {
        let bytes = ContentDigest.named(name).rawValue
        return IngestedContent(
            digest: .named(name), width: 640, height: 480, bytes: 1000, format: "jpeg",
            vector: (0..<dimension).map { Float(bytes[$0 % 32]) / 256 })
    }
}

extension FileSighting {
    static func named(_ name: String, path: String? = nil, mtime: Int64 = 1_000_000_007) -> FileSighting {
        FileSighting(
            path: Array((path ?? "/pictures/\(name)").utf8), content: .named(name),
            stamp: FileStamp(size: 1000, mtimeNanoseconds: mtime, device: 7, inode: .max))
    }
}

extension TestCatalog {
    /// A root that this machine, `here`, watches.
    func openRoot(
        _ folder: String = "/pictures", marker: String? = nil, policy: OnVanish = .keep, host: String = "here"
    ) throws -> WatchedRoot {
        try catalog.openRoot(folder: Array(folder.utf8), marker: marker, policy: policy, host: host)
    }

    /// Writes that files of a root hold what their names say.
    @discardableResult
    func sight(
        _ files: [(name: String, path: String)], root: RootID?, mtime: Int64 = 1_000_000_007
    ) throws -> IngestBatchOutcome {
        var batch = IngestBatch()
        batch.host = "here"
        for file in files {
            batch.contents.append(.named(file.name))
            var sighting = FileSighting.named(file.name, path: file.path, mtime: mtime)
            sighting.root = root
            batch.sightings.append(sighting)
        }
        return try catalog.write(batch, model: model)
    }

    /// The state of a picture.
    func state(of image: ImageID) throws -> String? {
        try connection.firstRow("select state from likeness.images where id = \(image)")?["state"]
    }

    /// A number that a query gives.
    func count(_ query: SQL) throws -> Int { try connection.firstRow(query)?[0] ?? -1 }
}

extension StampedFile {
    /// A file as ``FileSighting/named(_:path:mtime:)`` has it.
    static func at(
        _ path: String, size: Int64 = 1000, mtime: Int64 = 1_000_000_007, inode: UInt64 = .max
    ) -> StampedFile {
        StampedFile(
            path: Array(path.utf8),
            stamp: FileStamp(size: size, mtimeNanoseconds: mtime, device: 7, inode: inode))
    }
}

extension Array where Element == UInt8 {
    /// The path as text, for comparisons.
    var text: String { String(decoding: self, as: UTF8.self) }
}
