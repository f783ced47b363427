import CLibPQ

/// What speaks to the server, for people who ask what is installed.
public enum PostgresLibrary {
    /// Name and version: `libpq 15.18`.
    public static var description: String { "libpq \(PQlibVersion() / 10_000).\(PQlibVersion() % 10_000)" }
}
