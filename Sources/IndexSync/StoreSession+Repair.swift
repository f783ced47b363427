import Catalog
import Postgres
import VectorIndexes

extension StoreSession {
    /// Compares the ids of catalog and store, applies what differs as if it had changed, and says how much that was: 0, as
    /// long as the feed tells of every change.
    ///
    /// Ids and the changes that are still to be applied are read in one snapshot, so that what is merely late is no
    /// difference. Vectors are not compared: `verify` does that.
    ///
    /// - Complexity: reads every id, 8 bytes each, and holds them all.
    package func repair() throws -> Int {
        guard let position else { return 0 }
        let (pending, embedded) = try catalog.connection.transaction(.repeatableReadOnly) {
            let step = try catalog.changes(model: model.id, after: position, limit: Int(Int32.max) - 1)
            return (Set(step.changes.map(\.image)), Set(try catalog.embeddedImages(model: model.id)))
        }
        let stored = Set(writer.liveIDs().map { ImageID(rawValue: $0.rawValue) })
        let differing = embedded.symmetricDifference(stored).subtracting(pending).subtracting(setAside).sorted()
        var report = StepReport()
        for start in stride(from: 0, to: differing.count, by: Self.changesInStep) {
            try interruption()
            try apply(Set(differing[start..<min(differing.count, start + Self.changesInStep)]), &report)
        }
        if writer.hasChanges { try publish() }
        return differing.count
    }
}
