import ArgumentParser
import Faults
import Glibc

@main
struct Likeness: AsyncParsableCommand {
    static let version = "0.1.0"
    static let configuration = CommandConfiguration(
        commandName: "likeness",
        abstract: "An image catalog that finds pictures by likeness.",
        discussion: """
            PostgreSQL holds the truth: pictures, their lineage, their embeddings. Indexes on disk answer and can be
            thrown away. Flags that outlive a command have a twin in the environment, which their help names: --home is
            LIKENESS_HOME.

            Exit status: 0 done; 1 failed; 2 done, but some inputs failed; 64 usage; 69 database unreachable;
            73 cannot write; 75 try again (a lock is held).
            """,
        version: version,
        subcommands: [
            Ingest.self, Watch.self, Roots.self, Explain.self, Query.self, Augment.self, Evaluate.self, Lineage.self,
            Calibrate.self,
            Sync.self, Index.self, Report.self, Duplicates.self, Model.self, Migrate.self, Status.self, Verify.self,
            Doctor.self, DB.self, Bench.self, DecodeWorkerCommand.self,
        ])

    /// Parses and runs, and turns whatever is thrown into words on standard error and an exit status.
    static func main() async {
        do {
            var command = try parseAsRoot(ArgumentBytes.commandLine)
            if command is any ComputesForLong { ThreadWaiting.letSleep() }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as any Fault {
            StandardError.write("\(fault)\n")
            end(fault.exitStatus)
        } catch is SomeInputsFailed {
            end(.someInputsFailed)
        } catch {
            let code = exitCode(for: error)
            let message = message(for: error)
            // Help and version go to standard output, and a command that has said everything has no message.
            if code.isSuccess || message.isEmpty { exit(withError: error) }
            StandardError.write("error: \(message)\n\(usage(for: error))")
            Glibc.exit(code.rawValue)
        }
    }

    /// The usage that ArgumentParser shows below its message, as a hint.
    private static func usage(for error: any Error) -> String {
        let lines = fullMessage(for: error).split(separator: "\n")
        guard let usage = lines.first(where: { $0.hasPrefix("Usage: ") }) else { return "" }
        return "hint: \(usage.dropFirst("Usage: ".count)); more: likeness help\n"
    }

    private static func end(_ status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }
}
