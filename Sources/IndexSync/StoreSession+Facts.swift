import Catalog
import FoundationEssentials
import Postgres
import VectorIndexes

extension StoreSession {
    /// All that is known of the store now.
    ///
    /// - Parameters:
    ///   - wanted: the indexes of the model in the catalog.
    ///   - measured: what was last measured, by the names of indexes.
    package func facts(
        wanted: [StoredIndex], measured: [String: MeasuredIndex] = [:]
    ) throws -> StoreFacts {
        let manifest = manifest
        var facts = StoreFacts(manifest: manifest, indexes: [], now: Date())
        var databaseTime: Timestamp?
        func since(_ moment: Timestamp) throws -> Duration {
            let now = try databaseTime ?? catalog.now()
            databaseTime = now
            return .microseconds(max(0, now.microsecondsSince1970 - moment.microsecondsSince1970))
        }
        for entry in manifest.indexes {
            guard let stored = wanted.first(where: { $0.name == entry.specification.name }),
                let specification = try? IndexSpecification(stored).validated(
                    dimension: manifest.identity.dimension),
                specification.type == entry.specification.type
            else { continue }
            var index = StoreFacts.Index(wanted: specification)
            index.policy = (try? IndexPolicy(stored.policy)) ?? IndexPolicy()
            index.measured = measured[stored.name]
            index.damage = damageReasons[stored.name]
            if entry.built?.parameters["nlist"] != nil {
                let known = try history(of: stored.id, entry)
                index.firstImbalance = known.firstImbalance
                let published = known.parameters["nprobe"]
                index.isNprobeSettled =
                    specification.parameters["nprobe"] != nil
                    || published.map { ($0, entry.built?.parameters["nprobe"] ?? $0) }.map { $0 < $1 } ?? false
            }
            if let asked = stored.rebuildRequestedAt, try asked > begun(stored, entry) {
                index.rebuildRequested = try since(asked)
            }
            if entry.specification.type == .flat, let known = try gainlessSketches(of: stored.id),
                (stored.rebuildRequestedAt ?? .negativeInfinity) <= known.at
            {
                facts.rowsWithoutGain = known.rows
            }
            facts.indexes.append(index)
        }
        return facts
    }

    /// When the making of what answers now was begun, by the clock of the database.
    private func begun(_ index: StoredIndex, _ entry: Manifest.Index) throws -> Timestamp {
        if entry.specification.type == .flat {
            let gainless = try gainlessSketches(of: index.id)?.at ?? .negativeInfinity
            // Whole seconds, rounded down.
            let trained = manifest.sketch.map { Timestamp($0.builtAt, plus: 1) } ?? .negativeInfinity
            return max(gainless, trained)
        }
        guard entry.built != nil else { return .negativeInfinity }
        return try history(of: index.id, entry).startedAt
    }

    /// What the catalog knows of the generation that answers.
    private func history(of index: IndexID, _ entry: Manifest.Index) throws -> GenerationHistory {
        if var known = histories[index], known.generation == entry.generation {
            if known.firstImbalance == nil {
                known.firstImbalance = try catalog.firstImbalance(
                    of: index, store: store, generation: Int64(entry.generation))
                histories[index] = known
            }
            return known
        }
        let recorded = try catalog.generations(of: index, store: store, limit: 100)
            .first { $0.record.generation == Int64(entry.generation) }
        let history = GenerationHistory(
            generation: entry.generation, startedAt: recorded?.startedAt ?? Timestamp(entry.builtAt, plus: 1),
            parameters: recorded?.record.parameters.numbers ?? [:],
            firstImbalance: try catalog.firstImbalance(of: index, store: store, generation: Int64(entry.generation)))
        histories[index] = history
        return history
    }

    /// With how many rows sketches were last found to gain nothing, and when; nil when they were not.
    private func gainlessSketches(of index: IndexID) throws -> (rows: Int, at: Timestamp)? {
        if let known = gainless[index] { return known }
        let found = try catalog.lastHealth(of: index, store: store, decision: Self.gainless)
        let known = found.map { (rows: $0.record.rows, at: $0.measuredAt) }
        gainless[index] = .some(known)
        return known
    }
}

/// What the catalog remembers of a generation, which does not change.
struct GenerationHistory {
    let generation: Int
    let startedAt: Timestamp
    /// As it was published.
    let parameters: [String: Int]
    /// nil before it was measured.
    var firstImbalance: Double?
}

extension Timestamp {
    fileprivate init(_ date: Date, plus seconds: Int64) {
        self.init(seconds: Int64(date.timeIntervalSince1970.rounded(.down)) + seconds)
    }
}
