import Catalog
import Faults
import FoundationEssentials
import Glibc
import Postgres
import SystemPackage
import VectorIndexes

/// Brings the index files of one model up to the catalog: what is not there yet is built, what changed is applied.
///
/// It works in bounded steps, each of which ends in a publication with the position that it reached; whatever kills it
/// between two loses nothing. Blocking, on the thread of the connection.
struct StoreFollower {
    /// Changes in a step: with 2048 dimensions 32 MiB of vectors.
    private static let changesInStep = 4096
    /// Rows gathered before they are appended: 2 MiB.
    private static let rowsInAppend = 256

    let catalog: Catalog
    let model: StoredModel
    let folder: FilePath

    private var identity: StoreIdentity { StoreIdentity(following: model) }

    /// Applies everything that can be seen when it begins.
    ///
    /// - Parameter reason: why everything is read anew; nil when changes will do.
    func follow(rebuildingBecause reason: String? = nil) throws -> SyncOutcome {
        let start = ContinuousClock.now
        let existing = try existingStore()
        let store = existing.store ?? UUID()
        let (fence, known) = try catalog.lockStore(
            store, model: model.id, host: hostName(), folder: printableName(folder), atLeast: existing.fence)
        defer { try? catalog.unlockStore(store, model: model.id) }

        var outcome = SyncOutcome(model: model.name)
        let wentBack = (known ?? 0) < existing.fence ? "the database is in an earlier state than the files" : nil
        if let reason = reason ?? existing.rebuildReason ?? wentBack {
            try rebuild(store, fence: fence, reason: reason, &outcome)
        } else {
            do {
                try applyChanges(store, fence: fence, &outcome)
            } catch let error as CatalogError where error.recovery == .rebuildIndex {
                try rebuild(store, fence: fence, reason: error.message, &outcome)
            }
        }
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        return outcome
    }

    private struct Existing {
        var store: UUID?
        var fence: UInt64 = 0
        /// Why the files are of no use; nil when they are or when there are none.
        var rebuildReason: String?
    }

    /// What is in the folder; damaged files are replaced, for everything in them comes from the catalog.
    private func existingStore() throws -> Existing {
        let opened: VectorStore?
        do {
            opened = try VectorStore.open(folder)
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            // The manifest may be sound although another file is not: its fencing number must be exceeded.
            let manifest = try StoreWriter.publishedManifest(in: folder)
            return Existing(store: manifest?.store, fence: manifest?.fence ?? 0, rebuildReason: error.message)
        }
        guard let manifest = opened?.manifest else { return Existing() }
        let isOurs = manifest.identity == identity
        return Existing(
            store: manifest.store, fence: manifest.fence,
            rebuildReason: isOurs ? nil : "the files are of another model: \(manifest.identity.modelIdentity)")
    }

    private func applyChanges(_ store: UUID, fence: UInt64, _ outcome: inout SyncOutcome) throws {
        let writer = try StoreWriter.open(folder, identity: identity, fence: fence, store: store)
        defer { writer.close() }
        try matchIndexes(writer, &outcome)
        guard let reached = writer.manifest.position else { return try loadAll(writer, &outcome) }
        var position = try feedPosition(reached)
        while try !applyStep(after: &position, to: writer, &outcome) {}
        outcome.rows = writer.liveCount
    }

    /// One bounded step; whether it was the last.
    private func applyStep(
        after position: inout FeedPosition, to writer: StoreWriter, _ outcome: inout SyncOutcome
    ) throws -> Bool {
        let step = try catalog.changes(model: model.id, after: position, limit: Self.changesInStep)
        try apply(Set(step.changes.map(\.image)), to: writer, &outcome)
        try publish(writer, at: step.position, outcome)
        position = step.position
        return step.isComplete
    }

    private func rebuild(_ store: UUID, fence: UInt64, reason: String, _ outcome: inout SyncOutcome) throws {
        let writer = try StoreWriter.rebuild(folder, identity: identity, fence: fence, store: store)
        defer { writer.close() }
        outcome.rebuiltBecause = reason
        try matchIndexes(writer, &outcome)
        try loadAll(writer, &outcome)
    }

