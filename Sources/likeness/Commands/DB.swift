import ArgumentParser
import Faults
import Glibc
import LocalCluster
import Postgres

struct DB: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Starts, stops and opens the database.",
        subcommands: [DBStart.self, DBStop.self, DBURL.self, DBPsql.self])
}

struct DBStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts the private PostgreSQL, and makes it the first time.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let cluster = try global.privateCluster()
        try cluster.start()
        StandardOutput.write("\(cluster.target.url)\n")
    }
}

struct DBStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stops the private PostgreSQL; what runs is rolled back.")

    @OptionGroup var global: GlobalOptions

    func run() async throws { try global.privateCluster().stop() }
}

struct DBURL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "url", abstract: "Prints what a PostgreSQL client connects to, without a password.")

    @OptionGroup var global: GlobalOptions

    func run() async throws { StandardOutput.write("\(try global.databaseChoice().target.url)\n") }
}

struct DBPsql: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql",
        abstract: "Opens psql on the database; what follows -- goes to psql.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Arguments of psql.")
    var arguments: [String] = []

    func run() async throws {
        let choice = try global.databaseChoice()
        if case .privateServer(let cluster) = choice { try cluster.start() }
        // A password must not be seen in the list of processes: psql takes it from the environment.
        if let password = choice.target.password { setenv("PGPASSWORD", password, 1) }
        setenv("PGOPTIONS", "-c search_path=likeness,public", 0)
        var pointers = (["psql", "--dbname", choice.target.url] + arguments).map { strdup($0) } + [nil]
        execvp("psql", &pointers)
        throw CommandFault.notInstalled(program: "psql", package: "postgresql-client-15")
    }
}

extension GlobalOptions {
    /// The private server, when that is the database in use.
    func privateCluster() throws -> LocalCluster {
        guard case .privateServer(let cluster) = try databaseChoice() else {
            throw CommandFault.databaseIsGiven(url: try databaseChoice().target.url)
        }
        return cluster
    }
}
