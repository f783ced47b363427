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

    /// The types that this version can create.
    public static var creatable: [IndexType] { allCases }
}

/// What a person asked for when the index was created.
public struct IndexSpecification: Codable, Sendable, Equatable {
    /// 1 to 63 of a–z, 0–9, `_` and `-`, unique in a store; also the name of the index's folder.
    public let name: String
    /// How it searches.
    public let type: IndexType
    /// Numbers by the names that faiss has for them (`nlist`, `nprobe`, `M`); a flat index has none.
    public let parameters: [String: Int]

    /// Nothing is checked here: ``validated()`` does that.
    public init(name: String, type: IndexType, parameters: [String: Int] = [:]) {
        self.name = name
        self.type = type
        self.parameters = parameters
    }

    /// The specification itself, once its name and parameters have been found usable and its type one that this
    /// version creates.
    ///
    /// - Throws: ``IndexError/unusableName(_:)``, ``IndexError/typeUnavailable(_:)`` or
    ///   ``IndexError/unknownParameter(_:type:)``.
    @discardableResult
    public func validated() throws(IndexError) -> IndexSpecification {
        guard Self.isUsable(name: name) else { throw .unusableName(name) }
        guard IndexType.creatable.contains(type) else { throw .typeUnavailable(type) }
        let known: Set<String> = type == .ivfflat || type == .ivfpq ? ["nlist", "nprobe", "m", "bits", "rerank"] : []
        if let parameter = parameters.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unknownParameter(parameter, type: type)
        }
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
