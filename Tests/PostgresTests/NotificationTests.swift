import Faults
import Postgres
import TestSupport
import Testing

@Suite struct NotificationTests {
    let database: TestDatabase
    let sender: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        sender = try database.connect()
    }

    private func notify(_ payload: String) throws {
        try sender.execute("select pg_notify('Odd \"channel\"', \(payload))")
    }

    @Test func `a notification arrives, and only one's own channel's`() throws {
        let connection = try database.connect()
        try connection.listen("Odd \"channel\"")
        #expect(try connection.waitForNotification(timeout: .zero) == nil)
        try sender.execute("notify other")
        try notify("first")
        try notify("second")
        let first = try #require(try connection.waitForNotification(timeout: .seconds(60)))
        #expect(first.channel == "Odd \"channel\"")
        #expect(first.payload == "first")
        #expect(first.processID == sender.serverProcessID)
        #expect(try connection.waitForNotification(timeout: .seconds(60))?.payload == "second")
        #expect(try connection.waitForNotification(timeout: .milliseconds(1)) == nil)
    }

    @Test func `a stream of notifications misses none after it was made`() async throws {
        let notifications = try await Notifications(database.target, channels: ["Odd \"channel\"", "b"])
        for number in 1...100 { try notify("\(number)") }
        try sender.execute("notify b")
        var payloads: [String] = []
        for try await notification in notifications {
            if notification.channel == "b" { break }
            payloads.append(notification.payload)
        }
        #expect(payloads == (1...100).map { "\($0)" })
        #expect(try await notifications.next(timeout: .zero) == nil)
    }

    @Test func `a stream ends when its task is cancelled`() async throws {
        let notifications = try await Notifications(database.target, channels: ["a"])
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            var count = 0
            for try await _ in notifications {
                count += 1
                arrival.yield()
            }
            return count
        }
        try sender.execute("notify a")
        for await _ in arrivals { break }
        task.cancel()
        #expect(try await task.value == 1)
    }

    @Test func `a stream throws when its connection is lost`() async throws {
        let notifications = try await Notifications(database.target, channels: ["a"])
        try sender.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'likeness listener' and datname = current_database()"
        )
        let error = await #expect(throws: PostgresError.self) {
            for try await _ in notifications {}
        }
        #expect(error?.recovery == .retryLater)
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
