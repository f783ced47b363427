import FoundationEssentials
import Postgres

/// What the writer of a store says that it does.
public struct StoreActivity: Sendable, Hashable {
    /// Who writes now, in words; nil when nobody does, and the rest may be what a killed writer left behind.
    public let writer: String?
    /// What it does and why; nil when it only follows the catalog.
    public let activity: String?
    /// When it began with that.
    public let since: Timestamp?
    /// When it last said anything.
    public let lastSeen: Timestamp
}

extension Catalog {
    /// Says what the writer of a store does now; the time is that of the first time it said so.
    ///
    /// - Parameter activity: what is done, and after a colon how far it is; nil: it only follows the catalog.
    public func setActivity(_ activity: String?, store: UUID, model: ModelID) throws {
        try connection.execute(
            """
            update likeness.index_stores set activity = \(activity), last_seen = now(),
                activity_since = case
                    when \(activity) is null then null
                    when split_part(activity, ':', 1) = split_part(\(activity), ':', 1) then activity_since
                    else now()
                end
            where store = \(store) and model = \(model)
            """)
    }

    /// What the writer of a store does; nil for a store that the catalog does not know.
    public func activity(store: UUID, model: ModelID) throws -> StoreActivity? {
        let row = try connection.firstRow(
            """
            select activity, activity_since, last_seen from likeness.index_stores
            where store = \(store) and model = \(model)
            """)
        guard let row else { return nil }
        return StoreActivity(
            writer: try lockHolder(store, model), activity: try row["activity"], since: try row["activity_since"],
            lastSeen: try row["last_seen"])
    }

    /// Marks as cancelled the trainings that a writer of the store left when it ended; for the writer that comes after it.
    public func endTrainings(store: UUID) throws {
        try connection.execute(
            """
            update likeness.index_generations set state = 'cancelled', reason = reason || '; its writer ended'
            where store = \(store) and state = 'training'
            """)
    }
}
