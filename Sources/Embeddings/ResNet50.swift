import SystemPackage

/// ResNet-50 without its last layer on oneDNN: pictures in, L2-normalized embeddings of 2048 values out.
///
/// It runs on threads of its own, which start OpenMP's other threads. Pictures that come alone are computed by all of them, one
/// after the other; of full batches two at a time, each by half of the threads. Copies share one network. Takes about 60 MB
/// (bfloat16) or 110 MB (float32) for the weights, 10 MB or 20 MB for a single picture, and 16 times that for full batches.
public struct ResNet50: Embedder {
    /// `resnet50`.
    public static let architecture = "resnet50"

    /// Named by the weights' SHA-256, the preprocessing and the precision.
    public let model: EmbeddingModel
    /// 8. Other sizes run as eights and ones: oneDNN adds in the same order for both, so a picture's embedding has the same
    /// bits in every batch.
    public let preferredBatch = NetworkRunner.fullBatch
    /// Threads that compute.
    public let threads: Int
    private let preprocessing: Preprocessing
    private let runner: NetworkRunner
    /// nil when there is one thread.
    private let sharedCores: SharedCores?

    /// Loads a network from a safetensors file with torchvision's names, float32 or float16 tensors.
    ///
    /// Names, shapes and types are all checked before any weight is read. The network for single pictures is ready on
    /// return; the one for full batches generates its code when the first full batch comes.
    ///
    /// - Parameters:
    ///   - weights: the file; `fc.*` and `num_batches_tracked` in it are ignored.
    ///   - sha256: the file's SHA-256 when the caller knows it for sure; else the file is hashed while it is loaded.
    ///   - precision: of weights and activations; the CPU must support it.
    ///   - preprocessing: how pictures become inputs; part of the model's identity, not of the file.
    ///   - threads: how many compute, at least 1; all online cores unless given.
    public init(
        weights: FilePath, sha256: [UInt8]? = nil, precision: Precision = .fastestSupported,
        preprocessing: Preprocessing = .squash224, threads: Int? = nil
    ) async throws(EmbeddingError) {
        guard precision.isSupported else {
            throw .precisionUnsupported(precision, instructionSet: OneDNN.instructionSet)
        }
        let hashing = Task.detached { () -> Result<[UInt8], EmbeddingError> in
            Result { () throws(EmbeddingError) in
                if let sha256 { return sha256 }
                return try WeightsFile.sha256(weights)
            }
        }
        self.preprocessing = preprocessing
        self.threads = max(1, threads ?? onlineCores())
        runner = NetworkRunner(threads: self.threads)
        let common = try await runner.load(weights, precision: precision)
        if self.threads > 1 {
            let second = NetworkRunner(threads: self.threads)
            try await second.join(common)
            sharedCores = SharedCores([runner, second], threads: self.threads)
        } else {
            sharedCores = nil
        }
        model = EmbeddingModel(
            architecture: Self.architecture, weightsSHA256: try await hashing.value.get(),
            dimension: ResNet50Architecture.dimension, preprocessing: preprocessing.rawValue, precision: precision)
    }

    /// Resizes and normalizes as the preprocessing says, to 3 × 224 × 224 values.
    public var preparation: PicturePreparation { .imageNet(preprocessing) }

    /// `count × 2048` values; waits for batches that were handed in before.
    public func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float] {
        if batch.count == preferredBatch, let sharedCores { return try await sharedCores.embed(batch) }
        return try await runner.embed(batch)
    }

    /// What the network costs at one batch size, and what oneDNN's primitives cost of that; for `bench embed`.
    ///
    /// Takes about `repetitions` × 40 ms × `batch`.
    ///
    /// - Parameters:
    ///   - batch: pictures at once; 1 or ``preferredBatch``, other sizes run as these do.
    ///   - repetitions: timed runs, at least 1; medians are reported.
    public func measureCost(batch: Int, repetitions: Int) async throws(EmbeddingError) -> EmbeddingCost {
        try await runner.measureCost(batch: batch, repetitions: repetitions)
    }
}
