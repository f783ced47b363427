import ArgumentParser
import SystemPackage
import Catalog
import Embeddings
import Faults
import Glibc
import Imaging
import LocalCluster
import Postgres
import VectorIndexes

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what is installed, what this machine can do, and what to do about what is missing.",
        discussion: "Starts nothing and changes nothing. The exit status is 0 when all is well.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        var findings = [libraries, processor, home]
        findings.append(try programs)
        findings += await database()
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(findings))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["subject", "ok", "finding", "advice"],
                    rows: findings.map { [$0.subject, "\($0.ok)", $0.finding, $0.advice ?? ""] }))
        case .table:
            for finding in findings { StandardOutput.write(finding.text) }
        }
        if !findings.allSatisfy(\.ok) { throw ExitCode.failure }
    }

    private var libraries: Finding {
        let names = [
            PostgresLibrary.description, ImagingLibrary.description, EmbeddingLibrary.description,
            IndexLibrary.description,
        ]
        return Finding(subject: "libraries", finding: names.joined(separator: ", "))
    }

    private var processor: Finding {
        let precisions = Precision.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
        return Finding(
            subject: "processor",
            finding: "\(IndexLibrary.usableCores) cores, \(EmbeddingLibrary.instructionSet); precisions \(precisions)")
    }

    private var home: Finding {
        let folder = global.homeFolder
        guard folder.withPlatformString({ access($0, F_OK) }) == 0 else {
            return Finding(subject: "home", finding: "\(printableName(folder)), not made yet")
        }
        guard folder.withPlatformString({ access($0, W_OK) }) == 0 else {
            return Finding(
                subject: "home", finding: "\(printableName(folder)) cannot be written",
                advice: "Choose another: --home DIR, or LIKENESS_HOME")
        }
        return Finding(subject: "home", finding: printableName(folder))
    }

    private var programs: Finding {
        get throws {
            do {
                return Finding(
                    subject: "server",
                    finding: "PostgreSQL \(try LocalCluster.installedVersions().joined(separator: ", ")) is installed")
            } catch {
                if case .given = try global.databaseChoice() {
                    return Finding(subject: "server", finding: "none is installed here; the database in use is another")
                }
                return Finding(subject: "server", fault: error)
            }
        }
    }

    /// The database as it is: a private server that does not run is not started.
    private func database() async -> [Finding] {
        do {
            let choice = try global.databaseChoice()
            if case .privateServer(let cluster) = choice {
                switch cluster.status {
                case .running: break
                case .stopped:
                    return [
                        Finding(
                            subject: "database",
                            finding: "the private one is stopped; it starts when it is needed, or: likeness db start")
                    ]
                case .notInitialized:
                    return [
                        Finding(
                            subject: "database",
                            finding: "the private one is not made yet; it is when it is needed, or: likeness db start")
                    ]
                }
            }
            return try await Database(choice.target).run { connection in
                let version = "PostgreSQL \(connection.serverVersion / 10_000).\(connection.serverVersion % 10_000)"
                let place = Finding(subject: "database", finding: "\(version) at \(choice.target.url)")
                let status = try Migrator().status(connection)
                guard status.isCurrent else {
                    return [
                        place,
                        Finding(
                            subject: "schema",
                            finding: "at \(status.head ?? "nothing"), this likeness needs \(Migrator().head)",
                            advice: "Bring it up to date: likeness migrate"),
                    ]
                }
                return [place, Finding(subject: "schema", finding: "at \(status.head ?? "nothing")")]
                    + (try models(Catalog(connection)))
            }
        } catch {
            return [Finding(subject: "database", fault: error)]
        }
    }

    private func models(_ catalog: Catalog) throws -> [Finding] {
        let registry = WeightsRegistry(home: global.homeFolder)
        let uses = try catalog.models()
        if uses.isEmpty {
            return [Finding(subject: "model", finding: "none is registered", advice: CommandFault.noModel.hint)]
        }
        return uses.map { use in
            let identity = use.model.identity
            let about = "\(use.model.name), \(grouped(use.embeddings)) embeddings"
            if identity.architecture == StructureDescriptor.architecture {
                return Finding(subject: "model", finding: "\(about), built in")
            }
            guard let precision = Precision(rawValue: identity.precision), precision.isSupported else {
                return Finding(
                    subject: "model", finding: "\(about): this CPU has no \(identity.precision)",
                    advice: "Ask here and ingest elsewhere, or: likeness model add FILE --precision fp32")
            }
            guard let path = identity.weights.flatMap({ registry.path(ofWeights: $0.rawValue) }) else {
                return Finding(
                    subject: "model", finding: "\(about): its weights are not on this machine",
                    advice: "Name the file: likeness model add FILE.safetensors")
            }
            return Finding(subject: "model", finding: "\(about), weights \(printableName(path))")
        }
    }
}

/// One thing that the doctor looked at.
struct Finding: Encodable, Sendable {
    let subject: String
    let finding: String
    /// What to do; nil when all is well.
    let advice: String?
    let ok: Bool

    init(subject: String, finding: String, advice: String? = nil) {
        self.subject = subject
        self.finding = finding
        self.advice = advice
        ok = advice == nil
    }

    init(subject: String, fault error: any Error) {
        let fault = error as? any Fault
        self.subject = subject
        finding = fault?.message ?? "\(error)"
        advice = fault?.hint
        ok = false
    }

    var text: String {
        let pad = String(repeating: " ", count: max(0, 10 - subject.count))
        let line = "\(ok ? "✓" : "✗") \(subject)\(pad)\(finding)\n"
        return advice.map { line + "             \($0)\n" } ?? line
    }
}
