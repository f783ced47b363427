import Glibc
import SystemPackage

/// The folder that holds the private database, the indexes and what is known about weights.
enum HomeFolder {
    /// Root's default is a folder that the user `postgres` can reach: the private server runs as that user.
    static let defaultForRoot: FilePath = "/var/lib/likeness"

    /// `--home`, else LIKENESS_HOME, else `$XDG_DATA_HOME/likeness`, else `~/.local/share/likeness`; absolute.
    static func resolve(_ option: PathArgument?) -> FilePath {
        if let option { return absolute(option.filePath) }
        if let home = EnvironmentTwin.text("LIKENESS_HOME") { return absolute(PathArgument(argument: home).filePath) }
        if geteuid() == 0 { return defaultForRoot }
        // The XDG specification has relative paths ignored.
        if let data = EnvironmentTwin.text("XDG_DATA_HOME"), data.hasPrefix("/") {
            return PathArgument(argument: data).filePath.appending("likeness")
        }
        let user = PathArgument(argument: EnvironmentTwin.text("HOME") ?? "/").filePath
        return absolute(user.appending(".local/share/likeness"))
    }

    /// A path from the root on, without dots in it.
    static func absolute(_ path: FilePath) -> FilePath {
        guard path.isRelative, let current = getcwd(nil, 0) else { return path.lexicallyNormalized() }
        defer { free(current) }
        return FilePath(platformString: current).pushing(path).lexicallyNormalized()
    }
}
