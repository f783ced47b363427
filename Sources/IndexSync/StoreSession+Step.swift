import Catalog
import Daemons
import Faults
import Postgres
import VectorIndexes

/// What one step did.
package struct StepReport: Sendable {
    /// The changes that were applied; empty when everything was read instead.
    package var changes: [FeedChange] = []
    /// Embeddings that were added or took the place of older ones.
    package var added = 0
    /// Rows that were deleted; those that were replaced are not among them.
    package var removed = 0
    /// Embeddings that no index can hold, because a number in them is not finite.
    package var unusable = 0
    /// Whether nothing more could be seen when the step was made.
    package var isComplete = false
    /// Whether readers see a new manifest.
    package var hasPublished = false
}

/// When a step publishes.
package enum Publishing: Sendable {
    /// Always: the position counts as well.
    case always
    /// Only when readers would find something else than before. Until then the position is held in memory, which is safe:
    /// it ends with the connection, as the transactions do that it has seen.
    case changes
}

extension StoreSession {
    /// Applies the next changes, or reads everything when that is what the store needs, and publishes the result.
    ///
    /// - Parameter limit: the most changes that are applied.
    /// - Throws: `CatalogError`, `PostgresError` or `IndexError`; forget the session then.
    package func step(limit: Int = changesInStep, publishing: Publishing = .changes) throws -> StepReport {
        guard let position else { return try readAll() }
        let step = try catalog.changes(model: model.id, after: position, limit: limit)
        var report = StepReport(changes: step.changes, isComplete: step.isComplete)
        try apply(Set(step.changes.map(\.image)), &report)
        self.position = step.position
        if publishing == .always || writer.hasChanges {
            try publish()
            report.hasPublished = true
        }
        return report
    }

    /// Publishes what was applied, with the position that was reached.
    ///
    /// The position is recorded in the catalog first, which makes the transactions it names durable.
    func publish() throws {
        guard let position else { return }
        try catalog.record(
            IndexStoreReport(
                store: store, model: model.id, host: WriterName.host, folder: printableName(folder), position: position)
        )
        try writer.publish(position: Position("\(position)"))
        try announce()
    }

    /// Reads every embedding in one snapshot, and takes that snapshot for the position.
    private func readAll() throws -> StepReport {
        let rows = GatheredRows(
            dimension: model.dimension, capacity: max(1, Self.bytesInReading / (4 * model.dimension)))
        position = try catalog.allEmbeddings(model: model.id) { image, vector in
            rows.append(image, vector)
            guard rows.isFull else { return }
            try interruption()
            try rows.move(to: writer)
        }
        try rows.move(to: writer)
        setAside.formUnion(rows.unusable)
        try publish()
        return StepReport(
            added: rows.moved.count, unusable: rows.unusable.count, isComplete: true, hasPublished: true)
    }

    /// Applies the present state of some pictures: those that have an embedding get it, the others go.
    func apply(_ images: Set<ImageID>, _ report: inout StepReport) throws {
        if images.isEmpty { return }
        let rows = GatheredRows(dimension: model.dimension, capacity: Self.rowsInAppend)
        try catalog.embeddings(of: images.sorted(), model: model.id) { image, vector in
            rows.append(image, vector)
            if rows.isFull { try rows.move(to: writer) }
        }
        try rows.move(to: writer)
        setAside.subtract(images)
        setAside.formUnion(rows.unusable)
        let gone = images.subtracting(rows.moved).map { VectorID(rawValue: $0.rawValue) }
        report.added += rows.moved.count
        report.unusable += rows.unusable.count
        report.removed += try writer.remove(gone)
    }
}
