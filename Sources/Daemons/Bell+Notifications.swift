import Postgres

extension Bell {
    /// Rings whenever PostgreSQL notifies a channel, and after each connecting, until the task is cancelled.
    ///
    /// Loses nothing but time when PostgreSQL is away: whoever waits for the bell looks now and then anyway, meets the same
    /// trouble, and tells of it.
    public func ring(
        onNotificationsOf channel: String, from target: ConnectionTarget, as applicationName: String,
        _ backoff: Backoff
    ) async {
        var random = SystemRandomNumberGenerator()
        var attempts = 0
        while !Task.isCancelled {
            do {
                let notifications = try await Notifications(
                    target, channels: [channel], applicationName: applicationName)
                attempts = 0
                ring()
                for try await _ in notifications { ring() }
            } catch {
                attempts += 1
                try? await Task.sleep(for: backoff.delay(after: attempts, using: &random))
            }
        }
    }
}
