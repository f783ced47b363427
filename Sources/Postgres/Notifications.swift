import NativeThreads

/// The notifications of some channels, as they come.
///
/// It has a connection and a thread of its own, both ended with the last reference. Once ``init(_:channels:applicationName:)``
/// has returned nothing is missed: look at the tables after that, then wait.
///
///     let notifications = try await Notifications(target, channels: ["likeness_changes"])
///     try await lookForChanges()
///     for try await _ in notifications { try await lookForChanges() }
///
/// For one task at a time. Ends when that task is cancelled; throws ``PostgresError/connectionLost(reason:sqlState:)`` when
/// the connection is lost, and then stays lost: make another, and look again.
public struct Notifications: AsyncSequence, Sendable {
    /// What comes.
    public typealias Element = Notification
    /// Why it ends early.
    public typealias Failure = PostgresError

    private let listener: Listener

    /// Connects and listens.
    public init(
        _ target: ConnectionTarget, channels: [String], applicationName: String = "likeness listener"
    ) async throws(PostgresError) {
        listener = Listener()
        try await listener.start(target, channels: channels, applicationName: applicationName)
    }

    /// The one who waits; there is one connection however many are made.
    public func makeAsyncIterator() -> Iterator { Iterator(listener: listener) }

    /// Waits for the next notification, at most for a time; nil when none came, or the task was cancelled.
    public func next(timeout: Duration) async throws(PostgresError) -> Notification? {
        try await listener.next(until: .now + timeout)
    }

    /// Waits for one notification after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let listener: Listener

        /// Waits for the next notification; nil when the task was cancelled.
        public mutating func next() async throws(PostgresError) -> Notification? {
            try await listener.next(until: nil)
        }

        /// Waits for the next notification; nil when the task was cancelled.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(PostgresError) -> Notification? {
            try await listener.next(until: nil)
        }
    }
}

/// Waits on its own thread for what one connection is told.
actor Listener {
    private let thread = NativeThreadExecutor(name: "pg-listen")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var connection: Connection?

    func start(_ target: ConnectionTarget, channels: [String], applicationName: String) throws(PostgresError) {
        let connection = try Connection(target, applicationName: applicationName)
        for channel in channels { try connection.listen(channel) }
        self.connection = connection
    }

    nonisolated func next(until deadline: ContinuousClock.Instant?) async throws(PostgresError) -> Notification? {
        let waker = try Waker()
        let outcome: Result<Notification?, PostgresError> = await withTaskCancellationHandler {
            await wait(until: deadline, waker: waker)
        } onCancel: {
            waker.wake()
        }
        return try outcome.get()
    }

    private func wait(
        until deadline: ContinuousClock.Instant?, waker: Waker
    ) -> Result<Notification?, PostgresError> {
        guard let connection else { return .success(nil) }
        do throws(PostgresError) {
            return .success(try connection.waitForNotification(until: deadline, waker: waker))
        } catch {
            return .failure(error)
        }
    }
}
