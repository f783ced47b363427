import Glibc

/// Wakes a thread that waits in poll(2), from any other: a pipe of which it polls the one end.
///
/// Once woken it stays so.
final class Waker: Sendable {
    /// What to poll for input.
    let descriptor: Int32
    private let writeEnd: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .connectionLost(reason: "no pipe to wait with: \(String(cString: strerror(errno)))", sqlState: nil)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(descriptor)
        Glibc.close(writeEnd)
    }

    func wake() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }
}
