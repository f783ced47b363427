import SystemPackage
import TestSupport
import Testing

/// Commands that end before they need a database.
@Suite struct CommandLineTests {
    private let folder: TemporaryFolder
    private let likeness: LikenessBinary

    init() throws {
        folder = try TemporaryFolder(isReachableByAll: true)
        likeness = LikenessBinary(home: folder.path)
    }

    @Test func `help names every command and the exit statuses`() async throws {
        let run = try await likeness("--help")
        #expect(run.status == 0)
        for command in [
            "ingest", "watch", "roots", "query", "lineage", "calibrate", "sync", "index", "model", "migrate", "status",
            "verify",
            "doctor",
            "db", "bench",
        ] {
            #expect(run.output.contains("\n  \(command) "), "\(command) is missing")
        }
        #expect(run.output.contains("2 done, but some inputs failed"))
    }

    @Test(arguments: [
        (["ingest"], "Missing expected argument '<paths> ...'"),
        (["frobnicate"], "Unexpected argument 'frobnicate'"),
        (["ingest", "--home"], "Missing value for '--home <home>'"),
        (["sync", "--poll-interval", "often"], "The value 'often' is invalid for '--poll-interval"),
        (["index", "create", "x", "--type", "tree"], "'flat', 'hnsw', 'ivfflat' or 'ivfpq'"),
        (["status", "--format", "xml"], "'table', 'json' or 'csv'"),
        (
            ["index", "create", "x", "--type", "hnsw", "--retrain-every", "1 month"],
            "--retrain-every is a time such as 7d, 12h or '2 weeks', not 1 month"
        ),
        (
            ["index", "create", "x", "--type", "hnsw", "--min-recall", "95"],
            "--min-recall must be above 0 and at most 1, not 95.0"
        ),
        (["bench", "embed", "file", "--repetitions", "0"], "--repetitions must be 1 or more, not 0"),
    ])
    func `wrong usage is told in words and has status 64`(arguments: [String], words: String) async throws {
        let run = try await likeness.run(arguments)
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("error: ") && run.errors.contains("\nhint: likeness"), "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test func `a value in the environment that the flag cannot take is named with its variable`() async throws {
        let run = try await LikenessBinary(home: folder.path, environment: ["LIKENESS_FORMAT": "xml"])(
            "migrate", "--help")
        #expect(run.status == 0)
        let doctor = try await LikenessBinary(home: folder.path, environment: ["LIKENESS_FORMAT": "xml"])("doctor")
        #expect(doctor.status == 64)
        #expect(doctor.errors.contains("LIKENESS_FORMAT is \"xml\", not one of table, json, csv"))
    }

    @Test func `an index that no model can have is refused before the database is asked`() async throws {
        let run = try await likeness("index", "create", "graph", "--type", "hnsw", "--M", "3")
        #expect(run.status == 64)
        #expect(run.errors == "error: M must be from 4 to 128, not 3\n")
        let probes = try await likeness("index", "create", "x", "--type", "ivfpq", "--nlist", "10", "--nprobe", "11")
        #expect(probes.status == 64)
        #expect(probes.errors == "error: nprobe must be from 1 to 10, not 11\n")
        let lists = try await likeness("index", "create", "x", "--type", "flat", "--nlist", "100")
        #expect(lists.status == 64)
        #expect(lists.errors == "error: an index of type flat has no parameter \"nlist\"\ndetail: It has none.\n")
        let name = try await likeness("index", "create", "Big Index", "--type", "flat")
        #expect(name.status == 64)
        #expect(name.errors.contains("\"Big Index\" cannot name an index"))
    }

    @Test func `a query without a picture says what it needs`() async throws {
        let run = try await likeness("query")
        #expect(run.status == 64)
        #expect(run.errors == "error: a query needs an image file or --id\nhint: likeness query PICTURE.jpg\n")
    }

    @Test func `k outside of its range is refused with the range`() async throws {
        let run = try await likeness("query", "-k", "0", "x.jpg")
        #expect(run.status == 64)
        #expect(run.errors == "error: k must be from 1 to 10000, not 0\n")
    }

    @Test func `a database that is down has status 69 and no password in the words`() async throws {
        let run = try await likeness(
            "status", "--database-url", "postgresql://me:geheim@127.0.0.1:1/nothing?connect_timeout=2")
        #expect(run.status == 69)
        #expect(run.errors.hasPrefix("error: "))
        #expect(run.errors.contains("127.0.0.1"))
        #expect(!run.errors.contains("geheim"))
    }

    @Test func `a password with an at sign in it is not taken for a host and shown`() async throws {
        let run = try await likeness("db", "url", "--database-url", "postgresql://me:p@geheim@127.0.0.1/x")
        #expect(run.status != 0)
        #expect(run.errors.contains("write an @ in a password as %40"), "\(run.errors)")
        #expect(!(run.errors + run.output).contains("geheim"))
    }

    @Test func `an answer that cannot be written has status 73`() async throws {
        let run = try await likeness.shell("likeness doctor > /dev/full")
        #expect(run.status == 73)
        #expect(run.errors.contains("error: standard output cannot be written: no space left on device"))
    }

    @Test func `a URL that is none is told as such`() async throws {
        let run = try await likeness("status", "--database-url", "nonsense")
        #expect(run.status != 0)
        #expect(run.errors.hasPrefix("error: "), "\(run.errors)")
    }

    @Test func `doctor starts nothing and names what is there`() async throws {
        let run = try await likeness("doctor")
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        for word in ["libpq 15", "libjpeg-turbo 2.1", "oneDNN 2.6", "faiss 1.7.3", "cores", "not made yet"] {
            #expect(run.output.contains(word), "\(word) is missing in \(run.output)")
        }
    }

    @Test func `a home that cannot be written has status 73`() async throws {
        // Not even root can make a folder in /proc.
        let run = try await LikenessBinary(home: "/proc/likeness")("migrate")
        #expect(run.status == 73, "\(run.errors)")
        #expect(run.errors.contains("/proc/likeness"))
        #expect(run.errors.contains("hint: "))
    }
}
