import Faults
import Postgres
import SystemPackage
import TestSupport
import Testing

/// What errors say, and what they keep to themselves.
@Suite struct WordsTests {
    @Test func `an old server is refused by its version`() {
        #expect(refusal(ofServerVersion: 150_000) == nil)
        #expect(refusal(ofServerVersion: 180_001) == nil)
        #expect(refusal(ofServerVersion: 140_012)?.message == "the server is PostgreSQL 14.12, not 15 or newer")
        #expect(refusal(ofServerVersion: 90_624)?.message == "the server is PostgreSQL 9.6.24, not 15 or newer")
        #expect(refusal(ofServerVersion: 140_012)?.exitStatus == .databaseUnreachable)
    }

    @Test func `a server that is not there is unreachable, for the time being`() throws {
        let folder = try TemporaryFolder()
        let target = ConnectionTarget.socket(directory: folder.path.string, database: "d", user: "u")
        let error = #expect(throws: PostgresError.self) { try Connection(target) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.recovery == .retryLater)
        #expect(error?.exitStatus == .databaseUnreachable)
        #expect(error?.message.contains("No such file or directory") == true)
        #expect(error?.hint == "Check that the server runs there: pg_isready -d '\(target.url)'")
    }

    @Test func `a server that refuses is no reason to try again`() throws {
        let target = try TestServer.shared.administrationTarget()
        let error = #expect(throws: PostgresError.self) { try Connection(target.with(database: "no such database")) }
        guard case .refused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.message.contains(#"database "no such database" does not exist"#) == true)
        #expect(error?.recovery == .askOperator)
        #expect(error?.exitStatus == .databaseUnreachable)
    }

    @Test func `a server of another user is not believed`() throws {
        let folder = try #require(try TestServer.shared.administrationTarget().value(of: "host"))
        let target = ConnectionTarget.socket(
            directory: folder, database: "likeness", user: "likeness", serverUser: "nobody")
        let error = #expect(throws: PostgresError.self) { try Connection(target) }
        guard case .refused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        ("25006", Recovery.askOperator, Faults.ExitStatus.cannotWrite), ("53100", .retryLater, .cannotWrite),
        ("53300", .retryLater, .failed), ("55P03", .retryLater, .tryAgain), ("40001", .retryLater, .tryAgain),
        ("40P01", .retryLater, .tryAgain), ("57014", .askOperator, .failed),
        ("57P01", .retryLater, .databaseUnreachable), ("08006", .retryLater, .databaseUnreachable),
        ("42P01", .askOperator, .failed), ("23505", .askOperator, .failed),
    ])
    func `what to do follows from the server's code`(
        sqlState: String, recovery: Recovery, exitStatus: Faults.ExitStatus
    ) {
        let error = ServerReport(sqlState: sqlState, message: "m").error
        #expect(error.sqlState == sqlState)
        #expect(error.recovery == recovery)
        #expect(error.exitStatus == exitStatus)
    }

    @Test func `an error is three lines`() {
        let report = ServerReport(
            sqlState: "42P01", message: "relation \"x\"\n does not exist", detail: "none\nof that name",
            hint: "Create it.",
            statement: "select *\n from x")
        #expect(
            report.error.description == """
                error: relation "x" does not exist
                detail: none of that name Statement: select * from x SQLSTATE 42P01.
                hint: Create it.
                """)
    }

    @Test func `data and passwords stay out of reports`() {
        let bytes = String(repeating: "ab", count: 100)
        let numbers = (0..<100).map { "0.\($0)" }.joined(separator: ",")
        let report = ServerReport(
            sqlState: "23514", message: "bad \\x\(bytes)",
            detail: "row (1, \\x\(bytes), {\(numbers)}, {1,2}, \\x0102) fails",
            statement: "alter role r PASSWORD 'geheim' valid until 'x'")
        #expect(report.message == "bad \\x…")
        #expect(report.detail == "row (1, \\x…, {…}, {1,2}, \\x0102) fails")
        #expect(report.statement == "alter role r PASSWORD '…'")
        let long = ServerReport(sqlState: nil, message: "m", statement: String(repeating: "select ", count: 1000))
        #expect((long.statement?.count ?? 0) <= 201)
    }
}
