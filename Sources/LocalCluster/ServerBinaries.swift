import Glibc
import SystemPackage

/// The programs of an installed PostgreSQL.
struct ServerBinaries {
    /// The folder with `postgres` and `initdb`.
    let folder: FilePath
    /// `15` of 15.18.
    let majorVersion: Int
    /// `15.18`.
    let version: String

    /// The oldest that Likeness supports.
    static let oldestMajorVersion = 15

    /// Finds the programs for a database: those of its own major version, or for a new one the newest that there are.
    ///
    /// - Parameter madeBy: the content of the database's `PG_VERSION`; nil for one that is still to be made.
    static func find(
        for data: FilePath, madeBy: String?, as account: ServerAccount
    ) throws(LocalClusterError) -> ServerBinaries {
        let installed = try all(as: account)
        let versions = installed.map(\.version)
        guard let madeBy else {
            guard let newest = installed.max(by: { $0.majorVersion < $1.majorVersion }),
                newest.majorVersion >= oldestMajorVersion
            else { throw .notInstalled(have: versions, need: oldestMajorVersion) }
            return newest
        }
        guard let same = installed.first(where: { "\($0.majorVersion)" == madeBy }) else {
            if installed.isEmpty { throw .notInstalled(have: [], need: oldestMajorVersion) }
            throw .otherVersion(folder: data, madeBy: madeBy, installed: versions)
        }
        return same
    }

    /// All that are installed, each version once.
    static func all(as account: ServerAccount) throws(LocalClusterError) -> [ServerBinaries] {
        var found: [ServerBinaries] = []
        for folder in try candidates(as: account) {
            guard isExecutable(folder.appending("postgres")), isExecutable(folder.appending("initdb")) else { continue }
            let answer = try ChildProcess.run([CommandWord(folder.appending("postgres")), "--version"], as: account)
            guard answer.status == 0, let (major, version) = parseVersion(answer.output) else { continue }
            if found.contains(where: { $0.version == version }) { continue }
            found.append(ServerBinaries(folder: folder, majorVersion: major, version: version))
        }
        return found
    }

    /// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15 and 15.18.
    static func parseVersion(_ text: String) -> (major: Int, version: String)? {
        let words = text.split(separator: " ")
        guard let index = words.firstIndex(of: "(PostgreSQL)"), index + 1 < words.count else { return nil }
        let version = String(words[index + 1])
        guard let major = Int(version.prefix { $0.isNumber }) else { return nil }
        return (major, version)
    }

    /// Where Debian and PostgreSQL's own packages have them, then where `pg_config` says, then where commands are.
    private static func candidates(as account: ServerAccount) throws(LocalClusterError) -> [FilePath] {
        var folders: [FilePath] = []
        folders += namesInFolder("/usr/lib/postgresql").sorted().map { FilePath("/usr/lib/postgresql/\($0)/bin") }
        folders += namesInFolder("/usr").filter { $0.hasPrefix("pgsql-") }.sorted().map { FilePath("/usr/\($0)/bin") }
        let answer = try ChildProcess.run(["pg_config", "--bindir"], as: account)
        if answer.status == 0 { folders.append(FilePath(answer.output)) }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        folders += path.split(separator: ":").filter { $0.hasPrefix("/") }.map { FilePath(String($0)) }
        return folders
    }

    private static func isExecutable(_ path: FilePath) -> Bool { path.withPlatformString { access($0, X_OK) } == 0 }
}

extension LocalCluster {
    /// The versions of the PostgreSQL servers that are installed and new enough, oldest first: `15.18`.
    ///
    /// Runs each server's program once, some 10 ms.
    ///
    /// - Throws: ``LocalClusterError/notInstalled(have:need:)`` when there is none.
    public static func installedVersions() throws(LocalClusterError) -> [String] {
        let all = try ServerBinaries.all(as: try ServerAccount.serving("/"))
        let usable = all.filter { $0.majorVersion >= ServerBinaries.oldestMajorVersion }
        guard !usable.isEmpty else {
            throw .notInstalled(have: all.map(\.version), need: ServerBinaries.oldestMajorVersion)
        }
        return usable.sorted { $0.majorVersion < $1.majorVersion }.map(\.version)
    }
}
