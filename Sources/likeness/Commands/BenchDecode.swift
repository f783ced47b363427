import ArgumentParser
import Faults
import SystemPackage
import Benchmarking
import Embeddings
import Imaging
import Subprocess

struct BenchDecode: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Measures decoding at the reduced scale against the full scale, and what it does to the embedding.",
        discussion: """
            Times are those of one thread, from the bytes of the file to the network's input. Where djpeg is installed
            (libjpeg-turbo-progs) it is run in turn, at the same scale, and the ratio to it is told.
            """)

    @OptionGroup var global: GlobalOptions

    @Option(name: .customLong("model"), help: "A safetensors file of ResNet-50. (LIKENESS_MODEL)")
    var weights: PathArgument?

    @Argument(help: "JPEG files.")
    var images: [PathArgument]

    @Option(help: "Timed runs of each; medians are reported.")
    var repetitions = 21

    private struct Entry: Encodable {
        let file: String
        let width: Int
        let height: Int
        let scale: String
        let reducedMilliseconds: Double
        let fullMilliseconds: Double
        let djpegMilliseconds: Double?
        let cosine: Double

        enum CodingKeys: String, CodingKey {
            case file, width, height, scale, reducedMilliseconds = "reduced_ms", fullMilliseconds = "full_ms"
            case djpegMilliseconds = "djpeg_ms", cosine
        }
    }

    func validate() throws {
        guard repetitions > 0 else { throw ValidationError("--repetitions must be 1 or more, not \(repetitions)") }
    }

    func run() async throws {
        guard let weights = weights ?? EnvironmentTwin.text("LIKENESS_MODEL").map(PathArgument.init(argument:)) else {
            throw CommandFault.noModel
        }
        let network = try await ResNet50(weights: weights.filePath)
        var entries: [Entry] = []
        for image in images {
            let bytes = try FileContent.read(image.bytes).bytes
            let result = try await DecodeBenchmark.run(bytes, embedder: network, repetitions: repetitions) {
                try await djpeg(image.filePath, scaleDenominator: $0)
            }
            entries.append(
                Entry(
                    file: image.filePath.string, width: result.width, height: result.height,
                    scale: "1/\(result.scaleDenominator)", reducedMilliseconds: result.reduced / .milliseconds(1),
                    fullMilliseconds: result.full / .milliseconds(1),
                    djpegMilliseconds: result.reference.map { $0 / .milliseconds(1) }, cosine: result.cosine))
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(entries))
        case .csv: StandardOutput.write(CSV.text(header: header, rows: entries.map(cells)))
        case .table:
            var table = TextTable([.left("file")] + header.dropFirst().map { .right($0) })
            for entry in entries { table.append(cells(entry)) }
            StandardOutput.write(table.text)
        }
    }

    /// How long libjpeg-turbo's own program takes for the file; nil when it is not installed.
    private func djpeg(_ file: FilePath, scaleDenominator: Int) async throws -> Duration? {
        let start = ContinuousClock.now
        let result = try? await Subprocess.run(
            .name("djpeg"), arguments: ["-scale", "1/\(scaleDenominator)", "-outfile", "/dev/null", file.string],
            output: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return ContinuousClock.now - start
    }

    private let header = ["file", "size", "scale", "reduced ms", "djpeg ms", "ratio", "full ms", "cosine"]

    private func cells(_ entry: Entry) -> [String] {
        [
            entry.file, "\(entry.width)×\(entry.height)", entry.scale, fixed(entry.reducedMilliseconds, 1),
            entry.djpegMilliseconds.map { fixed($0, 1) } ?? "",
            entry.djpegMilliseconds.map { fixed(entry.reducedMilliseconds / $0, 2) } ?? "",
            fixed(entry.fullMilliseconds, 1), fixed(entry.cosine, 5),
        ]
    }

    private enum CodingKeys: String, CodingKey {
        case global, weights, images, repetitions
    }
}
