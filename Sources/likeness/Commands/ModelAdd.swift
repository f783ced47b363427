import ArgumentParser
import Catalog
import Embeddings
import SystemPackage
import VectorIndexes

struct ModelAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Registers a file of weights, or the built-in structure-2048.",
        discussion: "Every tensor's name and shape is checked first. The same file again changes nothing.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A safetensors file with torchvision's names, or structure-2048.")
    var file: PathArgument

    @Option(help: "What to call it; letters, digits, dots, _ and -. (LIKENESS_NAME)")
    var name: String?

    @Option(help: "fp32 or bf16; the fastest that this CPU has. (LIKENESS_PRECISION)")
    var precision: Precision?

    @Option(help: "How a picture becomes the network's input. (LIKENESS_PREPROCESSING)")
    var preprocessing: Preprocessing?

    func run() async throws {
        try await Self.register(
            file.filePath, name: name ?? EnvironmentTwin.text("LIKENESS_NAME"),
            precision: try precision ?? EnvironmentTwin.value("LIKENESS_PRECISION"),
            preprocessing: try preprocessing ?? EnvironmentTwin.value("LIKENESS_PREPROCESSING"), global: global)
    }

    static func register(
        _ file: FilePath, name: String?, precision: Precision?, preprocessing: Preprocessing? = nil,
        global: GlobalOptions
    ) async throws {
        // The name becomes that of a folder of index files.
        if let name { try StoreIdentity(model: name, modelIdentity: "", dimension: 1).validated() }
        let chooser = ModelChooser(database: try await global.openDatabase(), global: global)
        let model: StoredModel
        if file.string == StructureDescriptor.architecture {
            model = try await chooser.add(StructureDescriptor().model, name: name)
        } else {
            model = try await chooser.register(
                file, name: name, precision: precision ?? .fastestSupported, preprocessing: preprocessing ?? .squash224)
        }
        try ModelTable(rows: [ModelTable.Row(model, embeddings: nil)], global: global).write()
    }
}

extension Precision: ExpressibleByArgument {}
extension Preprocessing: ExpressibleByArgument {}
