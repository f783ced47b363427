/// The network for one batch size: its primitives bound to weights and buffers, ready to run again and again.
final class Network {
    let batch: Int
    private let engine: OneDNNEngine
    private let steps: [Step]
    private let input: Tensor
    private let output: Tensor

    /// Binds a plan's primitives to weights and to buffers of its own.
    init(_ plan: NetworkPlan, batch: Int, weights: NetworkWeights, on engine: OneDNNEngine) throws(EmbeddingError) {
        self.batch = batch
        self.engine = engine
        let side = Preprocessing.side
        let inputLayout = try TensorLayout.rowMajor([batch, 3, side, side], .float32)
        input = try Tensor(inputLayout, in: TensorStorage(byteCount: inputLayout.byteCount), on: engine)
        let outputLayout = try TensorLayout.rowMajor([batch, ResNet50Architecture.dimension, 1, 1], .float32)
        output = try Tensor(outputLayout, in: TensorStorage(byteCount: outputLayout.byteCount), on: engine)

        var buffers: [Int: TensorStorage] = [:]
        for (number, size) in plan.bufferSizes { buffers[number] = try TensorStorage(byteCount: size) }
        let scratchpad = try TensorStorage(byteCount: plan.entries.map(\.primitive.scratchpad.byteCount).max() ?? 0)
        func tensor(_ place: NetworkPlan.Place, _ layout: TensorLayout) throws(EmbeddingError) -> Tensor {
            switch place {
            case .input: return input
            case .output: return output
            case .buffer(let number):
                guard let storage = buffers[number] else {
                    throw .oneDNN(status: "no buffer \(number)", operation: "the network's plan")
                }
                return try Tensor(layout, in: storage, on: engine)
            }
        }
        var steps: [Step] = []
        for entry in plan.entries {
            var bindings: [(role: TensorRole, tensor: Tensor)] = [
                (.source, try tensor(entry.source, entry.primitive.source)),
                (.destination, try tensor(entry.destination, entry.primitive.destination)),
                (.scratchpad, try Tensor(entry.primitive.scratchpad, in: scratchpad, on: engine)),
            ]
            if let layer = entry.layer {
                bindings.append((.weights, try weights.weights(of: layer, in: entry.primitive.weights)))
                bindings.append((.bias, try weights.bias(of: layer)))
            }
            steps.append(Step(entry.name, entry.primitive, bindings))
        }
        self.steps = steps
    }

    /// Runs the network over `batch` inputs and writes `batch × dimension` features, not normalized.
    ///
    /// - Precondition: `rows` has at least `batch × inputLength` values, `features` exactly `batch × dimension`.
    func run(
        _ rows: UnsafeMutableBufferPointer<Float>, into features: UnsafeMutableBufferPointer<Float>
    ) throws(EmbeddingError) {
        precondition(rows.count >= batch * Preprocessing.inputLength)
        precondition(features.count == batch * ResNet50Architecture.dimension)
        guard let source = rows.baseAddress, let destination = features.baseAddress else { return }
        try input.point(to: UnsafeMutableRawPointer(source))
        try output.point(to: UnsafeMutableRawPointer(destination))
        defer { returnToOwnMemory() }
        for step in steps { try engine.run(step) }
    }

    /// Runs every step `repetitions` times by itself; the shortest and the median time of each, in order.
    ///
    /// Works on what the buffers hold: the time of dense arithmetic does not depend on the values.
    func timeSteps(repetitions: Int) throws(EmbeddingError) -> [EmbeddingCost.Step] {
        let clock = ContinuousClock()
        var result: [EmbeddingCost.Step] = []
        for step in steps {
            var times: [Duration] = []
            for _ in 0..<repetitions {
                let start = clock.now
                try engine.run(step)
                times.append(clock.now - start)
            }
            times.sort()
            result.append(
                EmbeddingCost.Step(
                    name: step.name, implementation: step.primitive.implementation, median: times[times.count / 2]))
        }
        return result
    }

    /// The caller's memory may be gone by the next run of a single step.
    private func returnToOwnMemory() {
        for tensor in [input, output] { try? tensor.point(to: tensor.storage.base) }
    }
}
