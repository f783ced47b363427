/// How an index finds the nearest rows.
public enum IndexType: String, Sendable, Codable, CaseIterable {
    /// Compares the query with every row: exact.
    case flat
    /// A graph over the rows.
    case hnsw
    /// Lists of rows around centroids.
    case ivfflat
    /// Lists of compressed rows around centroids, re-ranked exactly.
    case ivfpq
}

/// What a person asked for when the index was created.
public struct IndexSpecification: Codable, Sendable, Equatable {
    /// 1 to 63 of a–z, 0–9, `_` and `-`, unique in a store; also the name of the index's folder.
    public let name: String
    /// How it searches.
    public let type: IndexType
    /// Numbers by the names that ``IndexParameters/Name`` has for them (`nlist`, `nprobe`, `M`); what is absent is chosen from
    /// the rows there are. A flat index has none.
    public let parameters: [String: Int]

    /// Nothing is checked here: ``validated(dimension:)`` does that.
    public init(name: String, type: IndexType, parameters: [String: Int] = [:]) {
        self.name = name
        self.type = type
        self.parameters = parameters
    }

    /// The specification itself, once its name and parameters have been found usable.
    ///
    /// - Parameter dimension: numbers in a vector; nil while that is not known, which leaves open whether m divides it.
    /// - Throws: ``IndexError/unusableName(_:)``, ``IndexError/unknownParameter(_:type:)``,
    ///   ``IndexError/outOfRange(name:value:allowed:)`` or ``IndexError/indivisible(dimension:by:)``.
    @discardableResult
    public func validated(dimension: Int? = nil) throws(IndexError) -> IndexSpecification {
        guard Self.isUsable(name: name) else { throw .unusableName(name) }
        try IndexParameters(parameters).check(for: type, dimension: dimension)
        return self
    }

    /// Whether an index may have this name. `vectors` may not: the rows have that folder.
    static func isUsable(name: String) -> Bool {
        (1...63).contains(name.utf8.count) && name != StoreLayout.vectorsFolder
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
