import Postgres

/// The number of a picture (`images.id`); index files and answers use it.
public struct ImageID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database or an index file.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of an embedding model (`embedding_models.id`).
public struct ModelID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database or an index file.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of an index (`vector_indexes.id`).
public struct IndexID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database or an index file.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of a watched root (`watched_roots.id`).
public struct RootID: RowIdentifier {
    /// The number in the database.
    public let rawValue: Int64
    /// Takes a number from the database or an index file.
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of a row of one table, as a type of its own, so that one cannot be taken for another.
public protocol RowIdentifier: RawRepresentable<Int64>, Hashable, Comparable, Sendable, Codable,
    CustomStringConvertible, PostgresEncodable, PostgresDecodable, PostgresArrayElement
{}

extension RowIdentifier {
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    /// The number in decimal digits.
    public var description: String { String(rawValue) }
    /// `bigint[]`.
    public static var postgresArrayType: PostgresType { Int64.postgresArrayType }
}
