/// Wakes one who waits; rung while he is awake it wakes him once more, however often it was rung.
struct Bell: Sendable {
    /// For one waiter.
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func ring() { continuation.yield() }

    /// Rings after a time.
    func ring(after delay: Duration) {
        let bell = self
        Task {
            try? await Task.sleep(for: delay)
            bell.ring()
        }
    }
}
