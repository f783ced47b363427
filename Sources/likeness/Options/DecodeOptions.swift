import ArgumentParser
import Embeddings
import Ingestion

/// How the processes work that decode pictures.
struct DecodeOptions: ParsableArguments {
    @Option(
        name: .customLong("decode-workers"),
        help: "Processes that decode; as many as cores unless given. (LIKENESS_DECODE_WORKERS)")
    var workers: Int?

    @Option(
        name: .customLong("decode-timeout"),
        help: "Time after which a picture is given up: 30s unless given. (LIKENESS_DECODE_TIMEOUT)")
    var timeout: DurationArgument?

    func validate() throws {
        if let workers, workers < 1 { throw ValidationError("--decode-workers must be 1 or more, not \(workers)") }
    }

    /// Workers that prepare pictures for an embedder.
    func pool(for embedder: any Embedder) throws -> DecodePool {
        let workers: Int? = try workers ?? EnvironmentTwin.value("LIKENESS_DECODE_WORKERS")
        let timeout: DurationArgument? = try timeout ?? EnvironmentTwin.value("LIKENESS_DECODE_TIMEOUT")
        return DecodePool(
            preparation: embedder.preparation, workers: workers, timeLimit: timeout?.duration ?? .seconds(30))
    }
}
