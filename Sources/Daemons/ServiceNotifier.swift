import Glibc

/// Tells the service manager how a daemon gets on: the datagrams of sd_notify(3).
///
/// Without a manager that listens, all calls do nothing; nobody's listening is no error either.
public struct ServiceNotifier: Sendable {
    private let socketPath: [UInt8]?
    /// How often the manager wants a sign of life at the least; nil when it wants none.
    public let watchdogInterval: Duration?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the environment.
    public init() {
        self.init(variable: { name in getenv(name).map { String(cString: $0) } }, processID: getpid())
    }

    /// Reads the variables of some environment.
    ///
    /// - Parameter processID: a watchdog that was set for another process is not ours.
    package init(variable: (String) -> String?, processID: Int32) {
        let socket = variable("NOTIFY_SOCKET").map { Array($0.utf8) } ?? []
        // An abstract socket is written with an @ where its name has a NUL.
        let isUsable = (socket.first == UInt8(ascii: "/") || socket.first == UInt8(ascii: "@")) && socket.count > 1
        socketPath = isUsable ? socket : nil
        let isOurs = variable("WATCHDOG_PID").flatMap { Int32($0) }.map { $0 == processID } ?? true
        let microseconds = variable("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        watchdogInterval = isOurs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// What it does is open to all from now on.
    public func ready() { send("READY=1") }
    /// It is about to end.
    public func stopping() { send("STOPPING=1") }
    /// It lives.
    public func isAlive() { if watchdogInterval != nil { send("WATCHDOG=1") } }
    /// What it does, for `systemctl status`; one line.
    public func status(_ text: String) { send("STATUS=" + text.split(separator: "\n").joined(separator: " ")) }

    private func send(_ message: String) {
        guard var path = socketPath else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path[0] == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        // A name in the file system ends with a NUL, which must fit as well.
        guard path.count + (isAbstract ? 0 : 1) <= capacity else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        let length = socklen_t(start + path.count + (isAbstract ? 0 : 1))
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }
}
