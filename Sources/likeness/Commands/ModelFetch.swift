import ArgumentParser
import Embeddings
import Faults
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

struct ModelFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Downloads torchvision's ImageNet weights of ResNet-50 and registers them.",
        discussion: """
            The first download pins the file's SHA-256 in the home folder; a later one that differs is refused.
            """)

    @OptionGroup var global: GlobalOptions

    @Option(help: "Where the weights are: a safetensors file with torchvision's names. (LIKENESS_URL)")
    var url: String?

    @Flag(help: "Take a file that differs from the one that was fetched before.")
    var acceptChanged = false

    /// The weights that torchvision publishes as ResNet50_Weights.IMAGENET1K_V1, in safetensors form.
    static let defaultURL = "https://huggingface.co/timm/resnet50.tv_in1k/resolve/main/model.safetensors"

    func run() async throws {
        let url = url ?? EnvironmentTwin.text("LIKENESS_URL") ?? Self.defaultURL
        let folder = global.homeFolder.appending("models")
        try CannotWrite.creatingFolder(folder)
        let partial = folder.appending("download-\(getpid()).partial")
        defer { _ = partial.withPlatformString { unlink($0) } }
        try await download(url, to: partial)
        let digest = try WeightsFile.sha256(partial)
        let sha256 = WeightsRegistry.hexadecimal(digest)
        let pins = try checkedPins(sha256, of: withoutSecrets(url), in: folder)
        // A page of a captive portal is neither kept nor pinned.
        _ = try await ResNet50(weights: partial, sha256: digest)
        let weights = folder.appending("\(sha256).safetensors")
        try CannotWrite.moving(partial, to: weights)
        try await ModelAdd.register(weights, name: nil, precision: .fastestSupported, global: global)
        try CannotWrite.writing(try JSONEncoder().encode(pins), to: folder.appending("pins.json"))
    }

    /// curl follows redirects, uses the proxies and certificates of the system, and shows its own progress.
    private func download(_ url: String, to file: FilePath) async throws {
        let progress = global.isQuiet || !StandardError.isTerminal ? "--no-progress-meter" : "--progress-bar"
        let status: TerminationStatus
        do {
            status = try await Subprocess.run(
                .name("curl"),
                arguments: [
                    "--fail", "--location", "--retry", "3", "--connect-timeout", "10", progress, "--output",
                    file.string,
                    "--", url,
                ],
                output: .discarded,
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ).terminationStatus
        } catch {
            throw CommandFault.notInstalled(program: "curl", package: "curl")
        }
        guard status.isSuccess else {
            throw CommandFault.downloadFailed(url: url, reason: "curl could not get it; it says why above")
        }
    }

    /// The pins with that of this address, once it was found to agree with what there was.
    private func checkedPins(_ sha256: String, of url: String, in folder: FilePath) throws -> [String: String] {
        let file = folder.appending("pins.json")
        let data = FileManager.default.contents(atPath: file.string)
        var pins = data.flatMap { try? JSONDecoder().decode([String: String].self, from: $0) } ?? [:]
        if let pinned = pins[url], pinned != sha256, !acceptChanged {
            throw CommandFault.pinChanged(url: url, pinned: pinned, got: sha256)
        }
        pins[url] = sha256
        return pins
    }
}
