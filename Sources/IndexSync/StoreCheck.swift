import Catalog
import Faults
import Postgres
import SystemPackage
import VectorIndexes

/// Something in which the index files of a model differ from the catalog, or from themselves.
public struct Difference: Sendable, Equatable, Encodable {
    /// The model's name.
    public let model: String
    /// A file, an index or the ids that are concerned.
    public let subject: String
    /// What differs, in one line.
    public let what: String
}

/// What a check looked at and found.
public struct CheckReport: Sendable, Equatable, Encodable {
    /// Embeddings of the catalog that were compared, value by value.
    public var compared = 0
    /// Changes that the index files have not seen, which count as no difference.
    public var pending = 0
    /// What differs; empty when catalog and files agree.
    public var differences: [Difference] = []
}

/// Holds the index files of one model against the catalog: the same ids, the same vectors, sound checksums, every index
/// built, and each of some sampled pictures found at distance 0.
///
/// Blocking, on the thread of the connection. Reads every vector twice: from PostgreSQL and from the files.
struct StoreCheck {
    private static let sampledQueries = 20
    private static let namedIDs = 5

    let catalog: Catalog
    let model: StoredModel
    let folder: FilePath

    func run() throws -> CheckReport {
        let store: VectorStore
        do {
            guard let opened = try VectorStore.open(folder) else {
                return CheckReport(differences: [
                    difference(printableName(folder), "has no index files; build them: likeness sync --once")
                ])
            }
            store = opened
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            return CheckReport(differences: [difference(printableName(folder), error.message)])
        }
        var report = try catalog.connection.transaction(.repeatableReadOnly) { try compareRows(store) }
        report.differences += try store.verify().map { difference(printableName($0.file), $0.what) }
        report.differences += try compareIndexes(store)
        return report
    }

    /// Everything is read in one snapshot; what changed since the position of the files is left out.
    private func compareRows(_ store: VectorStore) throws -> CheckReport {
        guard let position = store.manifest.position.flatMap({ FeedPosition($0.text) }) else {
            return CheckReport(differences: [difference(printableName(folder), "says no position in the feed")])
        }
        let step: FeedStep
        do {
            step = try catalog.changes(model: model.id, after: position, limit: Int(Int32.max) - 1)
            try catalog.requireReached(position)
        } catch let error as CatalogError where error.recovery == .rebuildIndex {
            return CheckReport(differences: [difference(printableName(folder), error.message)])
        }
        let comparison = RowComparison(
            store: store, unseen: Set(step.changes.map { VectorID(rawValue: $0.image.rawValue) }))
        _ = try catalog.allEmbeddings(model: model.id) { image, vector in
            comparison.compare(VectorID(rawValue: image.rawValue), LittleEndianFloats(bytes: vector))
        }
        comparison.finish()
        var report = CheckReport(compared: comparison.compared, pending: step.changes.count)
        let findings = [
            (comparison.missing, "are in the catalog and not in the files"),
            (comparison.different, "have another vector in the files than in the catalog"),
            (comparison.extra, "are in the files and not in the catalog"),
        ]
        for (ids, what) in findings where !ids.isEmpty {
            report.differences.append(difference(Self.name(ids), "\(ids.count) rows " + what))
        }
        return report
    }

    private func compareIndexes(_ store: VectorStore) throws -> [Difference] {
        let wanted = try catalog.indexes(model: model.id).map(\.name)
        let built = store.manifest.indexes.map(\.specification.name)
        var differences = wanted.filter { !built.contains($0) }.map {
            difference("index \($0)", "is wanted by the catalog and not built: likeness sync --once")
        }
        differences += built.filter { !wanted.contains($0) }.map {
            difference("index \($0)", "is built and no longer wanted: likeness sync --once")
        }
        for name in built { differences += try compareAnswers(of: name, store) }
        return differences
    }

    /// Asks for some rows by their own vectors, spread over all of them.
    private func compareAnswers(of name: String, _ store: VectorStore) throws -> [Difference] {
        var index: any SearchableIndex
        do {
            index = try store.index(named: name)
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            return [difference("index \(name)", error.message)]
        }
        // What is checked is that each row can be reached, not how far queries look.
        if let tunable = index as? any TunableIndex {
            index = tunable.with(parameters: ["efSearch": 1_000, "nprobe": .max, "rerank": 1_000])
        }
        let ids = store.liveIDs()
        guard index.count == ids.count else {
            return [difference("index \(name)", "reaches \(index.count) rows of \(ids.count)")]
        }
        let sample = stride(from: 0, to: ids.count, by: max(1, ids.count / Self.sampledQueries)).map { ids[$0] }
        var lost: [VectorID] = []
        for id in sample {
            guard let vector = store.vector(of: id) else { continue }
            if try index.search(vector, k: 10).first?.first?.distance != 0 { lost.append(id) }
        }
        return lost.isEmpty ? [] : [difference("index \(name)", "does not find \(Self.name(lost)) at distance 0")]
    }

    private func difference(_ subject: String, _ what: String) -> Difference {
        Difference(model: model.name, subject: subject, what: what)
    }

    private static func name(_ ids: [VectorID]) -> String {
        let named = ids.prefix(namedIDs).map { "\($0.rawValue)" }.joined(separator: ", ")
        return "images \(named)" + (ids.count > namedIDs ? ", …" : "")
    }
}

/// Compares rows of the catalog, which come one after the other, with those of a store.
private final class RowComparison {
    private let store: VectorStore
    private let unseen: Set<VectorID>
    private var found: Set<VectorID> = []
    private(set) var compared = 0
    private(set) var missing: [VectorID] = []
    private(set) var different: [VectorID] = []
    private(set) var extra: [VectorID] = []

    /// - Parameter unseen: rows that changed since the store was published.
    init(store: VectorStore, unseen: Set<VectorID>) {
        self.store = store
        self.unseen = unseen
    }

    func compare(_ id: VectorID, _ vector: LittleEndianFloats) {
        guard !unseen.contains(id) else { return }
        compared += 1
        found.insert(id)
        switch store.withVector(of: id, { row in row.elementsEqual(vector) { $0.bitPattern == $1.bitPattern } }) {
        case true?: break
        case false?: different.append(id)
        case nil: missing.append(id)
        }
    }

    /// After the last row: what the store has beyond them.
    func finish() {
        extra = store.liveIDs().filter { !found.contains($0) && !unseen.contains($0) }
    }
}
