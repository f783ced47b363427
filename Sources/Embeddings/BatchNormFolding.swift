/// A convolution's weights and bias with its batch norm folded in: the same function with one step less.
///
/// Batch norm in inference is γ(x − mean)/√(var + ε) + β: the weights of each output channel times γ/√(var + ε), and a
/// bias of β − mean · γ/√(var + ε).
struct FoldedConvolution {
    let layer: ConvolutionLayer
    /// Factor of each output channel's weights.
    private let scale: [Float]
    /// Bias of each output channel.
    let bias: [Float]

    /// Reads the batch norm; the weights come later, by ``writeWeights(of:into:)``.
    init(_ layer: ConvolutionLayer, of weights: Safetensors) throws(EmbeddingError) {
        let name = layer.normalization
        let gamma = try weights.values(name + ".weight")
        let beta = try weights.values(name + ".bias")
        let mean = try weights.values(name + ".running_mean")
        let variance = try weights.values(name + ".running_var")
        let scale = zip(gamma, variance).map { $0 / ($1 + ResNet50Architecture.epsilon).squareRoot() }
        let bias = zip(beta, zip(mean, scale)).map { $0 - $1.0 * $1.1 }
        guard scale.allSatisfy(\.isFinite) else {
            throw .weightsNotFinite(weights.path, name: name + ".running_var")
        }
        guard bias.allSatisfy(\.isFinite) else { throw .weightsNotFinite(weights.path, name: name + ".bias") }
        self.layer = layer
        self.scale = scale
        self.bias = bias
    }

    /// Writes the folded weights: output channels × input channels × kernel × kernel, row-major.
    ///
    /// - Precondition: `destination` has exactly that many values.
    func writeWeights(
        of weights: Safetensors, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(EmbeddingError) {
        let length = layer.weightsPerOutput
        precondition(destination.count == layer.outputChannels * length)
        for channel in 0..<layer.outputChannels {
            let elements = channel * length..<(channel + 1) * length
            let row = UnsafeMutableBufferPointer(rebasing: destination[elements])
            let name = layer.name + ".weight"
            guard weights.read(name, elements: elements, times: scale[channel], into: row) else {
                throw .weightsNotFinite(weights.path, name: name)
            }
        }
    }
}
