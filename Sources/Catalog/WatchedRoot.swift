import Postgres

/// What becomes of a picture whose last file is gone.
public enum OnVanish: String, Sendable, CaseIterable, PostgresEncodable, PostgresDecodable {
    /// It stays in the answers.
    case keep
    /// It leaves answers and indexes until a file of it comes back; embedding and lineage are kept.
    case hide
}

/// How a watched root stands.
public enum RootState: String, Sendable, PostgresEncodable, PostgresDecodable {
    /// It is there.
    case active
    /// It is not mounted or has lost its marker: nothing in it counts as vanished.
    case unavailable
    /// It is no longer watched.
    case retired
}

/// A folder that is watched.
public struct WatchedRoot: Sendable, Hashable {
    /// Its number.
    public let id: RootID
    /// Absolute path as bytes, without a slash at its end.
    public let folder: [UInt8]
    /// What proves that the folder is mounted, and the one that it was; nil when it has none.
    public let marker: String?
    /// What becomes of pictures whose last file is gone.
    public let onVanish: OnVanish
    /// How it stands: active when any machine that watches it sees it.
    public let state: RootState
    /// When a scan of all of it last came to its end; nil before the first.
    public let scannedAt: Timestamp?
}
