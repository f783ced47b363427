/// How long to wait before the next attempt: twice as long each time, within limits, with chance in it so that many who
/// wait for the same server do not come back at the same moment.
public struct Backoff: Sendable, Equatable {
    /// The longest wait before the second attempt.
    public let first: Duration
    /// The longest wait of all.
    public let limit: Duration

    /// 0.1 to 30 seconds, unless told otherwise.
    public init(first: Duration = .milliseconds(100), limit: Duration = .seconds(30)) {
        self.first = first
        self.limit = limit
    }

    /// The wait after some failed attempts, at least one: between the half and the whole of first × 2^(attempts − 1), or
    /// of the limit where that is less.
    public func delay(after attempts: Int, using random: inout some RandomNumberGenerator) -> Duration {
        // From 2^40 on the limit holds in any case, and the product must not overflow.
        let whole = min(limit, first * (1 << min(max(1, attempts) - 1, 40)))
        // 53 random bits: a share from 0.5 on, below 1, of whatever the generator gives.
        return whole * (0.5 + Double(random.next() >> 11) * 0x1p-54)
    }
}

/// Something that does not work at present: since when, how often it was tried, when to try again.
public struct Trouble: Sendable {
    /// When it began.
    public let since: ContinuousClock.Instant
    /// Attempts that failed.
    public private(set) var attempts = 0
    /// When the last attempt failed.
    public private(set) var failedAt: ContinuousClock.Instant
    /// When to try again.
    public private(set) var retryAt: ContinuousClock.Instant

    /// Trouble that begins, before the first attempt is counted.
    public init(since: ContinuousClock.Instant) {
        self.since = since
        failedAt = since
        retryAt = since
    }

    /// One more attempt has failed.
    public mutating func failed(
        at now: ContinuousClock.Instant, _ backoff: Backoff, using random: inout some RandomNumberGenerator
    ) {
        attempts += 1
        failedAt = now
        retryAt = now + backoff.delay(after: attempts, using: &random)
    }

    /// The next attempt need not wait.
    public mutating func retryNow(_ now: ContinuousClock.Instant) { retryAt = now }
}