    /// Reads every embedding in one snapshot, and takes that snapshot for the position.
    private func loadAll(_ writer: StoreWriter, _ outcome: inout SyncOutcome) throws {
        let rows = GatheredRows(dimension: model.dimension, capacity: Self.rowsInAppend)
        let position = try catalog.allEmbeddings(model: model.id) { image, vector in
            rows.append(image, vector)
            if rows.isFull { try rows.move(to: writer) }
        }
        try rows.move(to: writer)
        outcome.added += rows.moved.count
        try publish(writer, at: position, outcome)
        outcome.rows = writer.liveCount
    }

    /// Applies the present state of some pictures: those that have an embedding get it, the others go.
    private func apply(_ images: Set<ImageID>, to writer: StoreWriter, _ outcome: inout SyncOutcome) throws {
        let rows = GatheredRows(dimension: model.dimension, capacity: Self.rowsInAppend)
        try catalog.embeddings(of: images.sorted(), model: model.id) { image, vector in
            rows.append(image, vector)
            if rows.isFull { try rows.move(to: writer) }
        }
        try rows.move(to: writer)
        outcome.added += rows.moved.count
        let gone = images.subtracting(rows.moved).map { VectorID(rawValue: $0.rawValue) }
        outcome.removed += try writer.remove(gone)
    }

    /// Builds and drops indexes until the store has those that the catalog wants.
    private func matchIndexes(_ writer: StoreWriter, _ outcome: inout SyncOutcome) throws {
        let wanted = try catalog.indexes(model: model.id)
        for entry in writer.manifest.indexes where !wanted.contains(where: { $0.name == entry.specification.name }) {
            try writer.drop(named: entry.specification.name)
            outcome.dropped.append(entry.specification.name)
        }
        for index in wanted
        where !writer.manifest.indexes.contains(where: { $0.specification.name == index.name }) {
            guard let type = IndexType(rawValue: index.type.rawValue) else { continue }
            try writer.add(IndexSpecification(name: index.name, type: type))
            outcome.built.append(index.name)
        }
    }

    /// Records the position in the catalog, which makes the transactions it names durable, and then publishes it.
    private func publish(_ writer: StoreWriter, at position: FeedPosition, _ outcome: SyncOutcome) throws {
        let store = writer.manifest.store
        try catalog.record(
            IndexStoreReport(
                store: store, model: model.id, host: hostName(), folder: printableName(folder), position: position))
        let manifest = try writer.publish(position: Position("\(position)"))
        for index in try catalog.indexes(model: model.id) where outcome.built.contains(index.name) {
            guard let built = manifest.indexes.first(where: { $0.specification.name == index.name }) else { continue }
            try catalog.record(
                IndexGenerationRecord(
                    index: index.id, store: store, generation: Int64(built.generation), state: .published,
                    reason: outcome.rebuiltBecause ?? "created", rows: manifest.liveCount))
        }
    }

    private func feedPosition(_ position: Position) throws -> FeedPosition {
        guard let position = FeedPosition(position.text) else {
            throw CatalogError.positionOfAnotherCatalog(have: position.text, need: try catalog.identity().rawValue)
        }
        return position
    }

    private func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Embeddings that wait to be appended, in one run of numbers.
private final class GatheredRows {
    private let dimension: Int
    private let capacity: Int
    private var waiting: [ImageID] = []
    private var vectors: [Float] = []
    /// What was appended.
    private(set) var moved: [ImageID] = []

    init(dimension: Int, capacity: Int) {
        self.dimension = dimension
        self.capacity = capacity
        vectors.reserveCapacity(capacity * dimension)
    }

    var isFull: Bool { waiting.count >= capacity }

    /// - Parameter bytes: little-endian float32, as the catalog stores a vector.
    func append(_ image: ImageID, _ bytes: UnsafeRawBufferPointer) {
        waiting.append(image)
        vectors.append(contentsOf: LittleEndianFloats(bytes: bytes))
    }

    func move(to writer: StoreWriter) throws {
        guard !waiting.isEmpty else { return }
        try writer.append(ids: waiting.map { VectorID(rawValue: $0.rawValue) }, vectors: vectors)
        moved += waiting
        waiting.removeAll(keepingCapacity: true)
        vectors.removeAll(keepingCapacity: true)
    }
}

/// The numbers in the bytes of a vector.
struct LittleEndianFloats: RandomAccessCollection {
    let bytes: UnsafeRawBufferPointer

    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count / 4 }

    subscript(index: Int) -> Float {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
}
