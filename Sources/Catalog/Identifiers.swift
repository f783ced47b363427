import Postgres

/// The number of a picture (`images.id`); index files and answers use it.
public struct ImageID: RowIdentifier {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of an embedding model (`embedding_models.id`).
public struct ModelID: RowIdentifier {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of an index (`vector_indexes.id`).
public struct IndexID: RowIdentifier {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of a watched root (`watched_roots.id`).
public struct RootID: RowIdentifier {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of a row of one table, as a type of its own, so that one cannot be taken for another.
public protocol RowIdentifier: RawRepresentable<Int64>, Hashable, Comparable, Sendable, Codable,
    CustomStringConvertible, PostgresEncodable, PostgresDecodable, PostgresArrayElement
{}

extension RowIdentifier {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
    public static var postgresArrayType: PostgresType { Int64.postgresArrayType }
}
