import Testing
import TestSupport
import Postgres

@Test func `smoke`() throws {
    let db = try TestServer.shared.makeDatabase()
    let c = try db.connect()
    #expect(try c.firstRow("select 1 + \(Int64(41)) as x")?["x", as: Int.self] == 42)
    print(db.target)
}
