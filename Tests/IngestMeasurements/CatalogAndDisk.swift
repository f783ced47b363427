import Foundation
import Postgres

/// What is on the disk beside what the catalog says of it.
struct CatalogAndDisk {
    private let connection: Connection

    init(home: String) throws { connection = try Connection(homeOrURL: home) }

    /// Compares the JPEGs of folders, by their paths, with rows and recorded failures.
    ///
    /// - Throws: ``Failure`` with the first differences.
    func compare(_ folders: [String]) throws -> String {
        var disk: Set<String> = []
        var catalog: Set<String> = []
        for folder in folders {
            let folder = URL(filePath: folder).resolvingSymlinksInPath().path
            disk.formUnion(try jpegs(below: folder).map { $0.resolvingSymlinksInPath().path })
            let prefix = folder + "/"
            let rows = try connection.rows(
                """
                select path_text from likeness.image_files
                where vanished_at is null and starts_with(path_text, \(prefix))
                union all
                select path_text from likeness.ingest_failures where starts_with(path_text, \(prefix))
                """)
            for row in rows {
                let path: String = try row[0]
                if !catalog.insert(path).inserted { throw Failure("\(path) is there twice") }
            }
        }
        let (lost, invented) = (disk.subtracting(catalog).sorted(), catalog.subtracting(disk).sorted())
        guard lost.isEmpty, invented.isEmpty else {
            throw Failure(
                """
                \(lost.count) files have no row: \(lost.prefix(3)); \(invented.count) rows have no file: \
                \(invented.prefix(3))
                """)
        }
        return "\(disk.count) files on the disk, the same \(catalog.count) in the catalog"
    }
}
