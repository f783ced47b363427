import Postgres

/// The catalog over one connection: the only place with SQL on its tables.
///
/// Its functions block and belong to the thread of the connection, as ``Postgres/Connection`` says; a `Catalog` costs nothing
/// to make, so that a closure that gets a connection makes its own:
///
///     let models = try await database.run { try Catalog($0).models() }
///
/// Functions that write say whether they open a transaction; inside of one that is already open they join it.
public struct Catalog {
    /// The connection that it speaks through.
    public let connection: Connection

    /// The catalog in the database that the connection goes to.
    public init(_ connection: Connection) { self.connection = connection }
}
