import FoundationEssentials
import Postgres

extension Catalog {
    /// Asks every store for a new generation of an index; each builds it at its next step.
    ///
    /// - Throws: ``CatalogError/noSuchIndex(name:known:)``.
    @discardableResult
    public func requestRebuild(index name: String) throws -> StoredIndex {
        try change(
            name,
            """
            update likeness.vector_indexes v set rebuild_requested_at = clock_timestamp()
            where v.name = \(name) returning \(Self.indexColumns)
            """)
    }

    /// Replaces what was asked for by name.
    ///
    /// Numbers that only queries use (nprobe, efSearch, rerank) hold as soon as a store looks; others with its next
    /// generation.
    ///
    /// - Throws: ``CatalogError/noSuchIndex(name:known:)``.
    @discardableResult
    public func setParameters(index name: String, to parameters: [String: Int]) throws -> StoredIndex {
        try change(
            name,
            """
            update likeness.vector_indexes v set parameters = \(JSON(numbers: parameters))
            where v.name = \(name) returning \(Self.indexColumns)
            """)
    }

    /// Changes a row and tells the stores of its model to look.
    private func change(_ name: String, _ statement: SQL) throws -> StoredIndex {
        let changed = try connection.transaction {
            guard let row = try connection.firstRow(statement) else { return StoredIndex?.none }
            let index = try Self.index(row)
            try connection.execute("select pg_notify('likeness_embeddings', \("\(index.model)"))")
            return index
        }
        if let changed { return changed }
        throw CatalogError.noSuchIndex(name: name, known: try indexes().map(\.name))
    }
}

extension StoredIndex {
    /// ``parameters`` as numbers by name.
    ///
    /// - Throws: ``CatalogError/unreadableParameters(index:text:)`` when somebody wrote something else there by hand.
    public func numbers() throws(CatalogError) -> [String: Int] {
        guard let numbers = parameters.numbers else {
            throw .unreadableParameters(index: name, text: parameters.text)
        }
        return numbers
    }
}

extension JSON {
    /// An object of whole numbers, its keys in order: `{"nlist":100,"nprobe":8}`.
    public init(numbers: [String: Int]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Text and whole numbers can always be encoded.
        self.init((try? encoder.encode(numbers)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }

    /// The numbers of an object that holds nothing but whole numbers; nil for anything else.
    public var numbers: [String: Int]? { try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) }
}
