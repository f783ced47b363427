import Catalog

/// Which pictures may be in an answer, and how many of a family.
public struct SearchScope: Sendable {
    /// Whether a family gives one result, its nearest member.
    public var collapsesFamilies = false
    /// Whether the query's own family is left out, the query itself included. A query that the catalog does not have has none.
    public var excludesOwnFamily = false
    /// Originals alone, or what was made from others alone; nil for both.
    public var only: FamilyPart?
    /// Gives the pictures that may be found, in any order; nil for all. Called once for a search, on the thread of the
    /// database.
    public var matching: (@Sendable (Catalog) throws -> [ImageID])?

    /// Everything, picture by picture.
    public init() {}
}
