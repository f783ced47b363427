/// What was waited for did not come about in time.
public struct NotInTime: Error, CustomStringConvertible {
    /// What was waited for.
    public let description: String

    /// Says what was waited for.
    public init(description: String) { self.description = description }
}

/// Waits until something is so, and looks again and again; the deadline is for tests that fail.
///
/// - Parameter explanation: what else may help to understand why it is not so.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), explanation: () -> String = { "" },
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now > deadline {
            throw NotInTime(description: "not within \(limit): \(what) \(explanation())")
        }
        // Others want the two cores meanwhile.
        try await Task.sleep(for: .milliseconds(5))
    }
}
