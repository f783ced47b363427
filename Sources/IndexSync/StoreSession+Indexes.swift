import Catalog
import Faults
import FoundationEssentials
import Postgres
import VectorIndexes

/// What became of the list of indexes.
package struct IndexMatch: Sendable {
    /// Names of indexes that were added; they are answered from the rows until they are built.
    package var added: [String] = []
    /// Names of indexes that were dropped.
    package var dropped: [String] = []
    /// Names of indexes whose queries use other numbers from the next publication on.
    package var changed: [String] = []
    /// Indexes of the catalog that cannot be, and why.
    package var refused: [(name: String, reason: any Fault)] = []
}

extension IndexSpecification {
    /// What a row of the catalog asks for.
    ///
    /// - Throws: ``SyncError/unreadableParameters(index:text:)``.
    package init(_ index: StoredIndex) throws(SyncError) {
        guard let type = IndexType(rawValue: index.type.rawValue),
            let parameters = try? JSONDecoder().decode([String: Int].self, from: Data(index.parameters.text.utf8))
        else { throw .unreadableParameters(index: index.name, text: index.parameters.text) }
        self.init(name: index.name, type: type, parameters: parameters)
    }
}

extension StoreSession {
    /// Adds, drops and changes indexes until the store has those that the catalog wants, as far as that needs no building;
    /// shown with the next publication.
    ///
    /// One that was dropped and created again under its name with another type is another one. Other numbers of the same
    /// type are a new generation, which is built while the present one answers; those that only queries use hold at once.
    package func match(_ wanted: [StoredIndex]) throws -> IndexMatch {
        var match = IndexMatch()
        var specifications: [IndexSpecification] = []
        for index in wanted {
            do {
                specifications.append(
                    try IndexSpecification(index).validated(dimension: writer.manifest.identity.dimension))
            } catch let fault as any Fault {
                match.refused.append((index.name, fault))
            }
        }
        for entry in writer.manifest.indexes.map(\.specification) {
            // What a person has written that cannot be is no reason to throw away what there is.
            if match.refused.contains(where: { $0.name == entry.name }) { continue }
            if specifications.contains(where: { $0.name == entry.name && $0.type == entry.type }) { continue }
            try writer.drop(named: entry.name)
            match.dropped.append(entry.name)
        }
        let present = Set(writer.manifest.indexes.map(\.specification.name))
        for specification in specifications {
            if present.contains(specification.name) {
                if try writer.apply(specification) { match.changed.append(specification.name) }
            } else {
                try writer.add(specification)
                match.added.append(specification.name)
                if specification.type == .flat { unannounced.insert(specification.name) }
            }
        }
        return match
    }

    /// Records what became of a generation, unless its index was dropped meanwhile.
    package func record(_ generation: IndexGenerationRecord) throws {
        try unlessDropped { try catalog.record(generation) }
    }

    /// Lets pass that a row cannot be written because its index was dropped meanwhile.
    func unlessDropped(_ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as PostgresError where error.sqlState == "23503" {
            return
        }
    }

    /// Records the generation of flat indexes that readers see from now on.
    func announce() throws {
        if unannounced.isEmpty { return }
        for index in try catalog.indexes(model: model.id) where unannounced.contains(index.name) {
            try record(
                IndexGenerationRecord(
                    index: index.id, store: store, generation: 1, state: .published,
                    reason: rebuildReason ?? "created", rows: writer.liveCount))
        }
        unannounced = []
    }
}
