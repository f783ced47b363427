import Synchronization

/// Whether somebody has asked for the end.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)

    /// Nobody has asked yet.
    public init() {}

    /// Whether somebody has.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Asks for the end, for good.
    public func set() { flag.store(true, ordering: .releasing) }
}
