import Glibc
import Subprocess
import SystemPackage

/// The built `likeness`, run as people run it, with a home of its own.
public struct LikenessBinary: Sendable {
    /// What became of a run.
    public struct Run: Sendable {
        /// The exit status, or minus the number of the signal that ended it.
        public let status: Int32
        /// Standard output.
        public let output: String
        /// Standard error.
        public let errors: String
    }

    /// The home folder: private database, indexes, models.
    public let home: FilePath
    private let environment: [Environment.Key: String]

    /// - Parameter environment: further variables. Those that would lead to another database or home are left out.
    public init(home: FilePath, environment: [String: String] = [:]) {
        self.home = home
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(rawValue: name) ?? "_"] = value }
        for name in ["PATH", "HOME", "LANG"] {
            if let value = getenv(name), let key = Environment.Key(rawValue: name) {
                variables[key] = String(cString: value)
            }
        }
        variables["LIKENESS_HOME"] = home.string
        self.environment = variables
    }

    /// Where the binary is: beside the tests.
    public static var path: FilePath {
        // The bundle of tests is what runs, or is its first argument that names a file.
        let program = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return FilePath(program).removingLastComponent().appending("likeness")
    }

    /// Runs a command to its end.
    public func callAsFunction(_ arguments: String...) async throws -> Run { try await run(arguments) }

    /// Runs a command to its end.
    public func run(_ arguments: [String]) async throws -> Run {
        try await run(.path(Self.path), Arguments(arguments), environment)
    }

    /// Runs a command whose arguments are bytes, as file names are.
    public func run(bytes arguments: [[UInt8]]) async throws -> Run {
        // swift-subprocess hands bytes on as they are: the NUL at the end is the caller's to add.
        try await run(.path(Self.path), Arguments(arguments.map { $0 + [0] }), environment)
    }

    /// Runs a script of the shell with the binary first on the path.
    public func shell(_ script: String, variables: [String: String] = [:]) async throws -> Run {
        var environment = environment
        for (name, value) in variables { environment[Environment.Key(rawValue: name) ?? "_"] = value }
        environment["PATH"] = Self.path.removingLastComponent().string + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
        return try await run(.name("bash"), ["-euo", "pipefail", "-c", script], environment)
    }

    private func run(
        _ program: Executable, _ arguments: Arguments, _ environment: [Environment.Key: String]
    ) async throws -> Run {
        let result = try await Subprocess.run(
            program, arguments: arguments, environment: .custom(environment), output: .string(limit: 64 << 20),
            error: .string(limit: 1 << 20))
        return Run(
            status: Self.status(result.terminationStatus), output: result.standardOutput, errors: result.standardError)
    }

    private static func status(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): -signal
        }
    }
}
