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
    /// Adds and drops indexes until the store has those that the catalog wants; shown with the next publication.
    ///
    /// One that was dropped and created again under its name, with another type or other parameters, is another one.
    package func match(_ wanted: [StoredIndex]) throws -> IndexMatch {
        var match = IndexMatch()
        var specifications: [IndexSpecification] = []
        for index in wanted {
            do {
                specifications.append(try IndexSpecification(index).validated())
            } catch let fault as any Fault {
                match.refused.append((index.name, fault))
            }
        }
        for entry in writer.manifest.indexes where !specifications.contains(entry.specification) {
            try writer.drop(named: entry.specification.name)
            match.dropped.append(entry.specification.name)
        }
        let present = Set(writer.manifest.indexes.map(\.specification.name))
        for specification in specifications where !present.contains(specification.name) {
            try writer.add(specification)
            match.added.append(specification.name)
            if specification.type == .flat { unannounced.insert(specification.name) }
        }
        return match
    }

    /// Makes a generation that was built beside the writer the one that answers, and publishes it.
    ///
    /// - Returns: false when nobody wants it any more.
    package func adopt(_ draft: GenerationDraft) throws -> Bool {
        guard try writer.adopt(draft) else { return false }
        try publish()
        return true
    }

    /// A job that builds what was planned over the rows as they are published.
    package func job(for plan: PlannedBuild) throws(IndexError) -> GenerationJob? {
        guard let published = try VectorStore.open(folder) else { return nil }
        return GenerationJob(
            plan.specification, generation: try writer.nextGeneration(of: plan.specification.name),
            remedy: plan.remedy, over: published)
    }

    /// Records what became of a generation, unless its index was dropped meanwhile.
    package func record(_ generation: IndexGenerationRecord) throws {
        do {
            try catalog.record(generation)
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

extension StoreSession {
    /// Records that a generation is being built; nil when its index was dropped meanwhile.
    func beginRecord(of job: GenerationJob, _ plan: PlannedBuild) throws -> IndexGenerationRecord? {
        let name = job.specification.name
        guard let index = try catalog.indexes(model: model.id).first(where: { $0.name == name }) else { return nil }
        let record = IndexGenerationRecord(
            index: index.id, store: store, generation: Int64(job.generation), state: .training, reason: plan.reason,
            rows: job.store.liveCount)
        try self.record(record)
        return record
    }

    /// Records that a generation answers from now on.
    func finishRecord(_ record: inout IndexGenerationRecord, _ draft: GenerationDraft, took time: Duration) throws {
        let built = draft.generation
        record.state = .published
        record.rows = built.rows
        record.nlist = built.parameters["nlist"]
        record.parameters = JSON(try parametersText(built.parameters))
        record.bytes = Int64(built.byteCount)
        record.seconds = time / .seconds(1)
        record.recallAt10 = built.recallAt10
        try self.record(record)
    }

    private func parametersText(_ parameters: [String: Int]) throws -> String {
        String(decoding: try JSONEncoder().encode(parameters), as: UTF8.self)
    }
}
