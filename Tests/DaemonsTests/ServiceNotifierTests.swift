import Daemons
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct ServiceNotifierTests {
    @Test func `a manager hears of readiness, status and the end`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("notify").string
        let socket = try NotifySocket(path)
        let notifier = ServiceNotifier(variable: { $0 == "NOTIFY_SOCKET" ? path : nil }, processID: 1)
        notifier.ready()
        notifier.status("reading\neverything")
        notifier.isAlive()
        notifier.stopping()
        #expect(socket.received() == ["READY=1", "STATUS=reading everything", "STOPPING=1"])
    }

    @Test func `an abstract socket is spoken to as well`() throws {
        let name = "@likeness-tests-\(UInt64.random(in: 0 ... .max))"
        let socket = try NotifySocket(name)
        ServiceNotifier(variable: { $0 == "NOTIFY_SOCKET" ? name : nil }, processID: 1).ready()
        #expect(socket.received() == ["READY=1"])
    }

    @Test func `signs of life are given to a watchdog that waits for this process`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("notify").string
        let socket = try NotifySocket(path)
        let variables = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"]
        let ours = ServiceNotifier(variable: { variables[$0] }, processID: 42)
        #expect(ours.watchdogInterval == .seconds(3))
        ours.isAlive()
        let another = ServiceNotifier(variable: { variables[$0] }, processID: 43)
        #expect(another.watchdogInterval == nil)
        another.isAlive()
        #expect(socket.received() == ["WATCHDOG=1"])
    }

    @Test(arguments: [nil, "", "@", "relative", "/no/such/socket", "/" + String(repeating: "x", count: 200)])
    func `nobody who listens is no trouble`(path: String?) {
        let notifier = ServiceNotifier(variable: { $0 == "NOTIFY_SOCKET" ? path : nil }, processID: 1)
        notifier.ready()
        #expect(notifier.watchdogInterval == nil)
    }
}
