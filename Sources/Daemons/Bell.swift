/// Wakes one who waits; rung while he is awake it wakes him once more, however often it was rung.
public struct Bell: Sendable {
    /// For one waiter.
    public let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A bell that nobody has rung.
    public init() { (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Wakes the waiter, or makes his next wait end at once.
    public func ring() { continuation.yield() }

    /// Rings after a time.
    public func ring(after delay: Duration) {
        let bell = self
        Task {
            try? await Task.sleep(for: delay)
            bell.ring()
        }
    }
}
