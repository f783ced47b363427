import Catalog
import FoundationEssentials
import Postgres
import VectorIndexes

/// Work that has begun, and its row in the catalog.
struct StartedWork {
    let work: PlannedWork
    let job: BackgroundJob
    /// Only generations have one while they are made.
    var record: IndexGenerationRecord?
    /// The indexes as they were then, by name: what a compaction replaces.
    let before: [String: Manifest.Index]
}

extension StoreSession {
    /// Opens what is needed for some work, and records that a generation is being built; nil when nobody wants it any more.
    ///
    /// - Parameter threads: that it may use.
    func begin(_ work: PlannedWork, threads: Int) throws -> StartedWork? {
        guard let published = try VectorStore.open(folder) else { return nil }
        let job: BackgroundJob
        var record: IndexGenerationRecord?
        switch work {
        case .build(let plan):
            guard let index = try storedIndexes().first(where: { $0.name == plan.specification.name }) else {
                return nil
            }
            let generation = GenerationJob(
                plan.specification, generation: try nextGeneration(of: index), remedy: plan.remedy, over: published,
                threads: threads)
            let begun = IndexGenerationRecord(
                index: index.id, store: store, generation: Int64(generation.generation), state: .training,
                reason: plan.reason, rows: published.liveCount)
            try self.record(begun)
            record = begun
            job = .generation(generation)
        case .trainSketches:
            job = .sketches(
                SketchJob(
                    over: published, generation: try writer.nextSketchGeneration(), threads: threads))
        case .compact:
            guard let compaction = try writer.compaction(threads: threads) else { return nil }
            job = .compaction(compaction)
        }
        let before = Dictionary(uniqueKeysWithValues: manifest.indexes.map { ($0.specification.name, $0) })
        return StartedWork(work: work, job: job, record: record, before: before)
    }

    /// A number that neither a file nor a row of the catalog has; but a try after one that failed takes its row.
    private func nextGeneration(of index: StoredIndex) throws -> Int {
        let next = try writer.nextGeneration(of: index.name)
        let last = try catalog.generations(of: index.id, store: store, limit: 1).first?.record
        guard let last else { return next }
        return max(next, Int(last.generation) + (last.state == .failed ? 0 : 1))
    }

    /// Makes what was made beside the writer part of what it publishes next.
    ///
    /// - Returns: false when nobody wants it any more, or there is nothing.
    /// - Throws: what loading and writing throw; then nothing has changed.
    func take(_ result: BackgroundResult) throws(IndexError) -> Bool {
        switch result {
        case .generation(let draft): try writer.adopt(draft)
        case .sketches(let draft?, _): try writer.adopt(draft)
        case .compaction(let draft): try writer.adopt(draft)
        case .sketches(nil, _), .measurement, .neighbors: false
        }
    }

    /// Records what was published of some work.
    func recordPublished(_ started: StartedWork, _ result: BackgroundResult, took time: Duration) throws {
        switch result {
        case .generation(let draft):
            guard var record = started.record else { return }
            record.state = .published
            describe(draft.generation, in: &record)
            record.seconds = time / .seconds(1)
            try self.record(record)
        case .sketches:
            try recordDecision(on: { $0.type == .flat }, "train_sketch", started.work.reason) { health in
                health.survivorShare = self.manifest.sketch?.survivorShare
            }
        case .compaction:
            for index in try storedIndexes() {
                guard let entry = manifest.indexes.first(where: { $0.specification.name == index.name }),
                    let built = entry.built, entry.generation != started.before[index.name]?.generation
                else { continue }
                var record = IndexGenerationRecord(
                    index: index.id, store: store, generation: Int64(entry.generation), state: .published,
                    reason: "compaction: " + started.work.reason, rows: built.rows)
                describe(built, in: &record)
                try self.record(record)
            }
            try recordDecision(on: { _ in true }, "compact", started.work.reason)
        case .measurement, .neighbors: return
        }
    }

    /// Records that some work came to nothing.
    ///
    /// - Parameter why: put behind the reason of work, or in the place of that of a generation that failed.
    func recordUnpublished(_ started: StartedWork, _ state: IndexGenerationRecord.State, _ why: String) throws {
        if var record = started.record {
            record.state = state
            record.reason = state == .failed ? why : record.reason + "; " + why
            return try self.record(record)
        }
        let reason = started.work.reason + "; \(state.rawValue): " + why
        switch started.work {
        case .build: return
        case .trainSketches: try recordDecision(on: { $0.type == .flat }, "train_sketch", reason)
        case .compact: try recordDecision(on: { _ in true }, "compact", reason)
        }
    }

    /// Records that sketches of so many rows would make no search cheaper, so that it is not tried again with these.
    func recordGainless(rows: Int, _ reason: String) throws {
        try recordDecision(
            on: { $0.type == .flat }, Self.gainless,
            reason + "; sketches of these \(rows) rows would make no search cheaper")
    }

    /// The word of the decision that sketches gain nothing.
    static let gainless = "no_sketch"

    private func recordDecision(
        on isConcerned: (StoredIndex) -> Bool, _ word: String, _ reason: String,
        _ complete: (inout IndexHealthRecord) -> Void = { _ in }
    ) throws {
        for index in try storedIndexes() where isConcerned(index) {
            guard let entry = manifest.indexes.first(where: { $0.specification.name == index.name }) else { continue }
            var health = health(of: index.id, entry)
            health.decision = .init(word, reason: reason)
            complete(&health)
            try record(health)
        }
    }

    /// What can be said of an index without measuring anything.
    func health(of index: IndexID, _ entry: Manifest.Index) -> IndexHealthRecord {
        IndexHealthRecord(
            index: index, store: store, generation: Int64(entry.generation), rows: manifest.liveCount,
            deadRows: manifest.deadCount, bytes: entry.built.map { Int64($0.byteCount) })
    }

    private func describe(_ built: Manifest.Generation, in record: inout IndexGenerationRecord) {
        record.rows = built.rows
        record.nlist = built.parameters["nlist"]
        record.parameters = JSON(numbers: built.parameters)
        record.bytes = Int64(built.byteCount)
        record.recallAt10 = built.recallAt10
    }

    private func storedIndexes() throws -> [StoredIndex] { try catalog.indexes(model: model.id) }
}
