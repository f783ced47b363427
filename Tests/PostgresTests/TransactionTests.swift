import Faults
import Postgres
import TestSupport
import Testing

@Suite struct TransactionTests {
    struct Stop: Error {}

    let database: TestDatabase
    let connection: Connection

    init() throws {
        database = try TestServer.shared.makeDatabase()
        connection = try database.connect()
        try connection.script("create table t (x int primary key deferrable initially deferred)")
    }

    /// What another connection sees.
    private func committed() throws -> [Int] {
        try database.connect().rows("select x from t order by x").map { try $0["x"] }
    }

    @Test func `what returns is committed`() throws {
        let value = try connection.transaction {
            try connection.execute("insert into t values (1)")
            #expect(try committed() == [])
            return "done"
        }
        #expect(value == "done")
        #expect(try committed() == [1])
    }

    @Test func `what throws is rolled back`() throws {
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.execute("insert into t values (1)")
                throw Stop()
            }
        }
        #expect(try committed() == [])
        try connection.transaction { try connection.execute("insert into t values (2)") }
        #expect(try committed() == [2])
    }

    @Test func `a nested one that throws takes back only its own`() throws {
        try connection.transaction {
            try connection.execute("insert into t values (1)")
            #expect(throws: PostgresError.self) {
                try connection.transaction {
                    try connection.execute("insert into t values (2)")
                    try connection.transaction { try connection.execute("insert into t values (3)") }
                    try connection.execute("select 1/0")
                }
            }
            try connection.transaction { try connection.execute("insert into t values (4)") }
        }
        #expect(try committed() == [1, 4])
    }

    @Test func `an error that the body ignores is not committed silently`() throws {
        #expect(throws: PostgresError.transactionAborted) {
            try connection.transaction {
                try connection.execute("insert into t values (1)")
                _ = try? connection.execute("select 1/0")
            }
        }
        #expect(throws: PostgresError.transactionAborted) {
            try connection.transaction {
                try connection.transaction { _ = try? connection.execute("select 1/0") }
            }
        }
        #expect(try committed() == [])
    }

    @Test func `an error of the commit itself is thrown`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { try connection.execute("insert into t values (1), (1)") }
        }
        #expect(error?.sqlState == "23505")
        #expect(try committed() == [])
        #expect(try connection.rows("select 1").count == 1)
    }

    @Test func `a body may not end its transaction by itself`() throws {
        #expect(throws: PostgresError.transactionEndedInside) {
            try connection.transaction { try connection.script("insert into t values (1); commit") }
        }
        #expect(throws: PostgresError.transactionEndedInside) {
            try connection.transaction { try connection.transaction { try connection.script("rollback") } }
        }
        try connection.transaction { try connection.execute("insert into t values (2)") }
        #expect(try committed() == [1, 2])
    }

    @Test func `one that only reads cannot write`() throws {
        for mode in [TransactionMode.readOnly, .repeatableReadOnly] {
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction(mode) { try connection.execute("insert into t values (1)") }
            }
            #expect(error?.sqlState == "25006")
        }
    }

    @Test func `one snapshot holds what it saw first`() throws {
        try connection.transaction(.repeatableReadOnly) {
            #expect(try connection.rows("select * from t").isEmpty)
            try database.connect().execute("insert into t values (1)")
            #expect(try connection.rows("select * from t").isEmpty)
        }
        #expect(try connection.rows("select * from t").count == 1)
    }

    @Test func `of two serializable ones that conflict one is to be done again`() throws {
        let other = try database.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction(.serializable) {
                _ = try connection.rows("select count(*) from t")
                try connection.execute("insert into t values (1)")
                try other.transaction(.serializable) {
                    _ = try other.rows("select count(*) from t")
                    try other.execute("insert into t values (2)")
                }
            }
        }
        #expect(error?.sqlState == "40001")
        #expect(error?.recovery == .retryLater)
        #expect(error?.exitStatus == .tryAgain)
    }

    @Test func `a lock that somebody holds is a reason to try again`() throws {
        let other = try database.connect()
        try other.transaction {
            try other.execute("lock table t in access exclusive mode")
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction { try connection.execute("lock table t nowait") }
            }
            guard case .lockNotAvailable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.recovery == .retryLater)
            #expect(error?.exitStatus == .tryAgain)
        }
    }

    @Test func `a database that takes no writes is named so`() throws {
        try connection.execute("alter database \(identifier: database.name) set default_transaction_read_only = on")
        let fresh = try database.connect()
        let error = #expect(throws: PostgresError.self) {
            try fresh.transaction { try fresh.execute("insert into t values (1)") }
        }
        guard case .readOnly = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.message == "the database is read-only: cannot execute INSERT in a read-only transaction")
        #expect(error?.exitStatus == .cannotWrite)
    }
}
