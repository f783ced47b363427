import CLibPQ
import Glibc

/// A message of NOTIFY: a hint to look, which may come twice or, after a lost connection, not at all.
public struct Notification: Sendable, Equatable {
    /// What was listened to.
    public let channel: String
    /// What the sender said, empty when it said nothing; at most 8,000 bytes.
    public let payload: String
    /// The server process of the sender.
    public let processID: Int32
}

extension Connection {
    /// Asks for the notifications of a channel; they begin with the transactions that commit after this.
    public func listen(_ channel: String) throws(PostgresError) {
        try execute("listen \(identifier: channel)")
    }

    /// Waits for the next notification; nil when none came in time.
    ///
    /// None comes while a transaction is open.
    ///
    /// - Parameter timeout: zero looks without waiting.
    /// - Throws: ``PostgresError/connectionLost(reason:sqlState:)``.
    public func waitForNotification(timeout: Duration) throws(PostgresError) -> Notification? {
        try waitForNotification(until: .now + timeout, waker: nil)
    }

    /// Waits for the next notification; nil when none came until the deadline (nil: for ever), or the waker woke it.
    func waitForNotification(
        until deadline: ContinuousClock.Instant?, waker: Waker?
    ) throws(PostgresError) -> Notification? {
        while true {
            guard PQconsumeInput(handle) == 1 else { throw connectionFailure() }
            if let notification = receivedNotification() { return notification }
            if isLost { throw connectionFailure() }
            switch try awaitInput(until: deadline, waker: waker) {
            case .input: continue
            case .nothing: return nil
            }
        }
    }

    private enum Readiness { case input, nothing }

    private func awaitInput(
        until deadline: ContinuousClock.Instant?, waker: Waker?
    ) throws(PostgresError) -> Readiness {
        let socket = PQsocket(handle)
        guard socket >= 0 else { throw connectionFailure() }
        // poll leaves out a descriptor of -1.
        var polled = [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            pollfd(fd: waker?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let ready = poll(&polled, 2, deadline.map { milliseconds(until: $0) } ?? -1)
            if ready < 0 {
                if errno == EINTR { continue }
                throw .connectionLost(reason: String(cString: strerror(errno)), sqlState: nil)
            }
            if polled[1].revents != 0 { return .nothing }
            if polled[0].revents != 0 { return .input }
            // A wait of more than 24 days comes back early, for poll counts milliseconds in 32 bits.
            if let deadline, deadline <= .now { return .nothing }
        }
    }

    private func receivedNotification() -> Notification? {
        guard let received = PQnotifies(handle) else { return nil }
        defer { PQfreemem(received) }
        return Notification(
            channel: String(cString: received.pointee.relname), payload: String(cString: received.pointee.extra),
            processID: received.pointee.be_pid)
    }
}

/// The whole milliseconds until a deadline, rounded up: rounding down would turn round in the last millisecond.
private func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = ContinuousClock.now.duration(to: deadline)
    if left <= .zero { return 0 }
    let (seconds, attoseconds) = left.components
    let milliseconds = attoseconds / 1_000_000_000_000_000 + 1
    return seconds > 2_000_000 ? Int32.max : Int32(clamping: seconds * 1000 + milliseconds)
}
