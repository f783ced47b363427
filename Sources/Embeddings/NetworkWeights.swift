import Synchronization

/// The network's weights in the layouts that its primitives read, and where they came from.
///
/// Reordered once at load. Where the convolution of another batch size or number of threads wants another layout than the
/// first one did, a second copy is made from the first; equal layouts share. Networks on several threads may read the same
/// weights.
final class NetworkWeights: Sendable {
    private let ordered: Mutex<Ordered>

    private struct Ordered {
        /// By the convolution's name: one tensor for each layout in use.
        var weights: [String: [ReadOnlyTensor]] = [:]
        var biases: [String: ReadOnlyTensor] = [:]
    }

    /// Folds, converts and reorders the weights of every convolution.
    ///
    /// - Parameters:
    ///   - file: checked against ``ResNet50Architecture/tensors``.
    ///   - primitives: a primitive of each convolution, by name; its weights' layout is the first layout.
    init(
        _ file: Safetensors, for primitives: [String: Primitive], on engine: OneDNNEngine
    ) throws(EmbeddingError) {
        var known = Ordered()
        let layers = ResNet50Architecture.convolutions
        let largest = layers.map { $0.outputChannels * $0.weightsPerOutput }.max() ?? 0
        let unordered = try TensorStorage(byteCount: largest * MemoryLayout<Float>.stride)
        let ordered = try TensorStorage(
            byteCount: layers.reduce(0) { $0 + aligned(primitives[$1.name]?.weights.byteCount ?? 0) })
        let biasStorage = try TensorStorage(byteCount: layers.reduce(0) { $0 + aligned(4 * $1.outputChannels) })
        var (weightOffset, biasOffset) = (0, 0)
        for layer in layers {
            guard let layout = primitives[layer.name]?.weights else { continue }
            let folded = try FoldedConvolution(layer, of: file)
            let count = layer.outputChannels * layer.weightsPerOutput
            try folded.writeWeights(of: file, into: UnsafeMutableBufferPointer(rebasing: unordered.floats[..<count]))
            let plain = try Tensor(.rowMajor(layer.shape, .float32), in: unordered, on: engine)
            let tensor = try Tensor(layout, in: ordered, at: weightOffset, on: engine)
            try Self.reorder(plain, to: tensor, named: layer.name, on: engine)
            known.weights[layer.name] = [ReadOnlyTensor(tensor: tensor)]
            weightOffset += aligned(layout.byteCount)

            let bias = try Tensor(
                .rowMajor([layer.outputChannels], .float32), in: biasStorage, at: biasOffset, on: engine)
            UnsafeMutableRawBufferPointer(start: biasStorage.base + biasOffset, count: bias.layout.byteCount)
                .copyBytes(from: folded.bias.withUnsafeBytes { Array($0) })
            known.biases[layer.name] = ReadOnlyTensor(tensor: bias)
            biasOffset += aligned(bias.layout.byteCount)
        }
        self.ordered = Mutex(known)
    }

    /// The weights of a convolution in a layout; made on the engine where they are not there yet.
    func weights(
        of layer: ConvolutionLayer, in layout: TensorLayout, on engine: OneDNNEngine
    ) throws(EmbeddingError) -> Tensor {
        try ordered.withLock { ordered throws(EmbeddingError) in
            let known = ordered.weights[layer.name] ?? []
            if let known = known.first(where: { $0.tensor.layout == layout }) { return known }
            guard let first = known.first else { throw .oneDNN(status: "no weights", operation: layer.name) }
            let tensor = try Tensor(layout, in: TensorStorage(byteCount: layout.byteCount), on: engine)
            try Self.reorder(first.tensor, to: tensor, named: layer.name, on: engine)
            let made = ReadOnlyTensor(tensor: tensor)
            ordered.weights[layer.name] = known + [made]
            return made
        }.tensor
    }

    /// The bias of a convolution, float32.
    func bias(of layer: ConvolutionLayer) throws(EmbeddingError) -> Tensor {
        let bias = ordered.withLock { $0.biases[layer.name] }
        guard let bias else { throw .oneDNN(status: "no bias", operation: layer.name) }
        return bias.tensor
    }

    private static func reorder(
        _ source: Tensor, to destination: Tensor, named name: String, on engine: OneDNNEngine
    ) throws(EmbeddingError) {
        let primitive = try Primitive.reorder(from: source.layout, to: destination.layout, on: engine)
        let scratchpad = try Tensor(
            primitive.scratchpad, in: TensorStorage(byteCount: primitive.scratchpad.byteCount), on: engine)
        try engine.run(
            Step(
                "the reorder of \(name)", primitive,
                [(.source, source), (.destination, destination), (.scratchpad, scratchpad)]))
    }
}

/// A tensor that nobody writes to or points elsewhere any more: oneDNN reads it from any thread.
private struct ReadOnlyTensor: Sendable {
    nonisolated(unsafe) let tensor: Tensor
}

/// A size rounded up to whole cache lines.
private func aligned(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
