import Faults
import Postgres
import TestSupport
import Testing

@Suite struct LostConnectionTests {
    let database: TestDatabase
    let executioner: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        executioner = try database.connect()
        try executioner.script("create table t (x int)")
    }

    /// Ends a server process and waits until it is gone.
    private func terminate(_ processID: Int32) throws {
        #expect(
            try executioner.firstRow("select pg_terminate_backend(\(processID), 60000) as done")?["done", as: Bool.self]
                == true)
    }

    @Test func `a connection that the server ended says so, and stays lost`() throws {
        let connection = try database.connect()
        try terminate(connection.serverProcessID)
        let error = #expect(throws: PostgresError.self) { try connection.rows("select 1") }
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.recovery == .retryLater)
        #expect(error?.exitStatus == .databaseUnreachable)
        #expect(connection.isLost)
        #expect(throws: PostgresError.self) { try connection.transaction {} }
    }

    @Test func `a transaction that is cut off is rolled back and says so`() throws {
        let connection = try database.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction {
                try connection.execute("insert into t values (1)")
                try terminate(connection.serverProcessID)
                try connection.execute("insert into t values (2)")
            }
        }
        #expect(error?.recovery == .retryLater)
        #expect(try executioner.rows("select * from t").isEmpty)
    }

    @Test func `a copy that is cut off says so, in either direction`() throws {
        let writing = try database.connect()
        let error = #expect(throws: PostgresError.self) {
            try writing.copyIn(into: "t", columns: ["x"]) { writer in
                for x in 0..<1_000_000 as Range<Int32> {
                    try writer.row(x)
                    if x == 100_000 { try terminate(writing.serverProcessID) }
                }
            }
        }
        #expect(error?.recovery == .retryLater)
        #expect(writing.isLost)

        let reading = try database.connect()
        var seen = 0
        let readError = #expect(throws: PostgresError.self) {
            try reading.copyOut("select repeat('x', 8000) from generate_series(1, 100000000)") { _ in
                seen += 1
                // Not waiting for its end: it sits on a full pipe until somebody reads on.
                if seen == 10 { try executioner.execute("select pg_terminate_backend(\(reading.serverProcessID))") }
            }
        }
        #expect(readError?.recovery == .retryLater)
    }

    @Test func `a database connects again at the next use`() async throws {
        let service = Database(database.target)
        let first = try await service.run { $0.serverProcessID }
        try terminate(first)
        let second = try await service.run { connection in
            try connection.execute("insert into t values (1)")
            return connection.serverProcessID
        }
        #expect(second != first)

        let executioner = database.target
        await #expect(throws: PostgresError.self) {
            try await service.transaction { connection in
                let other = try Connection(executioner)
                try other.execute("select pg_terminate_backend(\(connection.serverProcessID), 60000)")
                try connection.execute("insert into t values (2)")
            }
        }
        #expect(try await service.run { try $0.execute("insert into t values (3)") } == 1)
        #expect(try self.executioner.rows("select * from t").count == 2)
    }

    @Test func `a transaction left open does not reach the next use`() async throws {
        let service = Database(database.target)
        try await service.run { connection in
            try connection.script("begin; insert into t values (1)")
        }
        #expect(try await service.run { try $0.rows("select * from t").count } == 0)
    }

    @Test func `a database runs its work on one thread, which has a name`() async throws {
        let service = Database(database.target)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...50 {
                group.addTask {
                    try await service.transaction { connection in
                        try connection.firstRow("select \(number) as n")?["n", as: Int.self] ?? 0
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1275)
    }
}
