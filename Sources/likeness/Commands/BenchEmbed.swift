import ArgumentParser
import Benchmarking
import Embeddings
import Faults

struct BenchEmbed: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract:
            "Measures the network: time per picture, beside the sum of oneDNN's own primitives; and its accuracy.",
        discussion: "With --golden it compares with a folder of expected embeddings, such as ../shared/golden.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A safetensors file of ResNet-50.")
    var weights: PathArgument

    @Option(help: "fp32 or bf16; all that this CPU has. May be repeated.")
    var precision: [Precision] = []

    @Option(help: "Timed runs; medians are reported.")
    var repetitions = 15

    @Option(help: "A folder of expected embeddings.")
    var golden: PathArgument?

    private struct Entry: Encodable {
        let precision: String
        let batch: Int
        let threads: Int
        let networkMilliseconds: Double
        let primitivesMilliseconds: Double
        let ratio: Double
        var goldenFiles: Int?
        var lowestCosine: Double?
        var lowestCosineFile: String?
        var largestInputDifference: Double?

        enum CodingKeys: String, CodingKey {
            case precision, batch, threads, networkMilliseconds = "network_ms_per_picture"
            case primitivesMilliseconds = "primitives_ms_per_picture", ratio, goldenFiles = "golden_files"
            case lowestCosine = "lowest_cosine", lowestCosineFile = "lowest_cosine_file"
            case largestInputDifference = "largest_input_difference"
        }
    }

    func validate() throws {
        guard repetitions > 0 else { throw ValidationError("--repetitions must be 1 or more, not \(repetitions)") }
    }

    func run() async throws {
        let precisions = precision.isEmpty ? Precision.allCases.filter(\.isSupported) : precision
        var entries: [Entry] = []
        for precision in precisions {
            let network = try await ResNet50(weights: weights.filePath, precision: precision)
            let comparison = try await compare(network)
            for batch in [1, network.preferredBatch] {
                let cost = try await network.measureCost(batch: batch, repetitions: repetitions)
                entries.append(
                    Entry(
                        precision: precision.rawValue, batch: batch, threads: cost.threads,
                        networkMilliseconds: cost.millisecondsPerPicture,
                        primitivesMilliseconds: cost.primitives / .milliseconds(1) / Double(batch), ratio: cost.ratio,
                        goldenFiles: comparison?.files, lowestCosine: comparison?.lowestCosine,
                        lowestCosineFile: comparison?.lowestCosineFile,
                        largestInputDifference: comparison?.largestInputDifference))
            }
        }
        try write(entries)
    }

    private func compare(_ network: ResNet50) async throws -> GoldenComparison? {
        guard let golden else { return nil }
        return try await GoldenComparison.run(network, folder: golden.filePath)
    }

    private func write(_ entries: [Entry]) throws {
        var header = ["precision", "batch", "threads", "ms a picture", "primitives", "ratio"]
        if golden != nil { header += ["lowest cosine", "largest difference"] }
        let rows = entries.map { entry in
            [
                entry.precision, "\(entry.batch)", "\(entry.threads)", fixed(entry.networkMilliseconds, 2),
                fixed(entry.primitivesMilliseconds, 2), fixed(entry.ratio, 3),
            ] + (entry.lowestCosine.map { [fixed($0, 7), fixed(entry.largestInputDifference ?? 0, 6)] } ?? [])
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv: StandardOutput.write(CSV.text(header: header, rows: rows))
        case .table:
            var table = TextTable(header.map { .right($0) })
            for row in rows { table.append(row) }
            StandardOutput.write(table.text)
        }
    }
}
