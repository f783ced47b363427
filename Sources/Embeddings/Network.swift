/// The network for one batch size: its primitives bound to weights and buffers, ready to run again and again.
final class Network {
    let batch: Int
    private let engine: OneDNNEngine
    private let steps: [Step]
    private let input: Tensor
    private let output: Tensor

    /// Binds a plan's primitives to weights and to buffers of its own.
    init(_ plan: NetworkPlan, weights: NetworkWeights, on engine: OneDNNEngine) throws(EmbeddingError) {
        batch = plan.batch
        self.engine = engine
        let buffers = try NetworkBuffers(plan, on: engine)
        var steps: [Step] = []
        for entry in plan.entries {
            var bindings: [(role: TensorRole, tensor: Tensor)] = [
                (.source, try buffers.tensor(entry.source, entry.primitive.source)),
                (.destination, try buffers.tensor(entry.destination, entry.primitive.destination)),
                (.scratchpad, try buffers.scratchpad(entry.primitive.scratchpad)),
            ]
            if let layer = entry.layer {
                bindings.append((.weights, try weights.weights(of: layer, in: entry.primitive.weights, on: engine)))
                bindings.append((.bias, try weights.bias(of: layer)))
            }
            steps.append(Step(entry.name, entry.primitive, bindings))
        }
        self.steps = steps
        input = buffers.input
        output = buffers.output
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

    /// The time of each step: in order `repetitions` times over, as ``run(_:into:)`` has them, and each again and again by
    /// itself; medians.
    ///
    /// Works on what the buffers hold: the time of dense arithmetic does not depend on the values.
    func timeSteps(repetitions: Int) throws(EmbeddingError) -> [EmbeddingCost.Step] {
        var inSequence = [[Duration]](repeating: [], count: steps.count)
        for _ in 0..<repetitions {
            for (index, step) in steps.enumerated() { inSequence[index].append(try time(step)) }
        }
        var result: [EmbeddingCost.Step] = []
        for (step, times) in zip(steps, inSequence) {
            var alone: [Duration] = []
            for _ in 0..<repetitions { alone.append(try time(step)) }
            result.append(
                EmbeddingCost.Step(
                    name: step.name, implementation: step.primitive.implementation, inSequence: median(times),
                    alone: median(alone)))
        }
        return result
    }

    private func time(_ step: Step) throws(EmbeddingError) -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        try engine.run(step)
        return clock.now - start
    }

    /// The caller's memory may be gone by the next run of a single step.
    private func returnToOwnMemory() {
        for tensor in [input, output] { try? tensor.point(to: tensor.storage.base) }
    }
}
