/// The number under which a vector is stored and found: any `Int64` that the caller gives, the catalog's image id in
/// Likeness. This module only compares it.
public struct VectorID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// The number itself, of any value.
    public let rawValue: Int64

    /// Any number is an id.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// Any number is an id.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Orders ids by their numbers; among equal distances the smaller id comes first.
    public static func < (left: VectorID, right: VectorID) -> Bool { left.rawValue < right.rawValue }
}

/// One vector of an answer.
public struct Neighbor: Sendable, Equatable {
    /// The id of a live row.
    public let id: VectorID
    /// The squared L2 distance from the query: 0 for the same vector, 2 for orthogonal ones of length 1.
    public let distance: Float

    /// Nothing is checked here: searches make these.
    public init(id: VectorID, distance: Float) {
        self.id = id
        self.distance = distance
    }
}

/// Which ids an answer may hold.
public enum IDFilter: Sendable {
    /// Only these; ids that are not in the store are let pass.
    case among(Set<VectorID>)
    /// All but these.
    case excluding(Set<VectorID>)

    /// Whether an answer may hold `id`.
    ///
    /// - Complexity: O(1).
    public func admits(_ id: VectorID) -> Bool {
        switch self {
        case .among(let ids): ids.contains(id)
        case .excluding(let ids): !ids.contains(id)
        }
    }
}

extension IDFilter? {
    /// The same, and none of these.
    ///
    /// - Complexity: O(ids).
    public func without(_ ids: Set<VectorID>) -> IDFilter {
        switch self {
        case nil: .excluding(ids)
        case .among(let admitted): .among(admitted.subtracting(ids))
        case .excluding(let others): .excluding(others.union(ids))
        }
    }
}
