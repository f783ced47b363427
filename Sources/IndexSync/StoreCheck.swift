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

/// Holds the index files of one model against the catalog: the same ids, the same vectors, sound checksums, every live row
/// in every index that is built, and right answers for some sampled pictures, deleted ones among them.
///
/// An index that is not built yet is no difference: it answers from the rows.
///
/// Blocking, on the thread of the connection. Reads every vector twice: from PostgreSQL and from the files.
struct StoreCheck {
    private static let sampledQueries = 20
    /// Rows that each of them asks for.
    private static let neighbors = 10
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
        let damage = try store.verify()
        report.differences += damage.map { difference(printableName($0.file), $0.what) }
        report.differences += try compareIndexes(store, areRowsSound: damage.isEmpty)
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

    /// - Parameter areRowsSound: whether answers can be right.
    private func compareIndexes(_ store: VectorStore, areRowsSound: Bool) throws -> [Difference] {
        let wanted = try catalog.indexes(model: model.id).map(\.name)
        let built = store.manifest.indexes.map(\.specification.name)
        var differences = wanted.filter { !built.contains($0) }.map {
            difference("index \($0)", "is wanted by the catalog and not built: likeness sync --once")
        }
        differences += built.filter { !wanted.contains($0) }.map {
            difference("index \($0)", "is built and no longer wanted: likeness sync --once")
        }
        for name in built {
            let damage = try store.check(index: name)
            differences += damage.map { difference(printableName($0.file), $0.what) }
            if damage.isEmpty, areRowsSound { differences += try compareAnswers(of: name, store) }
        }
        return differences
    }

    /// Asks for some rows, spread over all of them, and for some deleted ones, by their own vectors.
    ///
    /// Whatever is found lives and is as far away as it should be, and nothing is missing at the end of an answer. Which rows
    /// are found is up to an approximate index; a flat one finds those that were asked for.
    private func compareAnswers(of name: String, _ store: VectorStore) throws -> [Difference] {
        let index: any SearchableIndex
        do {
            index = try store.index(named: name)
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            return [difference("index \(name)", error.message)]
        }
        let ids = store.liveIDs()
        guard index.count == ids.count else {
            return [difference("index \(name)", "reaches \(index.count) rows of \(ids.count)")]
        }
        let sample = stride(from: 0, to: ids.count, by: max(1, ids.count / Self.sampledQueries)).map { ids[$0] }
        var lost: [VectorID] = []
        var wrong: [VectorID] = []
        for id in sample {
            guard let vector = store.vector(of: id) else { continue }
            let answer = try index.search(vector, k: Self.neighbors).first ?? []
            if try !isRight(answer, for: vector, store) { wrong.append(id) }
            if index.specification.type == .flat, answer.first?.distance != 0 { lost.append(id) }
        }
        var differences: [Difference] = []
        if !lost.isEmpty {
            differences.append(difference("index \(name)", "does not find \(Self.name(lost)) at distance 0"))
        }
        if !wrong.isEmpty {
            differences.append(
                difference("index \(name)", "gives wrong rows or distances when asked for \(Self.name(wrong))"))
        }
        let misled = try store.deletedVectors(Self.sampledQueries).count { vector in
            try !isRight(try index.search(vector, k: Self.neighbors).first ?? [], for: vector, store)
        }
        if misled > 0 {
            differences.append(
                difference("index \(name)", "gives wrong rows or distances when asked for \(misled) deleted images"))
        }
        return differences
    }

    /// Whether an answer has as many rows as it should, each a live one at its exact distance, nearest first.
    private func isRight(_ answer: [Neighbor], for vector: [Float], _ store: VectorStore) throws -> Bool {
        guard answer.count == min(Self.neighbors, store.liveCount) else { return false }
        return try answer == store.exact.search(
            vector, k: Self.neighbors, filter: .among(Set(answer.map(\.id)))
        ).first ?? []
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
