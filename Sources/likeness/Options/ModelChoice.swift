import ArgumentParser
import Catalog
import Embeddings
import Faults
import Glibc
import Postgres
import SystemPackage

/// Which model a command works with.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: "A model of the catalog by its name, a safetensors file, or structure-2048. (LIKENESS_MODEL)")
    var model: String?

    /// What was typed, or what the environment says.
    var wanted: String? { model ?? EnvironmentTwin.text("LIKENESS_MODEL") }
}

/// A model of the catalog and where its weights lie, if that is known already.
struct ChosenModel {
    let stored: StoredModel
    /// The file that was named; nil: the registry has to know one.
    var weights: FilePath?
}

/// Finds models in the catalog and weights on this machine.
struct ModelChooser {
    let database: Database
    let registry: WeightsRegistry

    init(database: Database, global: GlobalOptions) {
        self.database = database
        registry = WeightsRegistry(home: global.homeFolder)
    }

    /// The model that is wanted, or the catalog's default; one that was named by a file or is built in is added.
    func choose(_ wanted: String?) async throws -> ChosenModel {
        guard let wanted else {
            guard let model = try await database.run({ try Catalog($0).defaultModel() }) else {
                throw CommandFault.noModel
            }
            return ChosenModel(stored: model)
        }
        let models = try await database.run { try Catalog($0).models() }.map(\.model)
        if let model = models.first(where: { $0.name == wanted }) { return ChosenModel(stored: model) }
        if wanted == StructureDescriptor.architecture {
            return ChosenModel(stored: try await add(StructureDescriptor().model, name: nil))
        }
        let file = PathArgument(argument: wanted).filePath
        guard file.withPlatformString({ access($0, F_OK) }) == 0 else {
            throw CommandFault.noSuchModel(printableName(ArgumentBytes.bytes(of: wanted)), known: models.map(\.name))
        }
        return try await choose(file: absolute(file), among: models)
    }

    /// The catalog's model of these weights in the fastest precision that this CPU has; added when there is none.
    private func choose(file: FilePath, among models: [StoredModel]) async throws -> ChosenModel {
        let sha256 = try registry.sha256(of: file)
        let ours = models.filter { $0.identity.weights?.rawValue == sha256 }
        let fastest = ours.first { $0.identity.precision == Precision.fastestSupported.rawValue }
        if let model = fastest ?? ours.first { return ChosenModel(stored: model, weights: file) }
        let model = try await register(file, name: nil, precision: .fastestSupported, preprocessing: .squash224)
        return ChosenModel(stored: model, weights: file)
    }

    /// Adds the model that a file of weights makes, after every tensor's name and shape was checked.
    func register(
        _ file: FilePath, name: String?, precision: Precision, preprocessing: Preprocessing
    ) async throws -> StoredModel {
        let file = absolute(file)
        let network = try await ResNet50(
            weights: file, sha256: try registry.sha256(of: file), precision: precision, preprocessing: preprocessing)
        return try await add(network.model, name: name)
    }

    /// Adds a model to the catalog; the same one again changes nothing.
    func add(_ model: EmbeddingModel, name: String?) async throws -> StoredModel {
        let identity = ModelIdentity(
            architecture: model.architecture, weights: ContentDigest(rawValue: model.weightsSHA256),
            dimension: model.dimension, preprocessing: model.preprocessing, precision: model.precision.rawValue)
        let name = name ?? model.defaultName
        return try await database.run { try Catalog($0).addModel(name: name, identity: identity) }
    }

    /// What computes embeddings of a model.
    ///
    /// - Parameter mayDiffer: whether another precision will do where this CPU lacks the model's; the caller tells people.
    func embedder(of chosen: ChosenModel, mayDiffer: Bool = false) async throws -> any Embedder {
        let identity = chosen.stored.identity
        if identity.architecture == StructureDescriptor.architecture { return StructureDescriptor() }
        guard let digest = identity.weights,
            let weights = chosen.weights ?? registry.path(ofWeights: digest.rawValue)
        else {
            throw CommandFault.weightsNotHere(
                model: chosen.stored.name, sha256: identity.weights?.description ?? "none")
        }
        let precision = Precision(rawValue: identity.precision) ?? .float32
        return try await ResNet50(
            weights: weights, sha256: digest.rawValue,
            precision: precision.isSupported || !mayDiffer ? precision : .float32,
            preprocessing: Preprocessing(rawValue: identity.preprocessing) ?? .squash224)
    }

    private func absolute(_ path: FilePath) -> FilePath {
        guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { return path }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }
}
