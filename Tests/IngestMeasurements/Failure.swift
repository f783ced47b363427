import LocalCluster
import Postgres
import SystemPackage

/// Why there is nothing to report.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Connection {
    /// The database of a home folder, or of a URL.
    convenience init(homeOrURL word: String) throws {
        let target =
            word.contains("://") ? try ConnectionTarget(url: word) : LocalCluster(home: FilePath(word)).target
        try self.init(target, applicationName: "ingest-measurements")
    }

    func count(_ query: SQL) throws -> Int { try firstRow(query)?[0] ?? 0 }
}
