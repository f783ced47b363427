/// One convolution of ResNet-50 with the batch norm that follows it.
struct ConvolutionLayer: Sendable {
    /// torchvision's name of the convolution: `layer1.0.conv2`.
    let name: String
    /// torchvision's name of its batch norm: `layer1.0.bn2`.
    let normalization: String
    let inputChannels: Int
    let outputChannels: Int
    /// Side of the square kernel.
    let kernel: Int
    let stride: Int
    let padding: Int
    /// What follows the batch norm.
    let ending: Ending

    enum Ending: Sendable {
        case nothing
        case relu
        /// The block's shortcut is added, then ReLU.
        case residualSumThenRelu
    }

    /// Output channels, input channels, kernel rows, kernel columns.
    var shape: [Int] { [outputChannels, inputChannels, kernel, kernel] }
    /// Weights that belong to one output channel.
    var weightsPerOutput: Int { inputChannels * kernel * kernel }
}

/// A bottleneck: 1×1, 3×3 and 1×1 convolutions beside a shortcut, which is the block's input unless its shape changes.
struct Bottleneck: Sendable {
    let reduce: ConvolutionLayer
    let spatial: ConvolutionLayer
    let expand: ConvolutionLayer
    /// The convolution on the shortcut; nil where the shortcut is the block's input.
    let shortcut: ConvolutionLayer?
}

/// ResNet-50 as torchvision has it (v1.5: the stride is in the 3×3 convolutions), without the fully connected layer.
///
/// Source: He et al., Deep Residual Learning for Image Recognition, table 1; torchvision/models/resnet.py.
enum ResNet50Architecture {
    /// Values in an embedding: the channels of the last block.
    static let dimension = 2048
    /// What torchvision adds to a variance before the square root.
    static let epsilon: Float = 1e-5

    static let stem = ConvolutionLayer(
        name: "conv1", normalization: "bn1", inputChannels: 3, outputChannels: 64, kernel: 7, stride: 2, padding: 3,
        ending: .relu)

    static let blocks: [Bottleneck] = {
        var blocks: [Bottleneck] = []
        var channels = 64
        for (stage, (width, count)) in [(64, 3), (128, 4), (256, 6), (512, 3)].enumerated() {
            for index in 0..<count {
                blocks.append(
                    bottleneck(
                        "layer\(stage + 1).\(index)", inputChannels: channels, width: width,
                        stride: stage > 0 && index == 0 ? 2 : 1))
                channels = 4 * width
            }
        }
        return blocks
    }()

    /// Every convolution, in the order of execution.
    static let convolutions: [ConvolutionLayer] =
        [stem] + blocks.flatMap { [$0.shortcut, $0.reduce, $0.spatial, $0.expand].compactMap(\.self) }

    /// Every tensor that the network needs, in the order in which a missing one is looked for.
    static let tensors: [(name: String, shape: [Int])] = convolutions.flatMap { layer in
        [(name: layer.name + ".weight", shape: layer.shape)]
            + ["weight", "bias", "running_mean", "running_var"].map {
                (name: layer.normalization + "." + $0, shape: [layer.outputChannels])
            }
    }

    private static func bottleneck(_ name: String, inputChannels: Int, width: Int, stride: Int) -> Bottleneck {
        func layer(
            _ index: Int, from input: Int, to output: Int, kernel: Int, stride: Int, ending: ConvolutionLayer.Ending
        ) -> ConvolutionLayer {
            ConvolutionLayer(
                name: "\(name).conv\(index)", normalization: "\(name).bn\(index)", inputChannels: input,
                outputChannels: output, kernel: kernel, stride: stride, padding: kernel / 2, ending: ending)
        }
        let output = 4 * width
        let changesShape = inputChannels != output || stride != 1
        return Bottleneck(
            reduce: layer(1, from: inputChannels, to: width, kernel: 1, stride: 1, ending: .relu),
            spatial: layer(2, from: width, to: width, kernel: 3, stride: stride, ending: .relu),
            expand: layer(3, from: width, to: output, kernel: 1, stride: 1, ending: .residualSumThenRelu),
            shortcut: changesShape
                ? ConvolutionLayer(
                    name: "\(name).downsample.0", normalization: "\(name).downsample.1", inputChannels: inputChannels,
                    outputChannels: output, kernel: 1, stride: stride, padding: 0, ending: .nothing)
                : nil)
    }
}
