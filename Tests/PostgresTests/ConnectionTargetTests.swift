import Faults
import Postgres
import Testing

@Suite struct ConnectionTargetTests {
    @Test(arguments: [
        ("postgresql://u:geheim@h:5433/d?sslmode=require", "postgresql://u@h:5433/d?sslmode=require"),
        ("host=h user=u password='ge heim' dbname=d", "postgresql://u@h/d"),
        ("postgres://", "postgresql://"),
        ("postgresql://h", "postgresql://h"),
        ("postgresql:///d?host=/run/x y&password=geheim", "postgresql:///d?host=/run/x%20y"),
        (
            "postgresql://u%40x@h1:1,h2:2/a%2Fb?target_session_attrs=any",
            "postgresql://u%40x@/a/b?host=h1%2Ch2&port=1%2C2&target_session_attrs=any"
        ),
        ("sslpassword=geheim host=h", "postgresql://h"),
    ])
    func `a target is shown as a URL without its password`(given: String, shown: String) throws {
        let target = try ConnectionTarget(url: given)
        #expect(target.url == shown)
        var dumped = ""
        dump(target, to: &dumped)
        for text in ["\(target)", String(reflecting: target), dumped] { #expect(!text.contains("heim"), "\(text)") }
        #expect(try ConnectionTarget(url: shown).url == shown)
    }

    @Test(arguments: [
        "postgresql://u:ge%zzheim@h/d", "postgres//u:geheim@h", "postgresql://u:geheim@h:x/d?geheim=1",
        "password=geheim x",
    ])
    func `a URL that is none is refused without showing its password`(given: String) {
        let error = #expect(throws: PostgresError.self) { try ConnectionTarget(url: given) }
        #expect(error?.exitStatus == .usage)
        #expect(error.map { "\($0)".contains("heim") } == false, "\(String(describing: error))")
    }

    @Test func `an unknown parameter is named`() {
        let error = #expect(throws: PostgresError.self) { try ConnectionTarget(url: "postgresql://h/d?sslmod=require") }
        #expect(error?.message == #"not a PostgreSQL URL: invalid URI query parameter: "sslmod""#)
    }

    @Test func `a socket is told by its folder, and by the user who must serve it`() throws {
        let target = ConnectionTarget.socket(directory: "/a b/run", database: "d", user: "u", serverUser: "postgres")
        #expect(target.url == "postgresql://u@/d?host=/a%20b/run&port=5432&requirepeer=postgres")
        #expect(try ConnectionTarget(url: target.url).url == target.url)
    }

    @Test func `another database on the same server`() throws {
        let target = try ConnectionTarget(url: "postgresql://u:geheim@h/d").with(database: "e?&")
        #expect(target.url == "postgresql://u@h/e%3F%26")
        #expect(target == (try ConnectionTarget(url: "postgresql://u:geheim@h/d")).with(database: "e?&"))
    }

    @Test func `the environment names a database or does not`() {
        #expect(!ConnectionTarget.isSet { _ in nil })
        #expect(!ConnectionTarget.isSet { ["PGHOST": "", "PGUSER": "u", "PGPASSWORD": "p"][$0] })
        for variable in ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPORT", "PGDATABASE"] {
            #expect(ConnectionTarget.isSet { $0 == variable ? "x" : nil })
        }
        let variables = ["PGHOST": "h", "PGDATABASE": "d", "PGPASSWORD": "geheim", "PGPORT": ""]
        #expect(ConnectionTarget.environment { variables[$0] }.url == "postgresql://h/d")
        #expect(ConnectionTarget.environment { _ in nil }.url == "postgresql://")
    }
}
