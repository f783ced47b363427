import Glibc
import SystemPackage

extension LocalCluster {
    /// Makes the home and the folders above it that are missing, open to be passed through: the server's user must.
    func createHome() throws(LocalClusterError) {
        var missing: [FilePath] = []
        var path = home
        while fileStatus(path) == nil, errno == ENOENT, !path.components.isEmpty {
            missing.append(path)
            path.removeLastComponent()
        }
        for folder in missing.reversed() {
            // Another process may have been faster. The mode is set once more because mkdir leaves out what umask says.
            guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST,
                folder.withPlatformString({ chmod($0, 0o755) }) == 0
            else { throw .cannotCreate(folder, reason: String(cString: strerror(errno))) }
        }
        var status = stat()
        guard home.withPlatformString({ stat($0, &status) }) == 0 else {
            throw .cannotCreate(home, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .cannotCreate(home, reason: "it is not a folder") }
    }

    /// Refuses a home that the server's user cannot reach, by the folder that stands in the way.
    func requireReachableHome(for account: ServerAccount) throws(LocalClusterError) {
        if try canEnter(home, account) { return }
        var path = home
        path.components.removeAll()
        for component in home.components {
            path.append(component)
            if try !canEnter(path, account) {
                throw .unreachableFolder(path, user: account.printableName, home: home)
            }
        }
    }

    /// Asks the system in that user's name: modes alone do not tell, for there are groups and access lists.
    private func canEnter(_ folder: FilePath, _ account: ServerAccount) throws(LocalClusterError) -> Bool {
        try ChildProcess.run(["test", "-x", CommandWord(folder)], as: account).status == 0
    }

    /// Makes the folders of the server, owned by its user and closed to all others.
    func createFolders(for account: ServerAccount) throws(LocalClusterError) {
        if folder.withPlatformString({ mkdir($0, 0o700) }) == 0 {
            guard folder.withPlatformString({ lchown($0, account.userID, account.groupID) }) == 0 else {
                throw .cannotCreate(folder, reason: String(cString: strerror(errno)))
            }
        } else if errno != EEXIST {
            throw .cannotCreate(folder, reason: String(cString: strerror(errno)))
        }
        try requirePrivate(folder, of: account)
        // By the user itself: what root would do here another user could divert with a link.
        let inside = [logFolder, folder.appending("run")]
        let made = try ChildProcess.run(
            ["mkdir", "-p", "-m", "700", "--"] + inside.map { CommandWord($0) }, as: account)
        guard made.status == 0 else { throw .cannotCreate(folder, reason: made.output) }
        if socketFolder.isOutsideHome { try socketFolder.prepare(for: account) }
    }

    /// Makes the database beside its place, and moves it there when it is complete: one that was interrupted leaves nothing that
    /// looks like a database.
    func initialize(with binaries: ServerBinaries, as account: ServerAccount) throws(LocalClusterError) {
        let draft = folder.appending("data.new")
        try require(["rm", "-rf", "--", CommandWord(draft)], as: account)
        // "trust" asks nobody for a password, and may do so because only the server's user and root can reach the socket: the
        // folder it lies in is theirs alone, mode 700. Root must get in too, which "peer" would not allow it.
        let initdb: [CommandWord] = [
            CommandWord(binaries.folder.appending("initdb")), "--pgdata", CommandWord(draft),
            "--username=\(Self.databaseName)", "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust",
            "--auth-host=reject", "--data-checksums",
        ]
        try require(initdb + (durability == .testing ? ["--no-sync"] : []), as: account)
        try require(
            [CommandWord(binaries.folder.appending("postgres")), "--single", "-D", CommandWord(draft), "template1"],
            as: account, input: "create database \(Self.databaseName)\n")
        try require(["mv", "-T", "--", CommandWord(draft), CommandWord(dataFolder)], as: account)
        if durability == .durable { try require(["sync", "--", CommandWord(folder)], as: account) }
    }

    private func require(
        _ command: [CommandWord], as account: ServerAccount, input: String = ""
    ) throws(LocalClusterError) {
        let outcome = try ChildProcess.run(command, as: account, input: input)
        // A server in single-user mode exits with 0 whatever became of its input.
        let complaints = ["ERROR:", "FATAL:", "PANIC:"]
        guard outcome.status == 0, !complaints.contains(where: { outcome.output.contains($0) }) else {
            throw .initializationFailed(folder: folder, output: outcome.output)
        }
    }
}

/// The absolute path with the symbolic links of all folders that exist resolved, so that one home has one name.
func withoutSymbolicLinks(_ path: FilePath) -> FilePath {
    var existing = path.isAbsolute ? path : currentFolder().pushing(path)
    existing.lexicallyNormalize()
    var rest: [FilePath.Component] = []
    while true {
        if let resolved = existing.withPlatformString({ realpath($0, nil) }) {
            defer { free(resolved) }
            var result = FilePath(platformString: resolved)
            for component in rest.reversed() { result.append(component) }
            return result
        }
        guard let last = existing.lastComponent else { return path }
        rest.append(last)
        existing.removeLastComponent()
    }
}

private func currentFolder() -> FilePath {
    guard let name = getcwd(nil, 0) else { return "/" }
    defer { free(name) }
    return FilePath(platformString: name)
}
