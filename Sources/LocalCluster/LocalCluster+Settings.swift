import Glibc
import SystemPackage

extension LocalCluster {
    /// The server's settings, as words of its command line.
    ///
    /// They are not in postgresql.conf: that file stays the operator's, a newer Likeness brings its settings along, and root need
    /// not write in a folder of another user.
    var settings: [CommandWord] {
        // A list of folders, separated by commas; quoted it is one folder, whatever its name.
        let socket =
            "\""
            + socketFolder.path.string.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
        let always = [
            "listen_addresses": "", "unix_socket_directories": socket, "unix_socket_permissions": "0700",
            "port": "5432",
            "cluster_name": "likeness",
            // Vectors of 8 KiB are read by the kernel's page cache as well; an eighth of a small machine is enough here.
            "shared_buffers": "128MB", "max_connections": "100",
            // A batch of vectors is large: fewer checkpoints, smaller full-page images.
            "wal_compression": "on", "max_wal_size": "2GB", "checkpoint_timeout": "15min",
            // Statements are short; compiling them takes longer than they do.
            "jit": "off", "random_page_cost": "1.1",
            // One file a weekday, overwritten after a week: daemons run for months and nobody cleans up.
            "logging_collector": "on", "log_directory": "../log", "log_filename": "postgresql-%a.log",
            "log_rotation_age": "1d", "log_rotation_size": "0", "log_truncate_on_rotation": "on",
            "log_line_prefix": "%m [%p] %q%a ", "log_file_mode": "0600",
        ]
        // Making a database writes all of it to the log: compressing that would be most of the time a test takes.
        // Hundreds of tests have their connections to one server at once.
        let testing = [
            "fsync": "off", "full_page_writes": "off", "wal_compression": "off", "max_connections": "400",
        ]
        let all = durability == .testing ? always.merging(testing) { $1 } : always
        return all.sorted { $0.key < $1.key }.flatMap { ["-c", CommandWord("\($0.key)=\($0.value)")] }
    }

    /// The last lines of the newest log, in one line; nil when there is none.
    var lastLinesOfLog: String? {
        let logs = namesInFolder(logFolder).filter { $0.hasSuffix(".log") }.map { logFolder.appending($0) }
        let newest = logs.max { modified($0) < modified($1) }
        return newest.flatMap { endOfFile($0) }
    }

    private func modified(_ path: FilePath) -> Int { fileStatus(path)?.st_mtim.tv_sec ?? 0 }
}
